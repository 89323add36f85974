import { ShadegradError } from '../../src/errors.ts';

/** The error of this package that `action` throws. Any other error is thrown on. */
export function failure(action: () => unknown): ShadegradError {
  try {
    action();
  } catch (error) {
    if (error instanceof ShadegradError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
