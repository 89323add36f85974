/** Float64 twins of the kernels that measure a device's limits, `shaders/floor_*.wgsl`. */

/** The counters after one more dispatch. */
export function floorEmpty(counter: ArrayLike<number>): Float64Array {
  return Float64Array.from(counter, (count) => count + 1);
}

export function floorCopy(source: ArrayLike<number>): Float64Array {
  return Float64Array.from(source);
}

/**
 * y [start.length]: for each i, the sum over j from 0 to `vectors` - 1 of v = start[i] + j after v = a v + b, `rounds`
 * times.
 */
export function floorFma(
  { rounds, vectors }: { readonly rounds: number; readonly vectors: number },
  a: number,
  b: number,
  start: ArrayLike<number>,
): Float64Array {
  return Float64Array.from(start, (first) => {
    let sum = 0;
    for (let j = 0; j < vectors; j++) {
      let v = first + j;
      for (let round = 0; round < rounds; round++) v = a * v + b;
      sum += v;
    }
    return sum;
  });
}

/** y [start.length]: for each i, the sum over k of start[i] x[k]. */
export function floorFmaShared(x: ArrayLike<number>, start: ArrayLike<number>): Float64Array {
  return Float64Array.from(start, (w) => {
    let sum = 0;
    for (let k = 0; k < x.length; k++) sum += w * (x[k] ?? Number.NaN);
    return sum;
  });
}
