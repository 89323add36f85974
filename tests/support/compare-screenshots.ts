import { decode, encode } from 'fast-png';
import pixelmatch from 'pixelmatch';

/** A picture: [height, width, red green blue alpha]. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** So many pixels in each direction become one: antialiasing and small shifts of texts all but vanish. */
const REDUCTION = 4;

/** Colours of one channel that a kept picture tells apart: files get small. */
const LEVELS = 32;

/** Distance of two pixels that counts as a difference, where 1 is that of black from white. */
const DIFFERS = 0.1;

/** Differences are counted in every square of so many reduced pixels, so that a large page hides no small break. */
const WINDOW = 16;

/**
 * The most differences in such a square, a tenth of it. On the trained page, a line of text that is one pixel off makes
 * 6 %; a bar or a button that is not there, or a panel that is 12 pixels off, 12 % and more.
 */
const MOST = 0.1 * WINDOW ** 2;

/** Most rows, of reduced pixels, by which heights may differ. */
const MOST_ROWS = 1;

export interface Difference {
  /** What is wrong; empty where the pictures are alike. */
  readonly text: string;
  /** The most pixels of a square that differ. */
  readonly most: number;
  /** The differences in red, over the first picture; where only one picture is, nothing is compared. */
  readonly picture: Picture;
}

/** The means of squares of pixels; those at the right and lower edges may be of fewer. */
export function reduced({ width, height, data }: Picture): Picture {
  const size = { width: Math.ceil(width / REDUCTION), height: Math.ceil(height / REDUCTION) };
  const sums = new Float64Array(4 * size.width * size.height);
  const counts = new Uint32Array(size.width * size.height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = Math.floor(y / REDUCTION) * size.width + Math.floor(x / REDUCTION);
      const from = y * width + x;
      for (let c = 0; c < 4; c++) sums[4 * to + c] = (sums[4 * to + c] ?? 0) + (data[4 * from + c] ?? 0);
      counts[to] = (counts[to] ?? 0) + 1;
    }
  }
  return { ...size, data: Uint8Array.from(sums, (sum, i) => Math.round(sum / (counts[i >> 2] ?? 1))) };
}

/** With the colours of a kept picture. */
export function rounded({ data, ...size }: Picture): Picture {
  const step = 255 / (LEVELS - 1);
  return { ...size, data: data.map((value) => Math.round(Math.round(value / step) * step)) };
}

/** Compares two reduced pictures. */
export function difference(expected: Picture, actual: Picture): Difference {
  const [width, height] = [Math.min(expected.width, actual.width), Math.min(expected.height, actual.height)];
  const [before, now] = [expected, actual].map((picture) => cropped(picture, width, height).data);
  const data = new Uint8Array(4 * width * height);
  const most = pixelmatch(before ?? data, now ?? data, data, width, height, {
    threshold: DIFFERS,
    includeAA: true,
    windowSize: WINDOW,
  });
  const found = { most, picture: { width, height, data } };
  const sizes = [expected, actual].map((one) => `${REDUCTION * one.width} x ${REDUCTION * one.height}`);
  if (expected.width !== actual.width || Math.abs(expected.height - actual.height) > MOST_ROWS)
    return { ...found, text: `it was ${sizes[0]} pixels, and is ${sizes[1]}` };
  if (most <= MOST) return { ...found, text: '' };
  const [side, share] = [WINDOW * REDUCTION, (100 * most) / WINDOW ** 2];
  return { ...found, text: `in a square of ${side} pixels ${share.toFixed(0)} % is not as it was` };
}

function cropped({ data, ...from }: Picture, width: number, height: number): Picture {
  if (from.width === width) return { width, height, data: data.subarray(0, 4 * width * height) };
  const rows = Array.from({ length: height }, (_, y) =>
    data.subarray(4 * y * from.width, 4 * (y * from.width + width)),
  );
  return { width, height, data: Uint8Array.from(rows.flatMap((row) => Array.from(row))) };
}

/** @param file a PNG of 8 bits, with or without transparency */
export function pictureOf(file: Uint8Array): Picture {
  const { width, height, channels, data } = decode(file);
  if (channels === 4) return { width, height, data: Uint8Array.from(data) };
  if (channels !== 3) throw new Error(`A picture of ${channels} channels is not the page's.`);
  const opaque = new Uint8Array(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) opaque.set(data.slice(3 * i, 3 * i + 3), 4 * i);
  return { width, height, data: opaque };
}

/** Without transparency: the page has none. */
export function fileOf({ width, height, data }: Picture): Uint8Array {
  const opaque = data.filter((_, i) => i % 4 !== 3);
  return encode({ width, height, data: opaque, channels: 3 }, { zlib: { level: 9 } });
}
