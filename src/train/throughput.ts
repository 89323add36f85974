/** What the host hears within this many milliseconds it hears at once: it says nothing of what was done meanwhile. */
const INSTANT = 5;

/** The least milliseconds between two hearings that tell of the upper bound: each may be late by a few. */
const BUSY = 40;

/** So many times slower than in the round before, an adapter is not only disturbed for a moment. */
const SLOW = 2;

/** The host hears of finished steps, at once or nearly so. */
interface Hearing {
  /** On the clock that stands still while the host submits. */
  readonly begun: number;
  /** Of the last that it heard so far. */
  time: number;
  /** All steps that it had heard of by then. */
  heard: number;
}

/** From a hearing, or from the first submit to an idle GPU, until all that was submitted by then is heard of. */
interface Round {
  readonly since: number;
  /** As {@link Hearing.begun}. */
  readonly begun: number;
  /** Whether it began with a hearing. */
  readonly isHeard: boolean;
  /** Steps heard of by `since`. */
  readonly heard: number;
  /** Steps that were done by then: also those heard of at once with these. */
  done: number;
  /** Steps to be heard of at its end. */
  readonly until: number;
  readonly isFull: boolean;
}

/** What a round says of an adapter's speed. */
export interface Measured {
  /** So many steps were done in it; where it is short, so many were heard of, which may have been done just before. */
  readonly steps: number;
  /** How long it was. */
  readonly milliseconds: number;
  /** Whether it was too short to tell, but for the time in which the host submitted and could not hear. */
  readonly isShort: boolean;
  /** Of that, how long the host may have waited to hear of what was done. */
  readonly delay: number;
  /** Whether as many steps were in flight as were allowed. */
  readonly isFull: boolean;
  /** Steps a millisecond, at most; infinite where the GPU may have been idle all the time. */
  readonly most: number;
}

/**
 * How fast an adapter is, by when the host hears of finished steps: late, perhaps, and of many at once.
 *
 * All steps that are heard of in a round were done in it, whatever the delay: that is the lower bound. The upper bound
 * needs a time in which the GPU was busy. It was so between two hearings if after the second one there was something left of
 * what had been submitted by the first. Of such times the fastest counts: disturbances only make them longer.
 */
export class Throughput {
  #submitted = 0;
  #heard = 0;
  /** The last hearing, and the one before it with the steps submitted in answer to it, unless the GPU was idle since. */
  #last: Hearing | undefined;
  #before: (Hearing & { readonly submitted: number }) | undefined;
  /** Time of the last hearing, or of the first submit to an idle GPU; the same as {@link Hearing.begun}. */
  #since = 0;
  #begun = 0;
  /** Milliseconds that the host spent with submitting: meanwhile it hears of nothing. */
  #deaf = 0;
  /** Milliseconds from a submit until the host heard of it, at best. */
  #soonest = Number.POSITIVE_INFINITY;
  #round: Round | undefined;
  /** Of the times in which the GPU was busy: the running round's fastest, and that of the round before. */
  #fastest = 0;
  #usual = 0;

  /** Steps submitted in all. */
  get submitted(): number {
    return this.#submitted;
  }

  /** Steps heard of in all. */
  get heard(): number {
    return this.#heard;
  }

  /** Steps submitted and not heard of. */
  get inFlight(): number {
    return this.#submitted - this.#heard;
  }

  /**
   * To be called where steps have been submitted.
   * @param since when the host began to
   */
  submit(count: number, since: number): void {
    if (this.inFlight === 0) {
      this.#since = since;
      this.#begun = since - this.#deaf;
      this.#last = undefined;
      this.#before = undefined;
    }
    this.#submitted += count;
    this.#deaf += performance.now() - since;
  }

  /**
   * Begins a round where there is none, with all that was submitted in answer to what was heard.
   * @param isFull whether no more was allowed
   */
  beginRound(isFull: boolean): void {
    if (this.#round || this.inFlight === 0) return;
    this.#round = {
      since: this.#since,
      begun: this.#begun,
      isHeard: this.#last !== undefined,
      heard: this.#heard,
      done: this.#heard,
      until: this.#submitted,
      isFull,
    };
  }

  /**
   * To be called where finished steps are heard of.
   * @param submitted when they were
   * @returns what is known where a round is at its end, or the adapter has become much slower
   */
  hear(count: number, submitted: number): Measured | undefined {
    const now = performance.now();
    this.#soonest = Math.min(this.#soonest, now - submitted);
    this.#heard += count;
    const busy = this.#hearAt(now);
    const round = this.#round;
    if (!round) return undefined;
    const quiet = now - this.#deaf - round.begun;
    // Heard at once with what the round began with: it was done before.
    if (round.isHeard && quiet < INSTANT) round.done = this.#heard;
    const isSlow = busy !== undefined && busy < this.#usual / SLOW;
    if (this.#heard < round.until && !isSlow) return undefined;
    this.#round = undefined;
    const milliseconds = now - round.since;
    const most = isSlow ? busy : this.#fastest > 0 ? this.#fastest : Number.POSITIVE_INFINITY;
    this.#fastest = 0;
    this.#usual = Number.isFinite(most) ? most : 0;
    const isShort = quiet < 2 * INSTANT;
    return {
      isFull: round.isFull,
      steps: this.#heard - (isShort ? round.heard : round.done),
      milliseconds,
      isShort,
      delay: Math.min(this.#soonest, milliseconds),
      most,
    };
  }

  /** @returns how fast the GPU was, if it was busy for longer than delays could explain, in steps a millisecond */
  #hearAt(now: number): number | undefined {
    this.#since = now;
    const [before, last] = [this.#before, this.#last];
    if (last && now - this.#deaf - last.begun < INSTANT) {
      last.time = now;
      last.heard = this.#heard;
      return undefined;
    }
    this.#begun = now - this.#deaf;
    this.#last = { begun: this.#begun, time: now, heard: this.#heard };
    if (!last) return undefined;
    const milliseconds = before ? last.time - before.time : Number.POSITIVE_INFINITY;
    if (milliseconds < BUSY) return undefined;
    this.#before = { ...last, submitted: this.#submitted };
    if (!before || last.heard >= before.submitted) return undefined;
    const speed = (last.heard - before.heard) / milliseconds;
    this.#fastest = Math.max(this.#fastest, speed);
    return milliseconds > 2 * this.#soonest ? speed : undefined;
  }
}
