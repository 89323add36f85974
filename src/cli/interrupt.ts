/**
 * `npm run` passes a Ctrl-C on to the program that the terminal has already told: two signals so close together
 * are one key.
 */
const ONE_KEY_MILLISECONDS = 300;

/** Runs `work` with a signal that the first Ctrl-C aborts. A second Ctrl-C ends the process at once. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let first: number | undefined;
  const onInterrupt = (): void => {
    // The terminal has put "^C" on the line.
    if (first === undefined && process.stderr.isTTY) process.stderr.write('\n');
    first ??= performance.now();
    controller.abort();
    if (performance.now() - first > ONE_KEY_MILLISECONDS) process.exit(130);
  };
  process.on('SIGINT', onInterrupt);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}
