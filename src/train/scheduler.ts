import { DeviceWatch } from '../gpu/watch.ts';
import type { Executable } from './executable.ts';
import { STEPS_PER_SUBMIT, type Steps } from './step.ts';

/**
 * The time that a submit should take: long enough that its fixed cost vanishes, short enough for watchdogs (about 2 s
 * on Windows), for a page that shares the GPU, and for a user who wants to stop.
 */
const SUBMIT_MILLISECONDS = 50;

interface Submit {
  /** Steps done once this submit is. */
  readonly end: number;
  readonly count: number;
  readonly done: Promise<void>;
}

/** Runs steps in submits of bounded work, as many steps to each as the adapter's speed allows. */
export class Scheduler {
  readonly #executable: Pick<Executable, 'device' | 'submit'>;
  readonly #watch: DeviceWatch;
  /** One at first: nothing is known yet of the adapter's speed, and a large network's step may take seconds. */
  #stepsPerSubmit = 1;

  constructor(executable: Pick<Executable, 'device' | 'submit'>) {
    this.#executable = executable;
    this.#watch = DeviceWatch.of(executable.device);
  }

  /**
   * Runs `steps` in order and yields, each time a submit is done, how many steps are. The next submit is queued by then,
   * so that the GPU does not wait for the host, and it runs also where the caller stops here. Once `signal` is aborted
   * nothing more is submitted: the last steps yielded are all that ran.
   *
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async *run(steps: Steps, signal?: AbortSignal): AsyncGenerator<number, void> {
    let running = signal?.aborted ? undefined : this.#submit(steps, 0);
    let since = performance.now();
    while (running) {
      const next = signal?.aborted ? undefined : this.#submit(steps, running.end);
      await this.#watch.guard(running.done);
      const now = performance.now();
      this.#adapt(running.count, now - since);
      since = now;
      yield running.end;
      running = next;
    }
  }

  #submit(steps: Steps, start: number): Submit | undefined {
    const batch = steps.slice(start, start + this.#stepsPerSubmit);
    if (batch.length === 0) return undefined;
    this.#watch.check();
    this.#executable.submit(batch);
    const done = this.#executable.device.queue.onSubmittedWorkDone();
    // Nobody waits for it where the submit before it fails; that failure says all, and this is no unhandled rejection.
    done.catch(() => undefined);
    return { end: start + batch.length, count: batch.length, done };
  }

  /** Grows fast and shrinks slowly, so that one hiccup of a busy machine costs little. */
  #adapt(count: number, milliseconds: number): void {
    const factor = Math.min(4, Math.max(0.5, SUBMIT_MILLISECONDS / milliseconds));
    this.#stepsPerSubmit = Math.min(STEPS_PER_SUBMIT, Math.max(1, Math.round(count * factor)));
  }
}
