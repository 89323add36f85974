import type { Interval, Spread } from './statistics.ts';

/** A median, and where it lies, if enough was measured to tell. */
export type Estimate = Pick<Spread, 'median' | 'low' | 'high'>;

/** The ratio of two medians, and where it lies. */
export interface Ratio {
  /** Of the medians. */
  readonly ratio: number;
  /** Null where one of the medians has no interval. */
  readonly interval: Interval | null;
}

/**
 * `a` over `b`, two positive medians that were measured apart. If each of them lies in its interval in so many per cent
 * of the cases, then so does the ratio in its: logarithms of ratios are differences, and these have the interval of Zou
 * and Donner, "Construction of confidence limits about effect measures" (Statistics in Medicine, 2008).
 */
export function ratioOf(a: Estimate, b: Estimate): Ratio {
  const ratio = a.median / b.median;
  if (a.low === null || a.high === null || b.low === null || b.high === null)
    return { ratio, interval: null };
  const below = Math.hypot(Math.log(a.median / a.low), Math.log(b.high / b.median));
  const above = Math.hypot(Math.log(a.high / a.median), Math.log(b.median / b.low));
  return { ratio, interval: { low: ratio * Math.exp(-below), high: ratio * Math.exp(above) } };
}

/** What became of a speed. */
export type Verdict = 'faster' | 'same' | 'slower' | 'undecided';

/** Speeds that differ by less than this factor are the same: two runs of one program often do. */
export const SAME_FACTOR = 1.1;

/**
 * What a ratio of speeds says: `same` if its interval lies wholly within a tenth of 1, `faster` or `slower` if it lies
 * wholly beyond, `undecided` if it lies on both sides of a border, or if there is none.
 */
export function verdictOf({ interval }: Ratio): Verdict {
  if (!interval) return 'undecided';
  const { low, high } = interval;
  if (low > SAME_FACTOR) return 'faster';
  if (high < 1 / SAME_FACTOR) return 'slower';
  return low >= 1 / SAME_FACTOR && high <= SAME_FACTOR ? 'same' : 'undecided';
}
