import { spawnSync } from 'node:child_process';

/**
 * Runs Python in a folder and returns what it printed. SHADEGRAD_TEST_PYTHON names another program than python3.
 * @throws Error with what it complained of where it fails
 */
export function python(folder: string, ...args: readonly string[]): string {
  const program = process.env.SHADEGRAD_TEST_PYTHON ?? 'python3';
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return stdout;
}
