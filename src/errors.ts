/** What went wrong, as a word that a program can switch on. */
export type ErrorCode =
  /** A value the caller passed is out of range or of the wrong form. */
  | 'usage'
  /** No WebGPU adapter of the kind that was asked for. */
  | 'no-adapter'
  /** A dataset or an image that cannot be read. */
  | 'bad-data'
  /** A model file that cannot be read, or does not fit the data. */
  | 'bad-model'
  /** The training loss is no longer finite. */
  | 'diverged'
  /** The GPU reported an error, or a shader does not compile. */
  | 'gpu'
  /** The GPU was taken away in the middle of the work. */
  | 'device-lost'
  /** A file could not be read or written. */
  | 'io'
  /** The caller aborted the work. */
  | 'interrupted'
  /** Another process holds what the work needs, or did a moment ago: worth another try soon. */
  | 'busy'
  /** A run that was done again is not the one that its report tells of. */
  | 'differs';

/**
 * The only error this library throws on purpose: `message` names the cause in the user's words, `nextStep` what
 * to do about it. Whoever shows an error to a person shows both: `String(error)`. The first line of `stack` has both, too,
 * where the engine begins it with a message (V8 does): consoles print that for errors that nobody caught.
 *
 * @example
 * ```ts
 * import { loadDataset, ShadegradError } from 'shadegrad/node';
 *
 * try {
 *   await loadDataset('fashion');
 * } catch (error) {
 *   if (!(error instanceof ShadegradError)) throw error;
 *   console.error(`${error}`);
 * }
 * ```
 */
export class ShadegradError extends Error {
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** What to do about it: a sentence for people. May be empty. */
  readonly nextStep: string;

  /**
   * An error of a kind that callers can switch on.
   * @param code what went wrong
   * @param message the cause, in the user's words, as a sentence
   * @param nextStep what to do about it, as a sentence
   * @param cause what was caught, where it was
   */
  constructor(code: ErrorCode, message: string, nextStep: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ShadegradError';
    this.code = code;
    this.nextStep = nextStep;
    const headlines = ['Error', this.name].map((name) => `${name}: ${message}`);
    const found = headlines.find((text) => this.stack?.startsWith(text));
    if (found !== undefined) this.stack = `${this.name}: ${this}${this.stack?.slice(found.length)}`;
  }

  /** Message and next step. */
  override toString(): string {
    return `${this.message} ${this.nextStep}`.trim();
  }
}

/** The message of anything that was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Refuses an option whose value cannot be used.
 * @param range what can, e.g. "a whole number of 1 or more"
 * @throws ShadegradError `usage`
 */
export function refuse(name: string, value: unknown, range: string): never {
  throw new ShadegradError('usage', `${name}: ${value} is out of range.`, `Use ${range}.`);
}
