/** How measured values are spread, in their own unit. */
export interface Spread {
  readonly median: number;
  /** The value that 95 % do not exceed (nearest rank). */
  readonly p95: number;
  readonly min: number;
  /** How many values there are. */
  readonly samples: number;
}

/** @param values at least one */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (rank: number) => sorted[rank] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    p95: at(Math.ceil(0.95 * sorted.length) - 1),
    min: at(0),
    samples: sorted.length,
  };
}

/** The same in another unit. */
export function scaled({ median, p95, min, samples }: Spread, factor: number): Spread {
  return { median: median * factor, p95: p95 * factor, min: min * factor, samples };
}
