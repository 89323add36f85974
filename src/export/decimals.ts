/** Digits that tell any float32 from its neighbours. */
const ENOUGH = 9;
/** So many digits of a decimal survive float32, in its normal range: with more, nothing shorter is missed. */
const FEWEST = 6;
const LEAST_NORMAL = 2 ** -126;

/**
 * The shortest decimal that is this float32 and no other, once it is rounded to float32: 0.1, where the number itself is
 * 0.100000001490116...
 */
export function shortestDecimal(value: number): string {
  // JSON has -0, but some readers take it for a whole number, which has no sign there.
  if (Object.is(value, -0)) return '-0.0';
  const fewest = Math.abs(value) < LEAST_NORMAL ? 1 : FEWEST;
  for (let digits = fewest; digits < ENOUGH; digits++) {
    const decimal = Number(value.toPrecision(digits));
    if (Math.fround(decimal) === value) return String(decimal);
  }
  return String(Number(value.toPrecision(ENOUGH)));
}
