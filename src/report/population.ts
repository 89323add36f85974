import { ShadegradError } from '../errors.ts';
import { average, pairwiseSum } from './numpy.ts';
import { studentT95 } from './student-t.ts';

/** What a number is over several networks. */
export interface Summary {
  /** Number of networks. */
  readonly count: number;
  /** Over the networks. */
  readonly mean: number;
  /**
   * Of the networks as a sample of all that could have been trained: by count - 1. Null for one network, and for networks
   * that are no sample of one setting.
   */
  readonly standardDeviation: number | null;
  /** Where the mean lies with 95 % confidence, by Student's t: [low, high]. Null where the deviation is. */
  readonly interval: readonly [number, number] | null;
  /** The least of the networks' numbers. */
  readonly least: number;
  /** The greatest of the networks' numbers. */
  readonly most: number;
}

/**
 * Mean, spread and confidence interval of a number of several networks.
 * @param values one a network: [networks]
 * @throws ShadegradError `usage` where there are no values, or one is not finite
 */
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
