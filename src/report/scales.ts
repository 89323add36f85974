/** What an axis shows. */
export interface Scale {
  readonly min: number;
  readonly max: number;
  /** Where its ticks are, from `min` to `max`. */
  readonly ticks: readonly number[];
}

/** The least of 1, 2 and 5 times a power of ten that is `least` or greater. */
export function roundStep(least: number): number {
  const unit = 10 ** Math.floor(Math.log10(least));
  return unit * ([1, 2, 5].find((candidate) => candidate * unit >= 0.999 * least) ?? 10);
}

/** From 0 to a round number above the greatest of `losses`, in about five steps; to 1 where there are none. */
export function lossScale(losses: readonly number[]): Scale {
  const greatest = losses.reduce((most, loss) => Math.max(most, loss), 0) || 1;
  const step = roundStep(greatest / 5.5);
  return { min: 0, ...upwards(0, step, Math.ceil(greatest / step)) };
}

/**
 * A logarithmic scale around those of `losses` that are above 0, from 1, 2 or 5 times a power of ten to another; with ticks
 * at all such numbers or, where these are many, at the powers alone. Where some losses are 0, there is room below the
 * others: 0 lies on the lower edge.
 */
export function logLossScale(losses: readonly number[]): Scale {
  const positive = losses.filter((loss) => loss > 0);
  const least = positive.reduce((low, loss) => Math.min(low, loss), positive[0] ?? 0.1);
  const greatest = positive.reduce((most, loss) => Math.max(most, loss), positive[0] ?? 1);
  const [low, high] = [Math.floor(Math.log10(least)) - 1, Math.ceil(Math.log10(greatest)) + 1];
  const marks = Array.from({ length: high - low + 1 }, (_, i) => low + i).flatMap((power) =>
    [1, 2, 5].map((factor) => ({ factor, value: Number(`${factor}e${power}`) })),
  );
  const zeros = positive.length < losses.length;
  const below = marks.findLastIndex(({ value }) => value <= least) - (zeros ? 1 : 0);
  const above = marks.findIndex(({ value }, i) => value >= greatest && i > below);
  const within = marks.slice(Math.max(0, below), above + 1);
  const ticks = within.filter(({ factor }) => within.length <= 8 || factor === 1);
  const every = Math.ceil(ticks.length / 8);
  return {
    min: within[0]?.value ?? least,
    max: within.at(-1)?.value ?? greatest,
    ticks: ticks.filter((_, i) => i % every === 0).map(({ value }) => value),
  };
}

/** From a round number below the least of `shares`, 0 where there are none, up to 100 %, in about five steps. */
export function accuracyScale(shares: readonly number[]): Scale {
  if (shares.length === 0) return { min: 0, ...upwards(0, 20, 5) };
  const least = 100 * shares.reduce((low, share) => Math.min(low, share), 1);
  const step = [0.2, 0.5, 1, 2, 5, 10].find((candidate) => (100 - least) / candidate <= 5.5) ?? 20;
  const steps = Math.max(2, Math.ceil((100 - least) / step));
  // From 100 downwards, so that rounding cannot put a tick beside 100.
  const ticks = [...upwards(100 - step * steps, step, steps - 1).ticks, 100];
  return { min: ticks[0] ?? 0, max: 100, ticks };
}

/** A thin line behind curves makes their axis longer, but at most by this factor. */
const STRETCHED = 1.5;

/**
 * What an axis is to cover of a line that is drawn behind curves: its values, unless they are more than half as far again from
 * where the axis begins as any of the curves; these it covers to there. The first batches of a training are far off, and must
 * not press the curves flat; but a line that fits is not cut.
 *
 * @param values of the curves; where there are none, the line's own are covered
 * @param begin where the axis begins: a loss of 0, an accuracy of 100 %
 */
export function stretched(line: readonly number[], values: readonly number[], begin: number): number[] {
  const drawn = line.filter(Number.isFinite);
  if (values.length === 0) return drawn;
  const most = STRETCHED * values.reduce((far, value) => Math.max(far, Math.abs(value - begin)), 0);
  return drawn.map((value) => begin + Math.min(most, Math.max(-most, value - begin)));
}

function upwards(min: number, step: number, steps: number): Pick<Scale, 'max' | 'ticks'> {
  const ticks = Array.from({ length: steps + 1 }, (_, i) => Number((min + i * step).toPrecision(12)));
  return { max: ticks.at(-1) ?? min, ticks };
}
