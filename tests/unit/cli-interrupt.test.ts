import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Interrupt, listenForInterrupts } from '../../src/cli/interrupt.ts';

const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
const parent = vi.spyOn(process, 'ppid', 'get');
let interrupt: Interrupt;

beforeEach(() => {
  exit.mockClear();
  vi.useFakeTimers();
  vi.stubEnv('npm_lifecycle_event', 'train');
  parent.mockReturnValue(1000);
  interrupt = listenForInterrupts();
});
afterEach(() => {
  process.removeAllListeners('SIGINT');
  process.removeAllListeners('SIGTERM');
  vi.useRealTimers();
  vi.unstubAllEnvs();
});
afterAll(() => vi.restoreAllMocks());

const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;

test.each(SIGNALS)('the first %s aborts the work, and ends nothing', (name, code) => {
  expect(interrupt.signal.aborted).toBe(false);
  process.emit(name);
  expect(interrupt.signal.aborted).toBe(true);
  expect(interrupt.exitCode()).toBe(code);
  expect(exit).not.toHaveBeenCalled();
});

test.each(SIGNALS)('a %s that arrives twice at once, as through npm, counts once', (name) => {
  process.emit(name);
  vi.advanceTimersByTime(50);
  process.emit(name);
  expect(exit).not.toHaveBeenCalled();
});

test.each(SIGNALS)('the second %s ends the process at once', (name, code) => {
  process.emit(name);
  vi.advanceTimersByTime(1000);
  process.emit(name);
  expect(exit).toHaveBeenCalledExactlyOnceWith(code);
});

test('started by npm, the end of the shell between is taken for the SIGTERM that it kept to itself', () => {
  vi.advanceTimersByTime(10_000);
  expect(interrupt.signal.aborted).toBe(false);
  parent.mockReturnValue(1);
  vi.advanceTimersByTime(10_000);
  expect(interrupt.signal.aborted).toBe(true);
  expect(interrupt.exitCode()).toBe(143);
  expect(exit).not.toHaveBeenCalled();
});

test('what ended the work is the first of two different signals, and the second ends the process', () => {
  process.emit('SIGINT');
  vi.advanceTimersByTime(1000);
  process.emit('SIGTERM');
  expect(exit).toHaveBeenCalledExactlyOnceWith(143);
  expect(interrupt.exitCode()).toBe(130);
});
