import { describe, expect, test } from 'vitest';
import { syntheticDigits } from '../../src/data/synthetic.ts';
import { mnistForm } from '../../src/pictures/center.ts';
import type { Picture } from '../../src/pictures/picture.ts';
import { preparePicture } from '../../src/pictures/prepare.ts';
import { type ImageTraits, traitsOfImages } from '../../src/pictures/traits.ts';

const mnist = { height: 28, width: 28 };
const digits = syntheticDigits({ train: 12, test: 1 }).train;
const digit = (n: number) => digits.images.subarray(784 * n, 784 * (n + 1));

type Shade = (x: number, y: number) => number;

/** A grey picture, 0 for black and 1 for white. */
function grey(width: number, height: number, shade: Shade): Picture {
  const data = Uint8Array.from({ length: width * height }, (_, i) =>
    Math.round(255 * Math.min(1, Math.max(0, shade(i % width, Math.floor(i / width))))),
  );
  return { width, height, channels: 1, data };
}

/** A picture with opacity: [grey, opacity] of each pixel. */
function transparent(
  width: number,
  height: number,
  shade: (x: number, y: number) => [number, number],
): Picture {
  const data = Uint8Array.from({ length: 2 * width * height }, (_, i) => {
    const pixel = shade((i >> 1) % width, Math.floor((i >> 1) / width));
    return Math.round(255 * (pixel[i & 1] ?? 0));
  });
  return { width, height, channels: 2, data };
}

/** Ink of a digit drawn large, its field's upper left corner at `left`, `top`: linear between pixels. */
function large(pixels: Uint8Array, side: number, left = 0, top = 0): Shade {
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x > 27 || y > 27 ? 0 : (pixels[28 * y + x] ?? 0) / 255;
  return (x, y) => {
    const [u, v] = [((x + 0.5 - left) * 28) / side - 0.5, ((y + 0.5 - top) * 28) / side - 0.5];
    const [column, row] = [Math.floor(u), Math.floor(v)];
    const upper = at(column, row) + (u - column) * (at(column + 1, row) - at(column, row));
    const lower = at(column, row + 1) + (u - column) * (at(column + 1, row + 1) - at(column, row + 1));
    return upper + (v - row) * (lower - upper);
  };
}

/** A number from 0 to 1 for each pixel, without any pattern, the same in every run (Jenkins' one-at-a-time hash). */
function scattered(x: number, y: number): number {
  let hash = 0;
  for (const byte of [x & 255, x >> 8, y & 255, y >> 8]) {
    hash = (hash + byte) | 0;
    hash = (hash + (hash << 10)) | 0;
    hash ^= hash >>> 6;
  }
  hash = (hash + (hash << 3)) | 0;
  hash ^= hash >>> 11;
  hash = (hash + (hash << 15)) | 0;
  return (hash >>> 0) / 2 ** 32;
}

const onPaper =
  (ink: Shade): Shade =>
  (x, y) =>
    0.92 - 0.7 * ink(x, y);
const corner = (x: number, y: number) => Math.hypot(x - 100, y - 100) / 141;

/**
 * Ink that differs between two images, as a share of all ink. A centre of mass may round the other way, so images a
 * pixel apart are shifted first.
 */
function difference(a: Uint8Array, b: Uint8Array): number {
  const total = b.reduce((sum, value) => sum + value, 0);
  const shifts = [0, 1, -1, 28, -28, 29, -29, 27, -27];
  const sums = shifts.map((by) => a.reduce((sum, value, i) => sum + Math.abs(value - (b[i + by] ?? 0)), 0));
  return Math.min(...sums) / total;
}

/** Difference of an image from itself moved by half a pixel to the right and down: grey levels cannot be more exact. */
function halfPixel(image: Uint8Array): number {
  const moved = image.map((value, i) => {
    const [left = 0, above = 0, both = 0] = [image[i - 1], image[i - 28], image[i - 29]];
    return (value + left + above + both) / 4;
  });
  const total = image.reduce((sum, value) => sum + value, 0);
  return image.reduce((sum, value, i) => sum + Math.abs(value - (moved[i] ?? 0)), 0) / total;
}

/** Pictures of a digit as people make them; `ink` is a digit drawn 200 pixels wide. */
const kinds: readonly [string, (ink: Shade, pixels: Uint8Array) => Picture][] = [
  ['dark on light', (ink) => grey(200, 200, onPaper(ink))],
  ['light on dark', (ink) => grey(200, 200, (x, y) => 0.1 + 0.8 * ink(x, y))],
  ['faint', (ink) => grey(200, 200, (x, y) => 0.6 - 0.15 * ink(x, y))],
  ['in light that falls off', (ink) => grey(200, 200, (x, y) => onPaper(ink)(x, y) * (1 - 0.004 * x))],
  [
    'with a strong vignette',
    (ink) => grey(200, 200, (x, y) => onPaper(ink)(x, y) * (1 - 0.8 * corner(x, y) ** 2)),
  ],
  [
    'in a soft shadow',
    (ink) => grey(200, 200, (x, y) => onPaper(ink)(x, y) * (1 - 0.35 / (1 + Math.exp((150 - x) / 8)))),
  ],
  [
    'in a shadow with an edge',
    (ink) => grey(200, 200, (x, y) => onPaper(ink)(x, y) * (x + y > 250 ? 0.6 : 1)),
  ],
  ['with noise', (ink) => grey(200, 200, (x, y) => onPaper(ink)(x, y) + 0.1 * (scattered(x, y) - 0.5))],
  ['with pepper', (ink) => grey(200, 200, (x, y) => (scattered(x, y) < 0.002 ? 0 : onPaper(ink)(x, y)))],
  ['in a frame', (ink) => grey(200, 200, (x, y) => (frame(x, y, 200) === 4 ? 0.1 : onPaper(ink)(x, y)))],
  [
    'between black bars',
    (ink) => grey(200, 280, (x, y) => (y < 40 || y >= 240 ? 0 : onPaper(ink)(x, y - 40))),
  ],
  [
    'in a round mask',
    (ink) => grey(200, 200, (x, y) => (Math.hypot(x - 99.5, y - 99.5) > 100 ? 0 : onPaper(ink)(x, y))),
  ],
  [
    'as a tile on a page',
    (_, pixels) => {
      const ink = large(pixels, 112, 100, 90);
      const tile = (x: number, y: number) => x >= 100 && x < 212 && y >= 90 && y < 202;
      return grey(320, 300, (x, y) => (tile(x, y) ? ink(x, y) : 1));
    },
  ],
  [
    'on paper on a table',
    (ink) =>
      grey(400, 340, (x, y) => {
        const [u, v] = [x - 200 + 0.12 * (y - 170), y - 170 - 0.12 * (x - 200)];
        return Math.max(Math.abs(u), Math.abs(v)) < 125
          ? onPaper(ink)(x - 100, y - 70)
          : 0.25 + 0.05 * Math.sin(x / 5);
      }),
  ],
  ['black on nothing', (ink) => transparent(200, 200, (x, y) => [0, ink(x, y)])],
  ['white on nothing', (ink) => transparent(200, 200, (x, y) => [1, ink(x, y)])],
  [
    'on a card with nothing about it',
    (ink) =>
      transparent(240, 240, (x, y) => (frame(x, y, 240) < 20 ? [0, 0] : [onPaper(ink)(x - 20, y - 20), 1])),
  ],
  [
    'on paper that is half transparent',
    (ink) => transparent(200, 200, (x, y) => [1 - ink(x, y), ink(x, y) > 0.02 ? 1 : 0.4]),
  ],
  ['small on a large page', (_, pixels) => grey(900, 700, onPaper(large(pixels, 60, 620, 130)))],
];

/** Distance from the nearest edge, in steps of 4 pixels where it is below 20. */
function frame(x: number, y: number, side: number): number {
  const edge = Math.min(x, y, side - 1 - x, side - 1 - y);
  return edge < 20 && side === 200 ? edge & ~3 : edge;
}

/** Two digits, each read from a drawing that holds nothing else. */
const cleanly = [0, 1].map((n) => preparePicture(grey(200, 200, onPaper(large(digit(n), 200))), mnist, null));

describe('a digit is found', () => {
  test.each(kinds)('%s', (_, picture) => {
    for (const [n, clean] of cleanly.entries()) {
      const pixels = digit(n);
      expect(difference(clean.pixels, pixels)).toBeLessThan(0.25);
      const { pixels: found, notices } = preparePicture(picture(large(pixels, 200), pixels), mnist, null);
      expect(notices).toEqual([]);
      expect(difference(found, clean.pixels), `digit ${n}`).toBeLessThan(halfPixel(clean.pixels));
    }
  });

  test('whose strokes are broken', () => {
    for (const [n, clean] of cleanly.entries()) {
      const whole = large(digit(n), 200);
      const broken: Shade = (x, y) => (Math.abs(y - x / 4 - 75) < 3 ? 0 : whole(x, y));
      const { pixels, notices } = preparePicture(grey(200, 200, onPaper(broken)), mnist, null);
      expect(notices).toEqual([]);
      expect(difference(pixels, clean.pixels)).toBeLessThan(0.2);
    }
  });

  test('in colour', () => {
    const ink = large(digit(0), 200);
    const data = Uint8Array.from({ length: 120_000 }, (_, i) => {
      const pixel = Math.floor(i / 3);
      const amount = ink(pixel % 200, Math.floor(pixel / 200));
      const [paper = 0, pen = 0] =
        [
          [240, 30],
          [220, 60],
          [120, 170],
        ][i % 3] ?? [];
      return Math.round(paper + amount * (pen - paper));
    });
    const { pixels } = preparePicture({ width: 200, height: 200, channels: 3, data }, mnist, null);
    expect(difference(pixels, preparePicture(grey(200, 200, onPaper(ink)), mnist, null).pixels)).toBeLessThan(
      0.1,
    );
  });
});

describe('what an answer should say', () => {
  const codes = (picture: Picture, traits: ImageTraits | null = null) =>
    preparePicture(picture, mnist, traits).notices.map(({ code }) => code);

  test.each<[string, Shade]>([
    ['white', () => 1],
    ['black', () => 0],
    ['noise', (x, y) => 0.85 + 0.1 * (scattered(x, y) - 0.5)],
    ['a vignette', (x, y) => 0.9 - 0.5 * corner(x, y) ** 2],
    ['a few specks', (x, y) => (scattered(x, y) < 0.0005 ? 0.2 : 0.9)],
  ])('%s: no digit', (_, shade) => {
    const { pixels, notices } = preparePicture(grey(200, 200, shade), mnist, null);
    expect(notices.map(({ code }) => code)).toEqual(['blank']);
    expect(pixels).toEqual(new Uint8Array(784));
  });

  test('two digits side by side: several; the lines of one: none', () => {
    const [left, right] = [large(digit(0), 160, 10, 20), large(digit(1), 160, 150, 20)];
    expect(
      codes(
        grey(
          320,
          200,
          onPaper((x, y) => Math.max(left(x, y), right(x, y))),
        ),
      ),
    ).toEqual(['several']);
    expect(codes(grey(320, 200, onPaper(left)))).toEqual([]);
  });

  test('two digits one above the other: several', () => {
    const [upper, lower] = [large(digit(0), 160, 20, 0), large(digit(1), 160, 20, 150)];
    const both = onPaper((x, y) => Math.max(upper(x, y), lower(x, y)));
    expect(codes(grey(200, 320, both))).toEqual(['several']);
    expect(codes(grey(200, 320, onPaper(upper)))).toEqual([]);
  });

  test('strokes unlike the training images’', () => {
    const training = syntheticDigits({ train: 600, test: 1 });
    const traits = traitsOfImages(training.train, training.shape);
    expect(codes(grey(200, 200, onPaper(large(digit(3), 200))), traits)).toEqual([]);
    const blob: Shade = (x, y) => Number(Math.hypot(x - 100, y - 100) < 60);
    expect(codes(grey(200, 200, onPaper(blob)), traits)).toEqual(['unlike']);
  });
});

describe('what the model was trained on decides', () => {
  const light: ImageTraits = { ink: 'light', digits: mnistForm, likeness: null };
  const dark: ImageTraits = { ...light, ink: 'dark' };
  const asPicture = (pixels: Uint8Array, side = 28): Picture => ({
    width: side,
    height: side,
    channels: 1,
    data: pixels,
  });
  const inverted = (pixels: Uint8Array) => pixels.map((value) => 255 - value);

  test('a digit in its form goes in as its bytes are, whichever way round it is saved', () => {
    for (let n = 0; n < digits.count; n++) {
      const pixels = digit(n);
      for (const traits of [light, null]) {
        expect(preparePicture(asPicture(pixels), mnist, traits).pixels).toEqual(pixels);
        expect(preparePicture(asPicture(inverted(pixels)), mnist, traits).pixels).toEqual(pixels);
      }
      expect(preparePicture(asPicture(pixels), mnist, dark).pixels).toEqual(inverted(pixels));
      expect(preparePicture(asPicture(inverted(pixels)), mnist, dark).pixels).toEqual(inverted(pixels));
    }
  });

  test('a large drawing is brought into its ink', () => {
    const picture = grey(200, 200, onPaper(large(digit(0), 200)));
    const pixels = preparePicture(picture, mnist, light).pixels;
    expect(preparePicture(picture, mnist, dark).pixels).toEqual(inverted(pixels));
    expect(
      preparePicture(
        grey(9, 9, () => 1),
        mnist,
        dark,
      ).pixels,
    ).toEqual(new Uint8Array(784).fill(255));
  });

  test('what are no centred digits goes in as it is, or stretched', () => {
    const plain: ImageTraits = { ink: 'light', digits: null, likeness: null };
    const square = grey(28, 28, (x, y) => (x < 9 && y < 9 ? 0.8 : 0));
    expect(preparePicture(square, mnist, plain).pixels).toEqual(square.data);
    const twice = grey(56, 56, (x, y) => (x < 18 && y < 18 ? 0.8 : 0));
    expect(preparePicture(twice, mnist, plain).pixels).toEqual(square.data);
    const onWhite = grey(56, 56, (x, y) => (x < 18 && y < 18 ? 0.2 : 1));
    expect(preparePicture(onWhite, mnist, plain).pixels).toEqual(square.data);
    expect(preparePicture(onWhite, mnist, { ...plain, ink: null }).pixels).toEqual(inverted(square.data));
  });

  test('models that do not say are taken for MNIST’s if of 28 x 28, others take the whole picture', () => {
    const whole = grey(8, 8, (x, y) => (x < 3 && y < 3 ? 1 : 0));
    expect(preparePicture(whole, { height: 8, width: 8 }, null).pixels).toEqual(whole.data);
    expect(preparePicture(whole, mnist, null).pixels).not.toEqual(whole.data);
  });

  test('asked to, a picture goes in as it is, in grey, if it has the size', () => {
    const picture = grey(28, 28, (x, y) => 0.9 - 0.02 * x - 0.01 * y);
    expect(preparePicture(picture, mnist, light, { asIs: true }).pixels).toEqual(picture.data);
    const read = () =>
      preparePicture(
        grey(29, 28, () => 1),
        mnist,
        light,
        { asIs: true },
      );
    expect(read).toThrow('29 x 28 pixels');
  });
});
