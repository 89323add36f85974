import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The built command line, as it is shipped. */
export const cliPath = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface Finished {
  /** Null where a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  /** Added to the environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The folder to run in. Default: the tests' own. */
  readonly cwd?: string;
  /** Called with each piece of stdout as it comes. */
  readonly onStdout?: (text: string, child: ChildProcess) => void;
}

/** Runs `node ...args` to its end. */
export function runNode(args: readonly string[], options: ProcessOptions = {}): Promise<Finished> {
  const env = { MNIST_DIR: undefined, NODE_OPTIONS: undefined, ...options.env };
  return runProgram(process.execPath, args, { ...options, env });
}

/** Runs a program to its end. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<Finished> {
  const env = { ...process.env, ...options.env };
  const child = spawn(program, args, { env, cwd: options.cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    options.onStdout?.(text, child);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs `shadegrad ...args` to its end. */
export function runCli(args: readonly string[], options: ProcessOptions = {}): Promise<Finished> {
  return runNode([cliPath, ...args], options);
}

/** As {@link runCli}, and sends a signal, once, when something is printed: a second one would end it at once. */
export function signalledAt(
  words: string,
  args: readonly string[],
  signal: 'SIGINT' | 'SIGTERM' = 'SIGINT',
): Promise<Finished> {
  let isSent = false;
  return runCli(args, {
    onStdout: (text, child) => {
      if (!isSent && text.includes(words)) isSent = child.kill(signal);
    },
  });
}
