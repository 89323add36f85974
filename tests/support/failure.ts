import { ShadegradError } from '../../src/errors.ts';

/** The error that `action` throws; any other than this package's own goes on. */
export function failure(action: () => unknown): ShadegradError {
  try {
    action();
  } catch (error) {
    if (error instanceof ShadegradError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
