import { type ErrorCode, ShadegradError } from '../node.ts';

/** The command line's contract. The exit code of `interrupted` depends on the signal. */
const EXIT_CODES: Readonly<Record<Exclude<ErrorCode, 'interrupted'>, number>> = {
  differs: 1,
  usage: 2,
  // Only the folder of `--out` is written to; one that cannot be written from the start is a usage error too.
  io: 2,
  'no-adapter': 3,
  'bad-data': 4,
  'bad-model': 4,
  diverged: 5,
  gpu: 6,
  'device-lost': 6,
  busy: 7,
};

/** What the command ends with for an error. */
export function exitCodeOf({ code }: ShadegradError, interruptCode: number): number {
  return code === 'interrupted' ? interruptCode : EXIT_CODES[code];
}

/**
 * Prints an error on stderr and returns its exit code.
 * @param interruptCode the exit code of an `interrupted` error
 */
export function reportError(error: unknown, interruptCode: number): number {
  if (error instanceof ShadegradError) {
    process.stderr.write(`shadegrad: ${error}\n`);
    return exitCodeOf(error, interruptCode);
  }
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `shadegrad: This is a bug in shadegrad. Please report it with these lines:\n${details}\n`,
  );
  return 1;
}
