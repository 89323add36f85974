/**
 * The sum of `values` in the order in which NumPy adds a contiguous float64 array, so that averages agree with
 * its own to the last bit: one by one below 8 values, in eight interleaved sums up to 128, else by halves.
 * Source: `DOUBLE_pairwise_sum` in numpy/core/src/umath/loops_utils.h.src.
 */
export function pairwiseSum(values: readonly number[]): number {
  const count = values.length;
  if (count < 8) return values.reduce((sum, value) => sum + value, 0);
  if (count > 128) {
    const half = Math.floor(count / 2) - (Math.floor(count / 2) % 8);
    return pairwiseSum(values.slice(0, half)) + pairwiseSum(values.slice(half));
  }
  const [a, b, c, d, e, f, g, h] = Array.from({ length: 8 }, (_, lane) => {
    let sum = values[lane] as number;
    for (let i = lane + 8; i < count - (count % 8); i += 8) sum += values[i] as number;
    return sum;
  }) as [number, number, number, number, number, number, number, number];
  const eighths = a + b + (c + d) + (e + f + (g + h));
  return values.slice(count - (count % 8)).reduce((sum, value) => sum + value, eighths);
}

/** `numpy.average(values, weights=weights)`; the plain mean without weights. */
export function average(values: readonly number[], weights?: readonly number[]): number {
  if (!weights) return pairwiseSum(values) / values.length;
  const weighted = values.map((value, i) => value * (weights[i] as number));
  return pairwiseSum(weighted) / pairwiseSum(weights);
}

/**
 * Python's `f'{value:.{digits}f}'` of a finite number, 0 or greater: the exact binary value, rounded half to even.
 * `Number.prototype.toFixed` rounds half up, so that 0.125 becomes 0.13 there and 0.12 here.
 */
export function formatFixed(value: number, digits: number): string {
  let [numerator, shift] = [value, 0n];
  while (numerator % 1 > 0) {
    numerator *= 2;
    shift += 1n;
  }
  const scaled = BigInt(numerator) * 10n ** BigInt(digits);
  const floor = scaled >> shift;
  const twice = (scaled - (floor << shift)) * 2n;
  const one = 1n << shift;
  const rounded = twice > one || (twice === one && floor % 2n === 1n) ? floor + 1n : floor;
  const text = String(rounded).padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
