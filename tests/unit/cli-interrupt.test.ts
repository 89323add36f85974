import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { interruptSignal } from '../../src/cli/interrupt.ts';

const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
let signal: AbortSignal;

beforeEach(() => {
  exit.mockClear();
  vi.useFakeTimers();
  signal = interruptSignal();
});
afterEach(() => {
  process.removeAllListeners('SIGINT');
  vi.useRealTimers();
});

test('the first Ctrl-C aborts the signal and ends nothing', () => {
  expect(signal.aborted).toBe(false);
  process.emit('SIGINT');
  expect(signal.aborted).toBe(true);
  expect(exit).not.toHaveBeenCalled();
});

test('a Ctrl-C that arrives twice at once, as through npm, counts once', () => {
  process.emit('SIGINT');
  vi.advanceTimersByTime(50);
  process.emit('SIGINT');
  expect(exit).not.toHaveBeenCalled();
});

test('the second Ctrl-C ends the process at once', () => {
  process.emit('SIGINT');
  vi.advanceTimersByTime(1000);
  process.emit('SIGINT');
  expect(exit).toHaveBeenCalledExactlyOnceWith(130);
});
