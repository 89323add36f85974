import { DeviceWatch } from '../gpu/watch.ts';
import type { Executable } from './executable.ts';
import { STEPS_PER_SUBMIT, type Steps } from './step.ts';
import { type Measured, Throughput } from './throughput.ts';

/**
 * The time that a submit should take: long enough that its fixed cost vanishes, short enough for watchdogs (about 2 s
 * on Windows) and for a page that shares the GPU.
 */
const SUBMIT_MILLISECONDS = 50;

/**
 * The work that should be in flight, which is how long a user who stops has to wait. Of this the host may hear 100 ms late
 * (Firefox asks its GPU ten times a second), a submit is being done, and another one is next.
 */
const IN_FLIGHT_MILLISECONDS = 200;

/**
 * The most submits in flight. Until one is done a copy of its steps' numbers and rates is kept, 256 + 8 x networks bytes
 * for each step: 132 KiB for 512 steps of one network, 384 KiB for 64 networks, so at most 33 or 96 MiB for all.
 */
const MOST_SUBMITS = 256;

/** Limit on how fast sizes grow from one round to the next: nothing is known yet of what is larger. */
const GROWTH = 4;

/** The host submits for so many milliseconds at a time, and then does what else there is to do. */
const TURN_MILLISECONDS = 25;

/**
 * Runs steps in submits of bounded work, as many steps to each as the adapter's speed allows, and as many submits in flight
 * as keep it busy although the host hears late of what is done.
 */
export class Scheduler {
  readonly #executable: Pick<Executable, 'device' | 'submit'>;
  readonly #watch: DeviceWatch;
  readonly #throughput = new Throughput();
  /** What tells that a submit is done, in the order in which the GPU does them. */
  readonly #inFlight = new Set<Promise<void>>();
  /** Steps a millisecond, as far as it is known: not more than the adapter does. */
  #rate = 0;
  /** Steps to a submit. One at first: nothing is known yet, and a large network's step may take seconds. */
  #size = 1;
  /** Steps in flight. */
  #window = 2;
  /** Steps a millisecond that the host submitted the last time; infinite where its clock stood still. */
  #hostRate = Number.POSITIVE_INFINITY;

  constructor(executable: Pick<Executable, 'device' | 'submit'>) {
    this.#executable = executable;
    this.#watch = DeviceWatch.of(executable.device);
  }

  /**
   * Submits `steps` in order, as the GPU takes them, and yields each time how many it has done. It ends once all are
   * submitted, or `signal` is aborted: what is read from the device afterwards comes after the last step submitted, and
   * about {@link IN_FLIGHT_MILLISECONDS} at most are still before it. What is submitted runs also where the caller stops here.
   *
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async *run(steps: Steps, signal?: AbortSignal): AsyncGenerator<number, void> {
    // Those of the run before may still be in flight.
    const before = this.#throughput.submitted;
    let yielded = 0;
    let turn = performance.now() + TURN_MILLISECONDS;
    for (let next = 0; ; ) {
      do {
        if (signal?.aborted || next >= steps.length) return this.#throughput.beginRound(false);
        if (!this.#hasRoom) break;
        next += this.#submit(steps, next);
      } while (performance.now() < turn);
      this.#throughput.beginRound(!this.#hasRoom);
      const waiting = performance.now();
      // A timer's turn comes after all that waits for one: finished submits, one after the other, could fill the event loop.
      await (waiting < turn ? this.#hear() : new Promise((resolve) => setTimeout(resolve, 0)));
      const now = performance.now();
      if (waiting >= turn || now - waiting >= 1) turn = now + TURN_MILLISECONDS;
      const done = this.#throughput.heard - before;
      if (done > yielded) yield done;
      yielded = Math.max(done, yielded);
    }
  }

  /** Two submits always have: the GPU need not wait for the host between them. */
  get #hasRoom(): boolean {
    const submits = this.#inFlight.size;
    const fits = this.#throughput.inFlight + this.#size <= this.#window;
    return submits < 2 || (submits < MOST_SUBMITS && fits);
  }

  #submit(steps: Steps, start: number): number {
    this.#watch.check();
    const batch = steps.slice(start, start + Math.floor(this.#size));
    const count = batch.length;
    const since = performance.now();
    this.#executable.submit(batch);
    this.#hostRate = count / (performance.now() - since);
    const done = this.#executable.device.queue.onSubmittedWorkDone();
    this.#throughput.submit(count, since);
    this.#inFlight.add(done);
    const settle = () => {
      this.#inFlight.delete(done);
      const measured = this.#throughput.hear(count, since);
      if (measured) this.#adapt(measured);
    };
    // Nobody waits for it where the submit before it fails; that failure says all, and this is no unhandled rejection.
    done.then(settle, settle);
    return count;
  }

  async #hear(): Promise<void> {
    const [oldest] = this.#inFlight;
    if (oldest) await this.#watch.guard(oldest);
  }

  #adapt({ isFull, isShort, steps, milliseconds, delay, most }: Measured): void {
    const [size, window] = [this.#size, this.#window];
    if (isShort) {
      // Where submitting waits for the GPU, the time in which the host submits is all that there is to go by.
      const rate = Math.min(steps / milliseconds, this.#hostRate);
      this.#size = Math.max(1, Math.min(STEPS_PER_SUBMIT, GROWTH * size, SUBMIT_MILLISECONDS * rate));
      if (isFull) this.#window = GROWTH * window;
      return;
    }
    this.#rate = Math.max(this.#rate / 2, Math.min(Math.max(this.#rate, steps / milliseconds), most));
    this.#size = Math.max(1, Math.min(STEPS_PER_SUBMIT, GROWTH * size, SUBMIT_MILLISECONDS * this.#rate));
    // Where the GPU may have been idle for most of the time, as it is at first if the host hears late.
    const mayBeIdle = isFull && this.#rate < most / 2;
    const target = IN_FLIGHT_MILLISECONDS * (mayBeIdle ? steps / (milliseconds - delay) : this.#rate);
    const growth = Math.min(GROWTH, Math.max(2, (2 * IN_FLIGHT_MILLISECONDS) / milliseconds));
    this.#window = Math.max(2, Math.min(growth * window, target));
  }
}
