import { describe, expect, test } from 'vitest';
import { estimateCycles, type Product, TILES, tileFor, tilesOf } from '../../src/train/kernels/tiles.ts';

const estimate = (product: Product) => estimateCycles(tileFor(product), product);
const powers = (from: number, to: number) =>
  Array.from({ length: Math.log2(to / from) + 1 }, (_, i) => from * 2 ** i);

test.each(TILES)(
  'a tile of $side, $registers, $workgroup cuts evenly and fits the default limits',
  (tile) => {
    const { side, registers, workgroup } = tile;
    const lanes = side / registers;
    const slices = workgroup / lanes ** 2;
    const chunk = (8 * workgroup) / side;
    // Invocations are laid out in 2 x 2 squares, and stage 4 x 4 blocks.
    expect(lanes % 2).toBe(0);
    expect(chunk % 4).toBe(0);
    expect(slices).toBeGreaterThanOrEqual(1);
    expect(chunk % slices).toBe(0);
    expect(64 * workgroup).toBeLessThanOrEqual(16_384);
  },
);

describe('the tile chosen', () => {
  test.each([
    ['large for large products', { m: 4096, n: 4096, k: 4096 }, 128],
    ['smaller where it would leave cores idle', { m: 1024, n: 1024, k: 1024 }, 64],
    ['small for a layer of 784-100-10 at batch 32', { m: 32, n: 100, k: 784 }, 8],
    ['large enough for as many rows as need it', { m: 8_000_000, n: 1, k: 1 }, 128],
    ['the largest where none is large enough', { m: 1, n: 100_000_000, k: 1 }, 128],
  ])('is %s', (_, product, side) => {
    expect(tileFor(product).side).toBe(side);
  });

  test('is of one side where only those are to choose from', () => {
    const product = { m: 32, n: 100, k: 784 };
    for (const side of [32, 64, 128]) expect(tileFor(product, tilesOf(side)).side).toBe(side);
    expect(() => tilesOf(33)).toThrow(RangeError);
  });

  test('has no cliff: twice the batch is estimated to take longer, and at most twice as long', () => {
    for (const width of powers(32, 4096)) {
      for (const batch of powers(32, 2048)) {
        const layer = { n: width, k: 784 };
        const [once, twice] = [batch, 2 * batch].map((m) => estimate({ ...layer, m }));
        expect(twice, `${width} wide, batch ${batch}`).toBeGreaterThanOrEqual(once ?? Number.NaN);
        expect(twice, `${width} wide, batch ${batch}`).toBeLessThanOrEqual(2 * (once ?? Number.NaN));
        const gradient = { m: 785, n: width };
        const [less, more] = [batch, 2 * batch].map((k) => estimate({ ...gradient, k }));
        expect(more, `${width} wide, batch ${batch}`).toBeGreaterThanOrEqual(less ?? Number.NaN);
        expect(more, `${width} wide, batch ${batch}`).toBeLessThanOrEqual(2 * (less ?? Number.NaN));
      }
    }
  });
});
