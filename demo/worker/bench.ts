import {
  BENCH_FEATURES,
  type BenchOptions,
  type BenchReport,
  benchFloor,
  benchKernelNames,
  benchKernels,
  benchTraining,
  trainingBenchLimits,
} from '../../src/bench.ts';
import { type AdapterReport, openDevice, PLAN_NAMES } from '../../src/index.ts';
import type { BenchChoice } from '../protocol.ts';
import { pageVersions } from './versions.ts';

export interface BenchControl extends Required<Pick<BenchOptions, 'onProgress'>> {
  readonly signal: AbortSignal;
}

/** What there is to choose from. */
export function benchNames() {
  return { kernels: benchKernelNames(), plans: PLAN_NAMES };
}

/**
 * Measures on a device of its own.
 *
 * @returns null where it was stopped
 * @throws ShadegradError `usage` where the choice is wrong, `gpu` or `device-lost`
 */
export async function measure(
  choice: BenchChoice,
  adapter: AdapterReport,
  { signal, onProgress }: BenchControl,
): Promise<BenchReport | null> {
  if (signal.aborted) return null;
  const limits = choice.bench === 'train' ? trainingBenchLimits(choice) : {};
  const { device } = await openDevice({ optionalFeatures: BENCH_FEATURES, optionalLimits: limits });
  // A stop does not wait for the current pass, which may take seconds.
  signal.addEventListener('abort', () => device.destroy());
  const subject = { device, adapter, toggles: [], versions: pageVersions };
  const options = { ...choice, signal, onProgress };
  try {
    switch (options.bench) {
      case 'floor':
        return await benchFloor(subject, options);
      case 'kernels':
        return await benchKernels(subject, options);
      case 'train':
        return await benchTraining(subject, options);
    }
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  } finally {
    device.destroy();
  }
}
