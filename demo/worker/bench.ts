import {
  type BenchOptions,
  type BenchReport,
  benchFloor,
  benchKernelNames,
  benchKernels,
  benchTraining,
  trainingBenchLimits,
} from '../../src/bench.ts';
import { type AdapterReport, PLAN_NAMES } from '../../src/index.ts';
import type { BenchChoice } from '../protocol.ts';
import { onOwnDevice } from './own-device.ts';
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
  return onOwnDevice(signal, limits, async (device): Promise<BenchReport> => {
    const subject = { device, adapter, toggles: [], versions: pageVersions };
    const options = { ...choice, signal, onProgress };
    switch (options.bench) {
      case 'floor':
        return benchFloor(subject, options);
      case 'kernels':
        return benchKernels(subject, options);
      case 'train':
        return benchTraining(subject, options);
    }
  });
}
