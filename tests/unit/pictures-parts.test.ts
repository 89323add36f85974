import { describe, expect, test } from 'vitest';
import { boxAround, componentsOf, contains, gapBetween } from '../../src/pictures/components.ts';
import { grainOf, meanOfHigh } from '../../src/pictures/contrast.ts';
import { closing, opening, smooth } from '../../src/pictures/morphology.ts';
import { lightOf } from '../../src/pictures/plane.ts';
import { visible } from '../../src/pictures/transparency.ts';

/** The same numbers from 0 to 1 in every run. */
const scattered = (count: number) =>
  Float32Array.from({ length: count }, (_, i) => ((i * 7919 + 13) % 97) / 97);

/** Closing by its definition: the least, over all squares that contain a pixel, of the greatest value in each. */
function closingByDefinition(values: Float32Array, region: Uint8Array, width: number, radius: number) {
  const height = values.length / width;
  const square = (x: number, y: number, value: (i: number) => number, start: number) => {
    let most = start;
    for (let v = y - radius; v <= y + radius; v++) {
      for (let u = x - radius; u <= x + radius; u++) {
        const inside = u >= 0 && v >= 0 && u < width && v < height && region[v * width + u];
        if (inside) most = Math.max(most, value(v * width + u));
      }
    }
    return most;
  };
  return values.map((_, i) => {
    if (!region[i]) return 0;
    const [x, y] = [i % width, Math.floor(i / width)];
    let least = Infinity;
    for (let v = y - radius; v <= y + radius; v++) {
      for (let u = x - radius; u <= x + radius; u++) {
        least = Math.min(
          least,
          square(u, v, (j) => values[j] ?? 0, -Infinity),
        );
      }
    }
    return least;
  });
}

describe('closing and opening', () => {
  test.each([
    [9, 7, 1],
    [12, 5, 2],
    [6, 11, 4],
  ])('%d x %d pixels, radius %d: what the definition says', (width, height, radius) => {
    const values = scattered(width * height);
    const region = Uint8Array.from(values, (_, i) => Number(i % 11 !== 3));
    const closed = closing({ width, height, values }, region, radius);
    expect(closed.values).toEqual(closingByDefinition(values, region, width, radius));
    const negative = { width, height, values: values.map((value) => -value) };
    expect(opening(negative, region, radius).values).toEqual(closed.values.map((value) => -value));
  });

  test('fills a stroke, and leaves a shadow and a bar along the edge as they are', () => {
    const [width, height] = [60, 40];
    const ground = (x: number) => (x < 3 ? 0 : x < 40 ? 0.9 : 0.5);
    const all = new Uint8Array(width * height).fill(1);
    const values = Float32Array.from(all, (_, i) => {
      const x = i % width;
      return x >= 20 && x < 25 ? 0.1 : ground(x);
    });
    const closed = closing({ width, height, values }, all, 6);
    expect(closed.values).toEqual(Float32Array.from(all, (_, i) => ground(i % width)));
  });
});

test('smoothing keeps an even region even, whatever lies outside of it', () => {
  const values = Float32Array.of(9, 0.5, 0.5, 9, 0.5, 0.5, 9, 9, 9);
  const region = Uint8Array.of(0, 1, 1, 0, 1, 1, 0, 0, 0);
  const smoothed = smooth({ width: 3, height: 3, values }, region, 2).values;
  expect([1, 2, 4, 5].map((i) => smoothed[i])).toEqual([0.5, 0.5, 0.5, 0.5]);
});

test('components hang together over corners, and have boxes and masses', () => {
  const map = ['##..#', '.#..#', '..#..'].join('');
  const weights = Float32Array.from(map, (pixel) => Number(pixel === '#') / 2);
  const { labels, components } = componentsOf((i) => map[i] === '#', weights, 5);
  expect(components).toEqual([
    { label: 1, left: 0, top: 0, width: 3, height: 3, area: 4, mass: 2 },
    { label: 2, left: 4, top: 0, width: 1, height: 2, area: 2, mass: 1 },
  ]);
  expect([...labels]).toEqual([1, 1, 0, 0, 2, 0, 1, 0, 0, 2, 0, 0, 1, 0, 0]);
  const [first, second] = components;
  if (!first || !second) throw new Error('two components');
  expect(boxAround([first, second])).toEqual({ left: 0, top: 0, width: 5, height: 3 });
  expect(gapBetween(first, second)).toBe(1);
  expect(contains(first, second)).toBe(false);
});

test('the grain of a ground is found beside ink, and the mean of what is high beside what is low', () => {
  const values = Float32Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? 0.8 : i % 2 ? 0.1 : 0.12));
  const { level, deviation } = grainOf(values, new Uint8Array(1000).fill(1));
  expect(level).toBeGreaterThan(0.09);
  expect(level).toBeLessThan(0.13);
  expect(deviation).toBeLessThan(0.04);
  expect(meanOfHigh(values)).toBeCloseTo(0.8, 1);
});

describe('brightness and opacity', () => {
  test('a large picture is brought to size by means, colour weighted by opacity', () => {
    const picture = { width: 4, height: 2, channels: 2 as const, data: new Uint8Array(16) };
    picture.data.set([255, 255, 0, 0, 51, 255, 51, 255]);
    picture.data.set([255, 255, 0, 0, 51, 255, 51, 255], 8);
    const { brightness, opacity } = lightOf(picture, 2);
    expect([brightness.width, brightness.height]).toEqual([2, 1]);
    expect([...brightness.values]).toEqual([1, expect.closeTo(0.2)]);
    expect([...opacity.values]).toEqual([0.5, 1]);
  });

  test.each([
    [1000, 700, 512, 358],
    [513, 1, 512, 1],
    [5000, 3000, 512, 307],
    [300, 200, 300, 200],
  ])('%d x %d pixels become %d x %d', (width, height, columns, rows) => {
    const picture = { width, height, channels: 1 as const, data: new Uint8Array(width * height).fill(102) };
    const { brightness } = lightOf(picture, 512);
    expect([brightness.width, brightness.height]).toEqual([columns, rows]);
    expect(brightness.values.every((value) => Math.abs(value - 0.4) < 1e-5)).toBe(true);
  });

  test('a white drawing on nothing is seen by its opacity, a sheet on nothing by its colours', () => {
    const size = { width: 20, height: 20 };
    const stroke = Float32Array.from({ length: 400 }, (_, i) => Number(i % 20 === 10));
    const white = { ...size, values: new Float32Array(400).fill(1) };
    expect(visible({ brightness: white, opacity: { ...size, values: stroke } }).brightness.values).toBe(
      stroke,
    );

    const sheet = Float32Array.from({ length: 400 }, (_, i) => Number(i % 20 > 3 && i % 20 < 16));
    const drawn = { ...size, values: stroke.map((value) => 1 - value) };
    const seen = visible({ brightness: drawn, opacity: { ...size, values: sheet } });
    expect(seen.brightness).toBe(drawn);
    expect(seen.region).toEqual(Uint8Array.from(sheet));
  });
});
