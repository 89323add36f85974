import { describe, expect, test } from 'vitest';
import { syntheticDigits } from '../../src/data/synthetic.ts';
import { centerDigit, type DigitForm, mnistForm } from '../../src/pictures/center.ts';
import { unlikeness } from '../../src/pictures/likeness.ts';
import { encodeTraits, traitsOf, traitsOfImages } from '../../src/pictures/traits.ts';

const { train, test: held, shape } = syntheticDigits({ train: 1200, test: 600 });
const image = (images: Uint8Array, i: number) => images.subarray(784 * i, 784 * (i + 1));

/** `count` images of one size, drawn by a rule. */
function images(count: number, side: number, pixel: (n: number, x: number, y: number) => number) {
  const drawn = Uint8Array.from({ length: count * side * side }, (_, i) => {
    const within = i % (side * side);
    return pixel(Math.floor(i / (side * side)), within % side, Math.floor(within / side));
  });
  return { images: drawn, count };
}

const traits = traitsOfImages(train, shape);

describe('what training images are like', () => {
  test('digits in MNIST’s form, light on dark', () => {
    expect(traits.ink).toBe('light');
    expect(traits.digits).toEqual(mnistForm);
  });

  test('the same, inverted', () => {
    const inverted = { images: train.images.map((value) => 255 - value), count: train.count };
    expect(traitsOfImages(inverted, shape)).toEqual({ ...traits, ink: 'dark' });
  });

  test('digits of another size, centred by their boxes', () => {
    const form: DigitForm = { height: 32, width: 32, box: 26, by: 'box', x: 16, y: 16 };
    const brought = { images: new Uint8Array(300 * 1024), count: 300 };
    for (let i = 0; i < 300; i++)
      brought.images.set(centerDigit(image(train.images, i), 28, 28, form), 1024 * i);
    expect(traitsOfImages(brought, { height: 32, width: 32 }).digits).toMatchObject({ box: 26, by: 'box' });
  });

  test('digits that lie anywhere are not centred', () => {
    const moved = { images: new Uint8Array(300 * 1600), count: 300 };
    for (let i = 0; i < 300; i++) {
      for (let y = 0; y < 28; y++) {
        const row = image(train.images, i).subarray(28 * y, 28 * (y + 1));
        moved.images.set(row, 1600 * i + 40 * (y + (i % 12)) + ((5 * i) % 12));
      }
    }
    expect(traitsOfImages(moved, { height: 40, width: 40 })).toMatchObject({ ink: 'light', digits: null });
  });

  test.each([
    [
      'squares whose place tells the class',
      (n: number, x: number, y: number) =>
        Math.abs(x - 6 - 14 * (n % 2)) < 4 && Math.abs(y - 8) < 4 ? 200 + (n % 50) : 0,
    ],
    [
      'things that fill the frame',
      (n: number, x: number, y: number) =>
        Math.abs(x - 13.5) / (6 + (n % 8)) + Math.abs(y - 13.5) / 14.2 < 1 ? 120 + (n % 80) : 0,
    ],
    [
      'squares in the middle',
      (_: number, x: number, y: number) => (Math.max(Math.abs(x - 13.5), Math.abs(y - 13.5)) < 10 ? 255 : 0),
    ],
  ])('%s are no digits', (_, pixel) => {
    expect(traitsOfImages(images(240, 28, pixel), shape)).toMatchObject({ ink: 'light', digits: null });
  });

  test('photos have no ground, and no images no traits', () => {
    const photos = images(240, 28, (n, x, y) => (n * 37 + x * 11 + y * 7) % 256);
    expect(traitsOfImages(photos, shape)).toEqual({ ink: null, digits: null, likeness: null });
    const none = { images: new Uint8Array(0), count: 0 };
    expect(traitsOfImages(none, shape)).toEqual({ ink: null, digits: null, likeness: null });
  });

  test('blank images are light ink or dark, but no digits', () => {
    expect(
      traitsOfImages(
        images(240, 28, () => 0),
        shape,
      ),
    ).toMatchObject({ ink: 'light', digits: null });
    expect(
      traitsOfImages(
        images(240, 28, () => 255),
        shape,
      ),
    ).toMatchObject({ ink: 'dark', digits: null });
  });
});

describe('likeness', () => {
  const { likeness } = traits;
  if (!likeness) throw new Error('there are enough images');
  const unlike = (pixels: Uint8Array) => unlikeness(pixels, shape, likeness);

  test('of digits that were not learned from, few are unlike', () => {
    const alarms = Array.from({ length: held.count }, (_, i) => unlike(image(held.images, i))).filter(
      (d) => d > 1,
    );
    expect(alarms.length).toBeLessThanOrEqual(0.02 * held.count);
  });

  test.each<[string, (x: number, y: number) => number]>([
    ['nothing', () => 0],
    ['everything', () => 255],
    ['a filled square', (x, y) => (Math.max(Math.abs(x - 13.5), Math.abs(y - 13.5)) < 10 ? 255 : 0)],
    ['stripes', (x) => (x % 4 < 2 ? 255 : 0)],
    ['a gradient', (x, y) => 4 * (x + y)],
    ['noise', (x, y) => (x * 7919 + y * 104729 + x * y * 31) % 256],
  ])('%s is unlike them', (_, pixel) => {
    expect(unlike(images(1, 28, (_n, x, y) => pixel(x, y)).images)).toBeGreaterThan(1);
  });
});

describe('traits in a model file', () => {
  test('are read as they were written, in little space', () => {
    expect(traitsOf(JSON.parse(encodeTraits(traits)))).toEqual(traits);
    expect(encodeTraits(traits).length).toBeLessThan(2000);
  });

  test.each([null, 7, 'light', [], {}, { ink: 'red' }])('%j says none', (value) => {
    expect(traitsOf(value)).toBeNull();
  });

  test.each([
    { box: 1e9 },
    { box: 0 },
    { width: -28 },
    { height: 28.5 },
    { by: 'luck' },
    { x: null },
    { y: 29 },
  ])('a form with %j is none', (odd) => {
    expect(traitsOf({ ink: 'light', digits: { ...mnistForm, ...odd }, likeness: null })).toEqual({
      ink: 'light',
      digits: null,
      likeness: null,
    });
  });

  test.each([
    { mean: [1, 2] },
    { covariance: 'x' },
    { limit: -1 },
    { limit: 'big' },
    { mean: Array(12).fill(null) },
  ])('a likeness with %j is none', (odd) => {
    expect(
      traitsOf({ ink: 'light', digits: null, likeness: { ...traits.likeness, ...odd } })?.likeness,
    ).toBeNull();
  });
});
