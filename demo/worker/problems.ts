import { ShadegradError } from '../../src/index.ts';
import type { Problem } from '../protocol.ts';

/** What the page tells of an error. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ShadegradError) {
    const { code, message, nextStep } = error;
    return code === 'device-lost' ? lostProblem(message) : { code, message, nextStep };
  }
  return {
    code: 'bug',
    message: 'Something unforeseen went wrong.',
    nextStep: 'Start again; if it stays, please report it with the details.',
    details: error instanceof Error ? (error.stack ?? String(error)) : String(error),
  };
}

/** @param reason the browser's words; may be empty */
export function lostProblem(reason: string): Problem {
  return {
    code: 'device-lost',
    message: 'The browser took the graphics device away.',
    nextStep: 'Start again: what was learned until the last epoch is kept.',
    details: reason.trim(),
  };
}
