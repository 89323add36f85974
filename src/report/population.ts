import { ShadegradError } from '../errors.ts';
import type { NetworkRecord } from '../train/history.ts';
import { average, pairwiseSum } from './numpy.ts';
import { studentT95 } from './student-t.ts';

/** What a number is over several networks. */
export interface Summary {
  readonly count: number;
  readonly mean: number;
  /** Of the networks as a sample of all that could have been trained: by count - 1. Null for one network. */
  readonly standardDeviation: number | null;
  /** [low, high]: where the mean lies with 95 % confidence, by Student's t. Null for one network. */
  readonly interval: readonly [number, number] | null;
  readonly least: number;
  readonly most: number;
}

/**
 * The index of the network with the least loss in the epoch that it was kept from: on the validation samples, or on the
 * training samples where none are held back to validate with. Of equals it is the first. The test set has no say: its
 * result would then be too good. A network that diverged is not chosen.
 *
 * @throws ShadegradError `diverged` where all networks did, `usage` where there is none
 */
export function bestNetwork(networks: readonly NetworkRecord[]): number {
  if (networks.length === 0) {
    throw new ShadegradError('usage', 'There is no network to choose.', 'Pass at least one.');
  }
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, network] of networks.entries()) {
    if (network.diverged) continue;
    const loss = keptLoss(network);
    if (best >= 0 && !(loss < least)) continue;
    [best, least] = [index, loss];
  }
  if (best >= 0) return best;
  const all = networks.length === 1 ? 'The network' : `All ${networks.length} networks`;
  throw new ShadegradError('diverged', `${all} diverged.`, 'Train again with a smaller learning rate.');
}

/** Infinite before the first epoch has come to its end. */
function keptLoss({ history, epoch }: NetworkRecord): number {
  const kept = history.find((record) => record.epoch === epoch);
  return kept?.valLoss ?? kept?.loss ?? Number.POSITIVE_INFINITY;
}

/** @throws ShadegradError `usage` where there are no values, or one is not finite */
export function summarise(values: readonly number[]): Summary {
  const count = values.length;
  if (count === 0 || !values.every(Number.isFinite)) {
    throw new ShadegradError(
      'usage',
      'There is nothing to summarise.',
      'Pass one finite number, or more of them.',
    );
  }
  const least = Math.min(...values);
  // Of differences, so that the mean of equal numbers is that number to the last bit.
  const mean = least + average(values.map((value) => value - least));
  const spread = { count, mean, least, most: Math.max(...values) };
  if (count === 1) return { ...spread, standardDeviation: null, interval: null };
  const standardDeviation = Math.sqrt(pairwiseSum(values.map((value) => (value - mean) ** 2)) / (count - 1));
  const half = (studentT95(count - 1) * standardDeviation) / Math.sqrt(count);
  return { ...spread, standardDeviation, interval: [mean - half, mean + half] };
}
