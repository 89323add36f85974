import { TestRunner } from 'vitest';

/** How far what a test computed was from what was expected, at the place where it came closest to failing. */
export interface Deviation {
  /** The kernel, if one was run, and the tensor. */
  readonly what: string;
  readonly error: number;
  /** The error as a share of what is tolerated. */
  readonly share: number;
}

declare module 'vitest' {
  interface TaskMeta {
    /** The kernel that the test ran last. */
    kernel?: string;
    deviation?: Deviation;
  }
}

/** Notes which kernel the running test compares next. */
export function noteKernel(kernel: string): void {
  const test = TestRunner.getCurrentTest();
  if (test) test.meta.kernel = kernel;
}

/** Keeps the largest deviation of the running test, for the reports of `npm run portability`. */
export function noteDeviation(what: string, error: number, tolerance: number): void {
  const meta = TestRunner.getCurrentTest()?.meta;
  if (!meta || error === 0) return;
  const share = error / tolerance;
  if (meta.deviation && meta.deviation.share >= share) return;
  meta.deviation = { what: meta.kernel ? `${meta.kernel}: ${what}` : what, error, share };
}
