import type { TrainerState } from './state.ts';

/** Takes snapshots of a training, one at a time, and passes them on. {@link take} and {@link end} tell what failed. */
export class Snapshots {
  readonly #state: () => Promise<TrainerState>;
  readonly #use: ((state: TrainerState) => void | Promise<void>) | undefined;
  readonly #milliseconds: number;
  #last = performance.now();
  #pending: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param use given each snapshot; without it none is taken
   * @param seconds from one to the next that {@link takeWhenDue} takes
   */
  constructor(
    state: () => Promise<TrainerState>,
    use: ((state: TrainerState) => void | Promise<void>) | undefined,
    seconds: number,
  ) {
    this.#state = state;
    this.#use = use;
    this.#milliseconds = 1000 * seconds;
  }

  /** Begins one where it is time and none is under way. */
  takeWhenDue(): void {
    if (this.#pending || performance.now() - this.#last < this.#milliseconds) return;
    this.#begin();
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

  #begin(): void {
    const use = this.#use;
    if (!use || this.#failure) return;
    this.#last = performance.now();
    this.#pending = this.#state()
      .then(use)
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#pending = undefined;
      });
  }
}
