import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** How long a program may run. */
export const MINUTES = 60;

/**
 * Runs a program to its end; what it prints goes to `log`.
 *
 * @param {readonly string[]} command
 * @param {{ log: string, cwd?: string, env?: NodeJS.ProcessEnv, fails?: boolean }} options `env` is
 *   added to the environment; `fails`: an exit code above 0 is no error
 * @returns {Promise<string>} what it printed on stdout
 * @throws {Error} with the last lines that it printed, where it fails or is not done after {@link MINUTES}
 */
export async function run([program = '', ...args], { log, cwd, env = {}, fails = false }) {
  await mkdir(dirname(log), { recursive: true });
  const file = createWriteStream(log, { flags: 'a' });
  file.write(`\n$ ${[program, ...args].join(' ')}\n`);
  const child = spawn(program, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000 * MINUTES,
    killSignal: 'SIGKILL',
  });
  /** @type {Buffer[]} */
  const printed = [];
  child.stdout.on('data', (data) => printed.push(data)).pipe(file, { end: false });
  child.stderr.pipe(file, { end: false });
  /** @type {{ code: number | null, signal: string | null }} */
  const { code, signal } = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  await new Promise((resolve) => file.end(() => resolve(undefined)));
  if (code === 0 || (fails && code !== null)) return Buffer.concat(printed).toString();
  throw new Error(`${program} ended with ${signal ?? `exit code ${code}`}: ${await lastLines(log)} (${log})`);
}

/** @param {string} log */
async function lastLines(log) {
  const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-3).join(' ');
}

/**
 * Whether a program can be started.
 *
 * @param {string} program
 * @returns {Promise<boolean>}
 */
export function has(program) {
  return new Promise((resolve) => {
    const child = spawn(program, ['--version'], { stdio: 'ignore' });
    child.on('error', () => resolve(false));
    child.on('close', () => resolve(true));
  });
}
