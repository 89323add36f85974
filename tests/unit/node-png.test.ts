import { encode, type ImageData as Png } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { syntheticDigits } from '../../src/data/synthetic.ts';
import { imageFromPng, isPng } from '../../src/node/png.ts';
import { centerDigit } from '../../src/pictures/center.ts';

const mnistShape = { height: 28, width: 28 };
const digit = syntheticDigits({ train: 1, test: 1 }).train.images;
const centered = centerDigit(digit, 28, 28);
const pixels = Array.from(digit);

const read = (png: Png, shape = mnistShape, interlace: 'null' | 'Adam7' = 'null') =>
  imageFromPng({ name: 'digit.png', bytes: encode(png, { interlace }) }, shape);
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
  test('light on dark', () => {
    expect(read(gray(digit))).toEqual(centered);
  });

  test('dark on light', () => {
    expect(distance(read(gray(digit.map((value) => 255 - value))), centered)).toBeLessThanOrEqual(1);
  });

  test('black on dark grey, where the background itself is dark', () => {
    const image = read(gray(Uint8Array.from(pixels, (value) => 100 - value * 0.39)));
    expect(distance(image, centered)).toBeLessThanOrEqual(8);
  });

  test('with 16 bits to a pixel', () => {
    expect(
      distance(
        read(
          gray(
            Uint16Array.from(pixels, (value) => 257 * value),
            16,
          ),
        ),
        centered,
      ),
    ).toBeLessThanOrEqual(1);
  });

  test('interlaced', () => {
    expect(read(gray(digit), mnistShape, 'Adam7')).toEqual(centered);
  });

  test('in colour', () => {
    const data = Uint8Array.from(pixels.flatMap((value) => [255, 255 - value, 255 - value]));
    expect(distance(read({ width: 28, height: 28, channels: 3, data }), centered)).toBeLessThanOrEqual(1);
  });

  test('with a palette', () => {
    const palette = Array.from({ length: 256 }, (_, i) => [255 - i, 255 - i, 255 - i]);
    expect(distance(read({ ...gray(digit), palette }), centered)).toBeLessThanOrEqual(1);
  });

  test('black on transparent, whatever colour transparent pixels have', () => {
    for (const hidden of [0, 255]) {
      const data = Uint8Array.from(pixels.flatMap((value) => (value === 0 ? [hidden, 0] : [0, value])));
      expect(read({ width: 28, height: 28, channels: 2, data })).toEqual(centered);
    }
  });

  test('white on transparent', () => {
    const data = Uint8Array.from(pixels.flatMap((value) => [255, 255, 255, value]));
    expect(read({ width: 28, height: 28, channels: 4, data })).toEqual(centered);
  });

  test('on opaque paper in an image with opacity', () => {
    const data = Uint8Array.from(pixels.flatMap((value) => [255 - value, 255 - value, 255 - value, 255]));
    expect(distance(read({ width: 28, height: 28, channels: 4, data }), centered)).toBeLessThanOrEqual(1);
  });

  test('larger, and off the middle', () => {
    const [width, height, scale] = [200, 150, 4];
    const data = new Uint8Array(width * height).fill(250);
    for (let y = 0; y < 28 * scale; y++) {
      for (let x = 0; x < 28 * scale; x++) {
        const ink = pixels[Math.floor(y / scale) * 28 + Math.floor(x / scale)] ?? 0;
        data[(y + 30) * width + x + 70] = 250 - ink * 0.9;
      }
    }
    expect(distance(read({ width, height, channels: 1, data }), centered)).toBeLessThanOrEqual(2);
  });
});

test('one bit to a pixel: rows are padded to whole bytes', () => {
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
  expect(read({ width: 28, height: 28, channels: 1, depth: 1, data })).toEqual(expected);
});

test('noise of the paper is no ink', () => {
  const noisy = Uint8Array.from(pixels, (value, i) => 255 - Math.max(value, (i * 7919) % 12));
  expect(distance(read(gray(noisy)), centered)).toBeLessThanOrEqual(16);
});

test('for models of another size the whole image is stretched, by the mean over what a pixel covers', () => {
  const data = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0, 0);
  const image = imageFromPng(
    { name: 'a.png', bytes: encode({ width: 4, height: 4, channels: 1, data }) },
    { height: 2, width: 3 },
  );
  // Of 4 columns, each of 3 covers 4/3: the last pixel has 3/4 of the right column, the first 3/4 of the left.
  expect([...image]).toEqual([0, 0, 255, 255, 0, 0]);
});

describe('what shows nothing or is damaged is refused', () => {
  const bytes = encode(gray(digit));
  const decode = (damaged: Uint8Array) => () => imageFromPng({ name: 'bad.png', bytes: damaged }, mnistShape);
  const badData = (message: RegExp) =>
    expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(message) });

  test('one colour only', () => {
    expect(() => read(gray(new Uint8Array(784).fill(200)))).toThrow(badData(/digit\.png is blank/));
  });

  test('transparent everywhere', () => {
    const data = new Uint8Array(784 * 4);
    expect(() => read({ width: 28, height: 28, channels: 4, data })).toThrow(badData(/blank/));
  });

  test('cut anywhere', () => {
    for (let length = 8; length < bytes.length; length += 7) {
      expect(decode(bytes.subarray(0, length)), `${length} bytes`).toThrow(
        badData(/bad\.png is (cut|a damaged)/),
      );
    }
  });

  test('one byte changed anywhere', () => {
    for (let i = 8; i < bytes.length - 4; i += 5) {
      const changed = Uint8Array.from(bytes);
      changed[i] = (changed[i] ?? 0) ^ 0x55;
      expect(decode(changed), `byte ${i}`).toThrow(badData(/bad\.png/));
    }
  });

  test('a header that names a giant, before anything is allocated', () => {
    const giant = Uint8Array.from(bytes);
    new DataView(giant.buffer).setUint32(16, 1_000_000);
    new DataView(giant.buffer).setUint32(20, 1_000_000);
    expect(decode(giant)).toThrow(badData(/1000000 x 1000000 pixels/));
  });

  test('interlaced with less than 8 bits, which the decoder would get wrong', () => {
    const low = Uint8Array.from(bytes);
    low[24] = 4;
    low[28] = 1;
    expect(decode(low)).toThrow(badData(/interlaced/));
  });
});

test('a PNG file is known by its first bytes', () => {
  expect(isPng(encode(gray(digit)))).toBe(true);
  expect(isPng(Uint8Array.of(0x89, 0x50, 0x4e, 0x47))).toBe(false);
  expect(isPng(new Uint8Array(100))).toBe(false);
});
