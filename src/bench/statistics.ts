/** How measured values are spread, in their own unit. */
export interface Spread {
  /** The value in the middle. */
  readonly median: number;
  /**
   * The median of what the values were taken from lies from `low` to `high` in at least 95 % of the cases, if each value
   * was taken without regard to the others, and also where measuring went on only until it was known. Null for values
   * that are too few to tell: fewer than 6, or than 7 of such a measurement.
   */
  readonly low: number | null;
  /** The upper end of that interval; null where `low` is. */
  readonly high: number | null;
  /** The value that 95 % do not exceed (nearest rank). */
  readonly p95: number;
  /** The least value. */
  readonly min: number;
  /** How many values there are. */
  readonly samples: number;
}

/** Why measuring came to its end: the median is known to 3 %, or the time for it was over. */
export type Ended = 'precise' | 'time';

/** A median is known well enough if its interval reaches no farther than this share of it to either side. */
const PRECISE = 0.03;

/**
 * After so many values, and after the last, {@link repeat} looks at the interval. Looking after each, and ending where it is
 * narrow, would find narrow intervals that are so by chance: one of 95 % then has the median in 93 % of the cases.
 */
const LOOKS = [7, 15];

/** The probability of being on the one wrong side, or on the other, of an interval that holds in 95 % of the cases. */
const TAIL = 0.025;

/** That of each look of {@link repeat}, so that the intervals of all looks hold in 95 % of the cases (Bonferroni). */
export const LOOK_TAIL = TAIL / (LOOKS.length + 1);

/**
 * The median of values, where it lies, and how far the values reach.
 *
 * @param values at least one, in any unit
 * @param tail the most that the probability may be that the median is below `low`, and that it is above `high`; by default
 *   that of 95 % in between
 */
export function spread(values: readonly number[], tail = TAIL): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (rank: number) => sorted[rank] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  const interval = medianInterval(values, tail);
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    p95: at(Math.ceil(0.95 * sorted.length) - 1),
    min: at(0),
    samples: sorted.length,
  };
}

/** Where something lies that is known by samples only. */
export interface Interval {
  /** Its lower end. */
  readonly low: number;
  /** Its upper end. */
  readonly high: number;
}

/**
 * The interval from one of the sorted values to another in which the median lies of what they were taken from.
 * Fewer than k of them are below the true median with the probability of fewer than k heads in so many throws of a coin,
 * whatever their distribution: David and Nagaraja, "Order Statistics", 3rd ed. (2003), section 7.1.
 *
 * @param tail the most that the probability may be that the median is below the interval, and that it is above it
 * @returns undefined where not even all values make such an interval
 */
function medianInterval(values: readonly number[], tail: number): Interval | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const count = sorted.length;
  let beyond = -1;
  // As a logarithm: the probability of no heads in 1,075 throws is no number but 0.
  let probability = -count * Math.LN2;
  for (let sum = Math.exp(probability); sum <= tail; sum += Math.exp(probability)) {
    beyond++;
    probability += Math.log((count - beyond) / (beyond + 1));
  }
  const [low, high] = [sorted[beyond], sorted[count - 1 - beyond]];
  return low === undefined || high === undefined ? undefined : { low, high };
}

/** Whether the interval of the median is within 3 % of it. */
export function isPrecise({ median, low, high }: Spread): boolean {
  return (
    low !== null && high !== null && median - low <= PRECISE * median && high - median <= PRECISE * median
  );
}

/** The same in another unit. */
export function scaled({ median, low, high, p95, min, samples }: Spread, factor: number): Spread {
  return {
    median: median * factor,
    low: low === null ? null : low * factor,
    high: high === null ? null : high * factor,
    p95: p95 * factor,
    min: min * factor,
    samples,
  };
}

/**
 * Measures again and again until a look finds the median known well enough, or `isOver` says that the time for it is.
 * The values' spread is that with {@link LOOK_TAIL}.
 */
export async function repeat(
  measure: () => Promise<number>,
  isOver: (count: number) => boolean,
): Promise<{ readonly values: readonly number[]; readonly ended: Ended }> {
  const values: number[] = [];
  for (;;) {
    values.push(await measure());
    const isLast = isOver(values.length);
    if (!isLast && !LOOKS.includes(values.length)) continue;
    if (isPrecise(spread(values, LOOK_TAIL))) return { values, ended: 'precise' };
    if (isLast) return { values, ended: 'time' };
  }
}
