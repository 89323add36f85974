import { encode, type ImageData as Png } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { syntheticDigits } from '../../src/data/synthetic.ts';
import { decodePicture } from '../../src/node/decode.ts';
import { centerDigit } from '../../src/pictures/center.ts';
import { preparePicture } from '../../src/pictures/prepare.ts';

const mnistShape = { height: 28, width: 28 };
const digit = syntheticDigits({ train: 1, test: 1 }).train.images;
const centered = centerDigit(digit, 28, 28);
const pixels = Array.from(digit);

const prepare = async (png: Png, shape = mnistShape, interlace: 'null' | 'Adam7' = 'null') =>
  preparePicture(await decodePicture({ name: 'digit.png', bytes: encode(png, { interlace }) }), shape, null);
const read = async (...of: Parameters<typeof prepare>) => (await prepare(...of)).pixels;
const gray = (data: Uint8Array | Uint16Array, depth: 8 | 16 = 8): Png => ({
  width: 28,
  height: 28,
  channels: 1,
  depth,
  data,
});

/** Greatest difference of two images. */
const distance = (a: Uint8Array, b: Uint8Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);

describe('the same digit comes out however it was drawn', () => {
  test('light on dark', async () => {
    expect(await read(gray(digit))).toEqual(centered);
  });

  test('dark on light', async () => {
    expect(distance(await read(gray(digit.map((value) => 255 - value))), centered)).toBeLessThanOrEqual(1);
  });

  test('black on dark grey, where the background itself is dark', async () => {
    const image = await read(gray(Uint8Array.from(pixels, (value) => 100 - value * 0.39)));
    expect(distance(image, centered)).toBeLessThanOrEqual(8);
  });

  test('with 16 bits to a pixel', async () => {
    expect(
      distance(
        await read(
          gray(
            Uint16Array.from(pixels, (value) => 257 * value),
            16,
          ),
        ),
        centered,
      ),
    ).toBeLessThanOrEqual(1);
  });

  test('interlaced', async () => {
    expect(await read(gray(digit), mnistShape, 'Adam7')).toEqual(centered);
  });

  test('in colour', async () => {
    const data = Uint8Array.from(pixels.flatMap((value) => [255, 255 - value, 255 - value]));
    expect(distance(await read({ width: 28, height: 28, channels: 3, data }), centered)).toBeLessThanOrEqual(
      1,
    );
  });

  test('with a palette', async () => {
    const palette = Array.from({ length: 256 }, (_, i) => [255 - i, 255 - i, 255 - i]);
    expect(distance(await read({ ...gray(digit), palette }), centered)).toBeLessThanOrEqual(1);
  });

  test('black on transparent, whatever colour transparent pixels have', async () => {
    for (const hidden of [0, 255]) {
      const data = Uint8Array.from(pixels.flatMap((value) => (value === 0 ? [hidden, 0] : [0, value])));
      expect(await read({ width: 28, height: 28, channels: 2, data })).toEqual(centered);
    }
  });

  test('white on transparent', async () => {
    const data = Uint8Array.from(pixels.flatMap((value) => [255, 255, 255, value]));
    const image = await read({ width: 28, height: 28, channels: 4, data });
    expect(distance(image, centered)).toBeLessThanOrEqual(1);
  });

  test('on opaque paper in an image with opacity', async () => {
    const data = Uint8Array.from(pixels.flatMap((value) => [255 - value, 255 - value, 255 - value, 255]));
    expect(distance(await read({ width: 28, height: 28, channels: 4, data }), centered)).toBeLessThanOrEqual(
      1,
    );
  });

  test('larger, and off the middle', async () => {
    const [width, height, scale] = [400, 300, 8];
    const data = new Uint8Array(width * height).fill(250);
    for (let y = 0; y < 28 * scale; y++) {
      for (let x = 0; x < 28 * scale; x++) {
        const ink = pixels[Math.floor(y / scale) * 28 + Math.floor(x / scale)] ?? 0;
        data[(y + 40) * width + x + 110] = 250 - ink * 0.9;
      }
    }
    const image = await read({ width, height, channels: 1, data });
    const total = centered.reduce((sum, value) => sum + value, 0);
    const off = image.reduce((sum, value, i) => sum + Math.abs(value - (centered[i] ?? 0)), 0);
    expect(off / total).toBeLessThan(0.1);
  });
});

test('one bit to a pixel: rows are padded to whole bytes', async () => {
  const rows = 28;
  const data = new Uint8Array(rows * 4);
  for (const [i, value] of pixels.entries()) {
    const column = i % 28;
    if (value > 127)
      data[Math.floor(i / 28) * 4 + (column >> 3)] =
        (data[Math.floor(i / 28) * 4 + (column >> 3)] ?? 0) | (128 >> (column & 7));
  }
  const expected = centerDigit(
    Uint8Array.from(pixels, (value) => (value > 127 ? 1 : 0)),
    28,
    28,
  );
  expect(await read({ width: 28, height: 28, channels: 1, depth: 1, data })).toEqual(expected);
});

test('noise of the paper is no ink', async () => {
  const noisy = Uint8Array.from(pixels, (value, i) => 255 - Math.max(value, (i * 7919) % 12));
  expect(distance(await read(gray(noisy)), centered)).toBeLessThanOrEqual(16);
});

test('for models of another size the whole image is stretched, by the mean over what a pixel covers', async () => {
  const data = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0, 0);
  const image = await read({ width: 4, height: 4, channels: 1, data }, { height: 2, width: 3 });
  // Of 4 columns, each of 3 covers 4/3: the last pixel has 3/4 of the right column, the first 3/4 of the left.
  expect([...image]).toEqual([0, 0, 96, 96, 0, 0]);
});

test.each([
  ['one colour only', gray(new Uint8Array(784).fill(200))],
  ['transparent everywhere', { width: 28, height: 28, channels: 4, data: new Uint8Array(784 * 4) } as const],
])('what shows nothing is no digit, and said to be none: %s', async (_, png) => {
  const { pixels, notices } = await prepare(png);
  expect(pixels).toEqual(new Uint8Array(784));
  expect(notices.map(({ code }) => code)).toEqual(['blank']);
});
