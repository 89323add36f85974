/** Work that has begun and is waited for later. What goes wrong with it can be told before that. */
export class Underway<T> {
  readonly done: Promise<T>;
  #failure: { readonly error: unknown } | undefined;

  constructor(done: Promise<T>) {
    this.done = done;
    done.catch((error: unknown) => {
      this.#failure = { error };
    });
  }

  /** @throws what the work failed with, where it has failed by now */
  check(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
