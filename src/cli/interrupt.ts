/**
 * `npm run` passes a Ctrl-C on to the program that the terminal has already told: two signals so close together
 * are one key.
 */
const ONE_KEY_MILLISECONDS = 300;

/**
 * A signal that the first Ctrl-C aborts. A second Ctrl-C ends the process at once. To be called once: what comes
 * after the work is done changes nothing about how it ended.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  let first: number | undefined;
  process.on('SIGINT', () => {
    // The terminal has put "^C" on the line.
    if (first === undefined && process.stderr.isTTY) process.stderr.write('\n');
    first ??= performance.now();
    controller.abort();
    if (performance.now() - first > ONE_KEY_MILLISECONDS) process.exit(130);
  });
  return controller.signal;
}
