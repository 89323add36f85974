import { onTestFinished, vi } from 'vitest';
import { CounterRandom } from '../../src/data/random.ts';

/** Another program on the same GPU: by turns it leaves the GPU alone and takes a part of it. Times are milliseconds. */
export interface Neighbour {
  readonly seed: number;
  /** How many times longer work takes while the neighbour is there. */
  readonly factor: number;
  /** The mean lengths of the turns, which are exponentially distributed. */
  readonly quiet: number;
  readonly busy: number;
}

/** All times are milliseconds. */
export interface FakeQueueOptions {
  /** From the end of the work until the host hears of it. Default 0. */
  readonly delay?: number;
  /** The host hears only at multiples of this, also of an empty queue, as in Firefox. */
  readonly polls?: number;
  /** What `performance.now` is rounded down to; default: nothing. */
  readonly clockQuantum?: number;
  /** What each submit takes of the GPU beside its work. Default 0. */
  readonly overhead?: number;
  readonly neighbour?: Neighbour;
}

/** A submit and when the GPU was at it, in milliseconds. */
export interface FakeSubmit {
  readonly work: number;
  readonly submitted: number;
  readonly started: number;
  readonly ended: number;
}

interface Event {
  readonly id: number;
  readonly time: number;
  readonly wake: () => void;
}

/** Until when the neighbour stays or stays away, and how many times longer work takes meanwhile. */
interface Turn {
  readonly until: number;
  readonly factor: number;
}

/** Node's own, which stays real: after one of its turns all promises that could be kept are. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * A device with a queue in simulated time: work of known length runs in order, and nothing is waited for. Until the end of
 * the test `performance.now`, `setTimeout` and `clearTimeout` tell and follow the simulated time.
 */
export class FakeQueue {
  /** The host's time. It stands still while the tested code runs, but for {@link spend}. */
  now = 0;
  readonly submits: FakeSubmit[] = [];
  readonly device: GPUDevice;
  readonly #options: FakeQueueOptions;
  readonly #events: Event[] = [];
  readonly #random: CounterRandom;
  #turn: Turn = { until: 0, factor: 1 };
  #ids = 0;
  /** When the compiler has done all that it was asked for. */
  #compiled = 0;

  constructor(options: FakeQueueOptions = {}) {
    this.#options = options;
    this.#random = new CounterRandom(options.neighbour?.seed ?? 0, 0);
    const device = {
      lost: new Promise(() => undefined),
      addEventListener: () => undefined,
      queue: {
        onSubmittedWorkDone: () => this.told(),
        writeBuffer: () => undefined,
      },
    };
    this.device = device as unknown as GPUDevice;
    const { clockQuantum = 0 } = options;
    // No spy: it would remember each of hundreds of thousands of calls.
    vi.stubGlobal('performance', {
      now: () => (clockQuantum > 0 ? clockQuantum * Math.floor(this.now / clockQuantum + 1e-9) : this.now),
    });
    vi.stubGlobal('setTimeout', (wake: () => void, milliseconds = 0) =>
      this.#at(this.now + Math.max(1, milliseconds), wake),
    );
    vi.stubGlobal('clearTimeout', (id: number) => {
      const index = this.#events.findIndex((event) => event.id === id);
      if (index >= 0) this.#events.splice(index, 1);
    });
    onTestFinished(() => {
      vi.unstubAllGlobals();
    });
  }

  /** When the GPU has done all that was submitted. */
  get idleAt(): number {
    return this.submits.at(-1)?.ended ?? 0;
  }

  /** Submits work that takes the GPU `milliseconds` where no neighbour disturbs it. */
  submit(milliseconds: number): void {
    const started = Math.max(this.now, this.idleAt);
    const work = milliseconds + (this.#options.overhead ?? 0);
    this.submits.push({ work, submitted: this.now, started, ended: this.#endOf(started, work) });
  }

  /** What `onSubmittedWorkDone` and `mapAsync` wait for. */
  told(): Promise<void> {
    const { delay = 0, polls } = this.#options;
    const done = Math.max(this.now, this.idleAt);
    const time = polls === undefined ? done + delay : polls * (Math.floor(done / polls) + 1);
    return this.#wait(time);
  }

  /** Waits for the compiler, which does one after another, to take `milliseconds` for what it is given. */
  compile(milliseconds: number): Promise<void> {
    this.#compiled = Math.max(this.now, this.#compiled) + milliseconds;
    return this.#wait(this.#compiled);
  }

  /** Lets the host compute for `milliseconds`; the GPU goes on meanwhile. */
  spend(milliseconds: number): void {
    this.now += milliseconds;
  }

  /** Calls `wake` after `milliseconds`, as a user or another program would. */
  after(milliseconds: number, wake: () => void): void {
    this.#at(this.now + milliseconds, wake);
  }

  /**
   * Lets the time pass until `work` has come to its end.
   * @throws what `work` throws, and an Error where `work` waits for something that will never be
   */
  async run<T>(work: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    work.then(settle, settle);
    for (;;) {
      await turn();
      if (isSettled) return work;
      const next = this.#events.shift();
      if (!next) throw new Error(`at ${this.now} ms there is nothing left to wait for`);
      this.now = Math.max(this.now, next.time);
      next.wake();
    }
  }

  /** The share of the time from `since` to `until` in which the GPU had work. */
  busyShare(since: number, until: number): number {
    const busy = this.submits.map(({ started, ended }) =>
      Math.max(0, Math.min(ended, until) - Math.max(started, since)),
    );
    return busy.reduce((sum, milliseconds) => sum + milliseconds, 0) / (until - since);
  }

  /** How long the GPU was at the submit that took it longest. */
  get longestSubmit(): number {
    return Math.max(0, ...this.submits.map(({ started, ended }) => ended - started));
  }

  /** The most submits that the GPU had before it at once, the one that it was at included. */
  get mostInFlight(): number {
    let [first, most] = [0, 0];
    for (const [i, { submitted }] of this.submits.entries()) {
      while (first < i && (this.submits[first]?.ended ?? 0) <= submitted) first++;
      most = Math.max(most, i + 1 - first);
    }
    return most;
  }

  /** The longest that a submit took from when it was submitted until the GPU had done it. */
  get longestQueue(): number {
    return Math.max(0, ...this.submits.map(({ submitted, ended }) => ended - submitted));
  }

  #wait(time: number): Promise<void> {
    return new Promise((resolve) => {
      this.#at(time, resolve);
    });
  }

  /** Events of the same time happen in the order in which they were asked for. */
  #at(time: number, wake: () => void): number {
    const id = ++this.#ids;
    const before = this.#events.findLastIndex((event) => event.time <= time);
    this.#events.splice(before + 1, 0, { id, time, wake });
    return id;
  }

  /** When work that begins at `time` ends. Work is in order, so the neighbour's turns go by one after another. */
  #endOf(time: number, work: number): number {
    for (let [at, left] = [time, work]; ; at = this.#turn.until) {
      while (this.#turn.until <= at) this.#turn = this.#next(this.#turn);
      const { until, factor } = this.#turn;
      if (at + left * factor <= until) return at + left * factor;
      left -= (until - at) / factor;
    }
  }

  #next({ until, factor }: Turn): Turn {
    const { neighbour } = this.#options;
    if (!neighbour) return { until: Number.POSITIVE_INFINITY, factor: 1 };
    const isBusy = factor === 1 && until > 0;
    const mean = isBusy ? neighbour.busy : neighbour.quiet;
    const length = -mean * Math.log(1 - this.#random.uniform());
    return { until: until + length, factor: isBusy ? neighbour.factor : 1 };
  }
}
