import {
  benchDispatches,
  benchStepFloor,
  type DispatchesReport,
  dispatchesLimits,
  type StepFloor,
  type StepOfTraining,
  type TrainingStep,
} from '../../src/bench.ts';
import type { AdapterReport } from '../../src/index.ts';
import { onOwnDevice } from './own-device.ts';
import { pageVersions } from './versions.ts';

/** Short: a visitor waits for none of it, and it is to be over before something else is started. */
const BRIEF = { samples: 7, passMilliseconds: 20 };
/** Passes that hold 100 units of a browser's timestamps, which are of 0.1 ms. */
const TIMING = { samples: 15, passMilliseconds: 30 };

/** As `benchStepFloor`; null where it was stopped. */
export function measureFloor(step: TrainingStep, signal: AbortSignal): Promise<StepFloor | null> {
  return onOwnDevice(signal, {}, (device) => benchStepFloor({ device }, step, { ...BRIEF, signal }));
}

/** As `benchDispatches`; null where it was stopped. */
export function timeDispatches(
  training: StepOfTraining,
  adapter: AdapterReport,
  signal: AbortSignal,
): Promise<DispatchesReport | null> {
  return onOwnDevice(signal, dispatchesLimits(training), (device) => {
    const subject = { device, adapter, toggles: [], versions: pageVersions };
    return benchDispatches(subject, training, { ...TIMING, signal });
  });
}
