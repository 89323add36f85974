import { convertIndexedToRgb, type DecodedPng, decode, hasPngSignature } from 'fast-png';
import type { NamedBytes } from '../data/idx.ts';
import { ShadegradError } from '../errors.ts';
import { centerDigit } from '../pictures/center.ts';
import { resize } from '../pictures/resize.ts';

/** Larger images are refused before anything is allocated for them. */
const MOST_PIXELS = 2 ** 26;

/** Whether a file begins as every PNG does. */
export function isPng(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && hasPngSignature(bytes.subarray(0, 8));
}

/**
 * Reads a PNG image of any size and kind as a network's input: light ink on black, whichever way it was drawn. For
 * networks of 28 x 28 pixels it is brought into MNIST's form (see {@link centerDigit}), for others stretched to size.
 *
 * @returns [height, width]
 * @throws ShadegradError `bad-data` where the file is damaged, or the image blank or too large
 */
export function imageFromPng(
  { name, bytes }: NamedBytes,
  { height, width }: { readonly height: number; readonly width: number },
): Uint8Array {
  const png = decodePng(bytes, name);
  const ink = inkOf(png, name);
  if (height === 28 && width === 28) return centerDigit(ink, png.width, png.height);
  const resized = resize(ink, png, { height, width });
  const peak = resized.reduce((most, value) => Math.max(most, value), 0);
  return Uint8Array.from(resized, (value) => Math.round((255 * value) / peak));
}

/** Pixels as numbers from 0 to `full`: [height, width, channels]. */
interface Pixels {
  readonly height: number;
  readonly width: number;
  /** 1 or 3 of colour, and one more where there is opacity. */
  readonly channels: number;
  readonly data: ArrayLike<number>;
  readonly full: number;
  /** The one colour that counts as transparent, if there is one. */
  readonly transparent: ArrayLike<number> | undefined;
}

function decodePng(bytes: Uint8Array, name: string): Pixels {
  checkHeader(bytes, name);
  try {
    const png = decode(bytes, { checkCrc: true });
    const { height, width, channels, depth, palette, transparency: transparent } = png;
    const full = 2 ** depth - 1;
    if (palette) {
      const [first = []] = palette;
      const data = convertIndexedToRgb(png);
      return { height, width, channels: first.length, data, full: 255, transparent: undefined };
    }
    return { height, width, channels, data: depth < 8 ? unpack(png) : png.data, full, transparent };
  } catch (cause) {
    throw bad(`${name} is a damaged PNG file.`, 'Save or fetch it again.', cause);
  }
}

/** Looks at the fields of a PNG's first chunk (the PNG specification, section 11.2.1), which have a fixed place. */
function checkHeader(bytes: Uint8Array, name: string): void {
  if (bytes.length < 33) throw bad(`${name} is cut within its header.`, 'Save or fetch it again.');
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [width, height] = [header.getUint32(16), header.getUint32(20)];
  if (width * height > MOST_PIXELS) {
    throw bad(`${name} has ${width} x ${height} pixels.`, 'Use an image of at most 67 million pixels.');
  }
  if (header.getUint8(24) < 8 && header.getUint8(28) !== 0) {
    throw bad(`${name} is interlaced and has less than 8 bits to a pixel.`, 'Save it without interlacing.');
  }
}

/** Grey levels of 1, 2 or 4 bits; each row begins with a new byte. */
function unpack({ width, height, depth, data }: DecodedPng): Uint8Array {
  const levels = new Uint8Array(width * height);
  const rowBytes = Math.ceil((width * depth) / 8);
  for (let i = 0; i < levels.length; i++) {
    const bit = (i % width) * depth;
    const byte = data[Math.floor(i / width) * rowBytes + (bit >> 3)] ?? 0;
    levels[i] = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
  }
  return levels;
}

/**
 * How much ink covers each pixel, 0 to 1: its distance in brightness from the background, which the border shows.
 * What varies as much as the border does is paper, not ink. A transparent border makes opacity the ink.
 */
function inkOf(png: Pixels, name: string): Float32Array {
  const { brightness, opacity } = brightnessAndOpacity(png);
  const border = borderIndices(png.width, png.height);
  const opaque = border.filter((i) => (opacity[i] ?? 0) >= 0.5);
  const ink = opaque.length * 2 > border.length ? inkOnPaper(brightness, opacity, opaque) : opacity;
  const peak = ink.reduce((most, value) => Math.max(most, value), 0);
  if (!(peak > 0) || ink.every((value) => value === peak)) {
    throw bad(
      `${name} is blank: nothing stands out from its background.`,
      'Use an image that shows something.',
    );
  }
  return ink;
}

function inkOnPaper(
  brightness: Float32Array,
  opacity: Float32Array,
  border: readonly number[],
): Float32Array {
  const shades = border.map((i) => brightness[i] ?? 0).sort((a, b) => a - b);
  const paper = shades[Math.floor(shades.length / 2)] ?? 0;
  let [darkest, lightest] = [paper, paper];
  for (const [i, value] of brightness.entries()) {
    if ((opacity[i] ?? 0) < 0.5) continue;
    darkest = Math.min(darkest, value);
    lightest = Math.max(lightest, value);
  }
  const dark = paper - darkest > lightest - paper;
  const range = dark ? paper - darkest : lightest - paper;
  const distance = (value: number): number => Math.max(0, dark ? paper - value : value - paper);
  const distances = shades.map(distance).sort((a, b) => a - b);
  // Ink may reach the border: only what nearly all of the border stays below is paper, and a quarter at most.
  const noise = Math.min(range / 4, distances[Math.floor(0.9 * distances.length)] ?? 0);
  return brightness.map((value, i) => {
    const above = (distance(value) - noise) / (range - noise);
    return Math.max(0, above || 0) * (opacity[i] ?? 0);
  });
}

/** Brightness (Rec. 601 luma) and opacity of each pixel, 0 to 1. */
function brightnessAndOpacity(pixels: Pixels): { brightness: Float32Array; opacity: Float32Array } {
  const { data, channels, full, transparent } = pixels;
  const count = pixels.width * pixels.height;
  const brightness = new Float32Array(count);
  const opacity = new Float32Array(count).fill(1);
  const weights = channels >= 3 ? [0.299, 0.587, 0.114] : [1];
  for (let i = 0; i < count; i++) {
    let luma = 0;
    let keyed = transparent !== undefined;
    for (const [channel, weight] of weights.entries()) {
      const value = data[i * channels + channel] ?? 0;
      luma += weight * value;
      keyed &&= value === transparent?.[channel];
    }
    brightness[i] = luma / full;
    if (channels > weights.length) opacity[i] = (data[i * channels + weights.length] ?? 0) / full;
    if (keyed) opacity[i] = 0;
  }
  return { brightness, opacity };
}

function borderIndices(width: number, height: number): number[] {
  const indices: number[] = [];
  for (let i = 0; i < width * height; i++) {
    const column = i % width;
    if (i < width || i >= width * (height - 1) || column === 0 || column === width - 1) indices.push(i);
  }
  return indices;
}

function bad(message: string, nextStep: string, cause?: unknown): ShadegradError {
  return new ShadegradError('bad-data', message, nextStep, cause);
}
