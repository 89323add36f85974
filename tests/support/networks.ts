import type { EpochRecord, NetworkRecord } from '../../src/train/history.ts';

/** Epochs of made-up losses, each half of the one before it. */
export function epochs(count: number, change: Partial<EpochRecord> = {}): EpochRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    epoch: i + 1,
    loss: 2 ** -i,
    accuracy: 1 - 2 ** -(i + 2),
    valLoss: null,
    valAccuracy: null,
    seconds: 1,
    ...change,
  }));
}

/** A network that was trained for two epochs. */
export function network(change: Partial<NetworkRecord> = {}): NetworkRecord {
  return {
    seed: 1,
    learningRate: 0.001,
    weightDecay: 0,
    history: epochs(2),
    diverged: null,
    epoch: 2,
    stopped: false,
    ...change,
  };
}
