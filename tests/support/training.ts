import type { EpochRecord, NetworkRecord } from '../../src/train/history.ts';
import type { TrainerState } from '../../src/train/state.ts';
import type { FitOptions, Trainer } from '../../src/train/trainer.ts';
import { openTestDevice } from './gpu.ts';

let opened: Promise<GPUDevice> | undefined;

/** A second device, beside `testDevice`, that this file's tests share. */
export function otherDevice(): Promise<GPUDevice> {
  opened ??= openTestDevice({ optionalFeatures: ['subgroups'] }).then(({ device }) => device);
  return opened;
}

/** Trains so many epochs. */
export async function trainFor(trainer: Trainer, epochs: number, options: Omit<FitOptions, 'epochs'> = {}) {
  const records: EpochRecord[] = [];
  for await (const record of trainer.fit({ epochs, ...options })) records.push(record);
  return records;
}

/** A signal that is aborted once it was asked so often: a training asks before each submit, and before it waits. */
export function abortedAfter(checks: number): AbortSignal {
  let asked = 0;
  return abortedOnce(() => asked++ >= checks);
}

/** A signal that is aborted from when `condition` is met on. */
export function abortedOnce(condition: () => boolean): AbortSignal {
  const { signal } = new AbortController();
  let aborted = false;
  Object.defineProperty(signal, 'aborted', {
    get: () => {
      aborted ||= condition();
      return aborted;
    },
  });
  return signal;
}

/** Without the time that it took, which is all that may differ. */
export function untimedHistory(history: readonly EpochRecord[]) {
  return history.map(({ seconds: _, ...record }) => record);
}

export function untimedNetwork<T extends Pick<NetworkRecord, 'history'>>({ history, ...network }: T) {
  return { ...network, history: untimedHistory(history) };
}

export function untimedState({ networks, rounds, ...state }: TrainerState) {
  return {
    ...state,
    networks: networks.map(untimedNetwork),
    rounds: rounds.map(({ seconds: _, ...round }) => round),
  };
}

/** A device of its own with lower limits than it has. */
export async function deviceWithLimits(lower: Readonly<Record<string, number>>): Promise<GPUDevice> {
  const { device } = await openTestDevice({ optionalFeatures: ['subgroups'] });
  const limits = new Proxy(device.limits, {
    get: (real, name) => lower[String(name)] ?? Reflect.get(real, name, real),
  });
  return Object.defineProperty(device, 'limits', { value: limits });
}
