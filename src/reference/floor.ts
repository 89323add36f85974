/** Float64 twins of the kernels that measure a device's limits, `shaders/floor_*.wgsl`. */

/** The counters after one more dispatch. */
export function floorEmpty(counter: ArrayLike<number>): Float64Array {
  return Float64Array.from(counter, (count) => count + 1);
}

export function floorCopy(source: ArrayLike<number>): Float64Array {
  return Float64Array.from(source);
}

/**
 * y [start.length]: for each i, the sum over j from 0 to 5 of v = start[i] + j after v = a v + b, `rounds` times.
 *
 * @param a factors of a vec4's four lanes
 * @param b summands of a vec4's four lanes
 */
export function floorFma(
  rounds: number,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  start: ArrayLike<number>,
): Float64Array {
  return Float64Array.from(start, (first, i) => {
    const [factor, summand] = [a[i % 4] ?? Number.NaN, b[i % 4] ?? Number.NaN];
    let sum = 0;
    for (let j = 0; j < 6; j++) {
      let v = first + j;
      for (let round = 0; round < rounds; round++) v = factor * v + summand;
      sum += v;
    }
    return sum;
  });
}
