/** Microseconds of a step, by the names of plans; null where a plan does not compile, or took too long to. */
export type PlanTimes = Readonly<Record<string, number | null>>;

/** Keeps beyond the process how long the plans' steps took. */
export interface PlanMemory {
  /** What was kept for `key`, a string that names adapter, driver, shape and versions; undefined for nothing. */
  get(key: string): Promise<PlanTimes | undefined>;
  /** Keeps `times` for `key` in the place of what was kept. */
  set(key: string, times: PlanTimes): Promise<void>;
}

/** Times of this process. */
const known = new Map<string, PlanTimes>();

/** Keeps times for as long as the process lives, and beyond it in `lasting`. */
export function processMemory(lasting?: PlanMemory): PlanMemory {
  return {
    get: async (key) => known.get(key) ?? lasting?.get(key),
    set: async (key, times) => {
      known.set(key, times);
      await lasting?.set(key, times);
    },
  };
}

/**
 * Those that a start has to try, in their order: the fastest of those that have a time, and before it none, behind it all that
 * have none.
 */
export function toTry<T extends { readonly name: string }>(
  plans: readonly [T, ...T[]],
  times: PlanTimes,
): readonly [T, ...T[]] {
  const timeOf = ({ name }: T) => times[name] ?? Number.POSITIVE_INFINITY;
  const known = plans.filter((plan) => Number.isFinite(timeOf(plan)));
  const untried = plans.filter(({ name }) => times[name] === undefined);
  const fastest = known.toSorted((a, b) => timeOf(a) - timeOf(b)).slice(0, 1);
  const [first = plans[0], ...others] = [...fastest, ...untried];
  return [first, ...others];
}

/**
 * What is known after a start.
 *
 * A busy machine makes all of a start's times longer. So they are kept as they would have been before, by the plan that has been
 * timed in both starts; without one, times of another start are no use.
 *
 * @param before what was known
 * @param again the fastest of those that had a time
 * @param timed microseconds of a step, in this start
 * @param uncompiled those that do not compile, or took too long to
 */
export function learned(
  before: PlanTimes,
  again: string,
  timed: Readonly<Record<string, number>>,
  uncompiled: readonly string[],
): PlanTimes {
  const [then, now] = [before[again], timed[again]];
  const isComparable = typeof then === 'number' && now !== undefined;
  const factor = isComparable ? then / now : 1;
  const scaled = Object.entries(timed).map(([name, time]) => [name, factor * time] as const);
  return {
    ...Object.fromEntries(scaled),
    ...(isComparable && before),
    ...Object.fromEntries(uncompiled.map((name) => [name, null])),
  };
}
