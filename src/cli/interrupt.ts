/** The signals that ask a program to end, and its exit code then: 128 plus the signal's number. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * On Ctrl-C the terminal signals the program, and `npm run` passes the same signal on: two signals so close together
 * are one key press.
 */
const ONE_KEY_MILLISECONDS = 300;

const PARENT_MILLISECONDS = 250;

/** A request to end the work early. */
export interface Interrupt {
  /** Aborted by the first Ctrl-C, or by the first SIGTERM, as `kill` and job schedulers send it. */
  readonly signal: AbortSignal;
  /** The exit code of a program that ends for that reason. */
  exitCode(): number;
}

/**
 * Listens for signals; a second one ends the process at once. To be called once. A signal after the work is done does
 * not change its exit code.
 */
export function listenForInterrupts(): Interrupt {
  const controller = new AbortController();
  let first: { readonly time: number; readonly code: number } | undefined;
  const receive = (name: keyof typeof EXIT_CODES): void => {
    // The terminal has printed "^C" on the current line.
    if (first === undefined && name === 'SIGINT' && process.stderr.isTTY) process.stderr.write('\n');
    first ??= { time: performance.now(), code: EXIT_CODES[name] };
    controller.abort();
    if (performance.now() - first.time > ONE_KEY_MILLISECONDS) process.exit(EXIT_CODES[name]);
  };
  process.on('SIGINT', () => receive('SIGINT'));
  process.on('SIGTERM', () => receive('SIGTERM'));
  if (process.env.npm_lifecycle_event !== undefined) whenOrphaned(() => receive('SIGTERM'));
  return { signal: controller.signal, exitCode: () => first?.code ?? EXIT_CODES.SIGINT };
}

/**
 * `npm run` passes a signal only to the shell that it started. That shell may end and leave the program running, as
 * Debian's does. Then the program can only notice that its parent is gone.
 */
function whenOrphaned(tell: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    tell();
  }, PARENT_MILLISECONDS);
  timer.unref();
}
