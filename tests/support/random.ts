import { CounterRandom } from '../../src/data/random.ts';

/** Test data that is the same in every run: one sequence for each `seed`. */
export function randomData(seed: number) {
  const random = new CounterRandom(seed, 0);
  return {
    /** Floats in [-scale, scale), exact in float32. */
    floats: (length: number, scale = 1) =>
      Float64Array.from({ length }, () => Math.fround(scale * (2 * random.uniform() - 1))),
    bytes: (length: number, below = 256) => Uint8Array.from({ length }, () => random.below(below)),
    indices: (length: number, below: number) => Uint32Array.from({ length }, () => random.below(below)),
  };
}
