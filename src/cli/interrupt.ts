/** What asks a program to end, and the exit code of one that did: 128 and the signal's number. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * `npm run` passes a Ctrl-C on to the program that the terminal has already told: two signals so close together
 * are one key.
 */
const ONE_KEY_MILLISECONDS = 300;

const PARENT_MILLISECONDS = 250;

/** The wish that the work ends before it is done. */
export interface Interrupt {
  /** Aborted by the first Ctrl-C, or by the first SIGTERM, as `kill` and job schedulers send it. */
  readonly signal: AbortSignal;
  /** The exit code of a program that ends because of it. */
  exitCode(): number;
}

/**
 * Listens for signals; a second one ends the process at once. To be called once: what comes after the work is done
 * changes nothing about how it ended.
 */
export function listenForInterrupts(): Interrupt {
  const controller = new AbortController();
  let first: { readonly time: number; readonly code: number } | undefined;
  const receive = (name: keyof typeof EXIT_CODES): void => {
    // The terminal has put "^C" on the line.
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
 * `npm run` passes a signal only to the shell that it started, which may end of it and leave the program running, as
 * Debian's does. That its parent is gone is then all that the program learns.
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
