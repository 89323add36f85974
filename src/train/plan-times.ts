/** Microseconds of a step, by the names of plans; null where a plan's compiler took too long. */
export type PlanTimes = Readonly<Record<string, number | null>>;

/** Keeps beyond the process how long the plans' steps took. */
export interface PlanMemory {
  get(key: string): Promise<PlanTimes | undefined>;
  set(key: string, times: PlanTimes): Promise<void>;
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
