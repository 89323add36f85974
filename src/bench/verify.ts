import type { Check } from './cases/case.ts';
import { checkInterrupted, type PassTimer } from './timing.ts';
import type { Workload } from './workload.ts';

/**
 * Runs one dispatch on each fresh copy of the workload's buffers, and compares what it wrote with the float64 twin.
 *
 * @returns the first value that is wrong, in words; undefined if all are right
 * @throws ShadegradError `gpu`, `device-lost` or `interrupted`
 */
export async function verify(
  timer: PassTimer,
  workload: Workload,
  checks: readonly Check[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  await timer.time((pass) => workload.record(pass, workload.copies));
  return findWrong(workload, checks, signal);
}

/** The first value in any copy of the workload's buffers that is wrong, in words. */
export async function findWrong(
  workload: Workload,
  checks: readonly Check[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  for (let copy = 0; copy < workload.copies; copy++) {
    for (const check of checks) {
      checkInterrupted(signal);
      const wrong = firstWrong(await workload.read(copy, check.buffer), check);
      if (wrong !== undefined) return wrong;
    }
  }
  return undefined;
}

/** How many values were checked, and how many the kernel writes. */
export function coverage(checks: readonly Check[]): { readonly values: number; readonly of: number } {
  return {
    values: checks.reduce((sum, { rows, columns }) => sum + rows.length * columns, 0),
    of: checks.reduce((sum, { of, columns }) => sum + of * columns, 0),
  };
}

function firstWrong(memory: ArrayBuffer, check: Check): string | undefined {
  const {
    buffer,
    words = 'f32',
    start = 0,
    stride,
    columns,
    rows,
    summed = false,
    expected,
    tolerance,
  } = check;
  const actual = words === 'f32' ? new Float32Array(memory) : new Uint32Array(memory);
  const at = (row: number, column: number) => actual[start + row * stride + column] ?? Number.NaN;
  for (let i = 0; i < expected.length; i++) {
    const [row = Number.NaN, column] = [rows[Math.floor(i / columns)], i % columns];
    const is = summed ? rows.reduce((sum, each) => sum + at(each, column), 0) : at(row, column);
    const twin = expected[i] ?? Number.NaN;
    // Written so that NaN counts as wrong.
    if (!(Math.abs(is - twin) <= tolerance.absolute + tolerance.relative * Math.abs(twin))) {
      const place = summed ? `the sum of ${buffer}[..., ${column}]` : `${buffer}[${row}, ${column}]`;
      return `${place} is ${is}, and its float64 twin ${twin}`;
    }
  }
  return undefined;
}
