import { afterEach, expect, test, vi } from 'vitest';
import { interruptible } from '../../src/cli/interrupt.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('the first Ctrl-C aborts the signal and ends nothing', async () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  await interruptible(async (signal) => {
    expect(signal.aborted).toBe(false);
    process.emit('SIGINT');
    expect(signal.aborted).toBe(true);
  });
  expect(exit).not.toHaveBeenCalled();
});

test('a Ctrl-C that arrives twice at once, as through npm, counts once', async () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  await interruptible(async () => {
    process.emit('SIGINT');
    process.emit('SIGINT');
  });
  expect(exit).not.toHaveBeenCalled();
});

test('the second Ctrl-C ends the process at once', async () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  await interruptible(async () => {
    process.emit('SIGINT');
    await pause(350);
    process.emit('SIGINT');
  });
  expect(exit).toHaveBeenCalledExactlyOnceWith(130);
});

test('afterwards Ctrl-C does what it always does', async () => {
  const before = process.listenerCount('SIGINT');
  await expect(
    interruptible(() => {
      expect(process.listenerCount('SIGINT')).toBe(before + 1);
      return Promise.reject(new Error('failed'));
    }),
  ).rejects.toThrow('failed');
  expect(process.listenerCount('SIGINT')).toBe(before);
});
