import { BENCH_FEATURES } from '../../src/bench.ts';
import { openDevice } from '../../src/index.ts';

/**
 * Measures on a device of its own, which a stop takes away at once: it does not wait for the current pass, which may take
 * seconds.
 *
 * @param optionalLimits as for `openDevice`
 * @returns null where it was stopped
 * @throws ShadegradError `gpu` or `device-lost`, and as `task` does
 */
export async function onOwnDevice<T>(
  signal: AbortSignal,
  optionalLimits: Readonly<Record<string, number>>,
  task: (device: GPUDevice) => Promise<T>,
): Promise<T | null> {
  if (signal.aborted) return null;
  const { device } = await openDevice({ optionalFeatures: BENCH_FEATURES, optionalLimits });
  signal.addEventListener('abort', () => device.destroy());
  try {
    return signal.aborted ? null : await task(device);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  } finally {
    device.destroy();
  }
}
