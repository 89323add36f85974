import type { TrainerState } from './state.ts';

/** A snapshot may cost the host one part in so many of the time since the one before. */
const PARTS = 100;

/**
 * Takes snapshots of a training, one at a time, and passes them on: those that are not asked for by {@link take} only
 * as often as they cost 1 % of the training at most. {@link take} and {@link end} tell what failed.
 */
export class Snapshots {
  readonly #stage: () => Promise<() => Promise<TrainerState>>;
  readonly #use: ((state: TrainerState) => void | Promise<void>) | undefined;
  readonly #milliseconds: number;
  #last = performance.now();
  /** Milliseconds of the host's time that the last one took. */
  #cost = 0;
  #pending: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param stage asks for the state as it is now; its promise is the wait for the device, and what that comes to takes
   *   the host's time
   * @param use given each snapshot; without it none is taken
   * @param seconds from one to the next that {@link takeWhenDue} takes
   */
  constructor(
    stage: () => Promise<() => Promise<TrainerState>>,
    use: ((state: TrainerState) => void | Promise<void>) | undefined,
    seconds: number,
  ) {
    this.#stage = stage;
    this.#use = use;
    this.#milliseconds = 1000 * seconds;
  }

  /** Begins one where it is time and none is under way. */
  takeWhenDue(): void {
    if (this.#pending || performance.now() - this.#last < this.#milliseconds) return;
    if (this.#isAffordable()) this.#begin();
  }

  /** Begins one, after the one under way, if that did not cost too much. */
  async takeAfterEpoch(): Promise<void> {
    await this.end();
    if (this.#isAffordable()) this.#begin();
  }

  /** Begins one now, after the one under way. */
  async take(): Promise<void> {
    await this.end();
    this.#begin();
  }

  /** Waits for the one under way. */
  async end(): Promise<void> {
    await this.#pending;
    if (this.#failure) throw this.#failure.error;
  }

  /** Waits for the one under way, and tells nothing. */
  async settled(): Promise<void> {
    await this.#pending;
  }

  #isAffordable(): boolean {
    return performance.now() - this.#last >= PARTS * this.#cost;
  }

  #begin(): void {
    const use = this.#use;
    if (!use || this.#failure) return;
    this.#pending = this.#takeOne(use)
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#pending = undefined;
      });
  }

  async #takeOne(use: (state: TrainerState) => void | Promise<void>): Promise<void> {
    const begun = performance.now();
    this.#last = begun;
    const staged = this.#stage();
    const staging = performance.now() - begun;
    const read = await staged;
    const readable = performance.now();
    const used = use(await read());
    this.#cost = staging + performance.now() - readable;
    await used;
  }
}
