import { type DecodedPng, decode, hasPngSignature } from 'fast-png';
import type { NamedBytes } from '../data/idx.ts';
import { reasonOf, ShadegradError } from '../errors.ts';
import type { Picture } from '../pictures/picture.ts';

/** Larger pictures are refused before anything is allocated for them: 67 megapixels. */
const MOST_PIXELS = 2 ** 26;

/** PNGs up to these sizes are decoded in JavaScript: setting up sharp takes longer, 1 ms a picture. */
const SMALL_PIXELS = 2 ** 20;
/** One byte of Deflate unpacks to at most 1032, so no file of this size unpacks to more than 17 MB. */
const SMALL_BYTES = 2 ** 14;

/** How a picture is decoded. */
export interface DecodeOptions {
  /** Pictures with a longer side, in pixels, are shrunk to this while they are decoded. */
  readonly longestSide?: number;
}

/** Whether a file begins as PNG or JPEG files do. */
export function isPicture(bytes: Uint8Array): boolean {
  return isPng(bytes) || isJpeg(bytes);
}

/**
 * Decodes a PNG or JPEG file.
 *
 * Values are those that the file stores, without colour management: ICC profiles and gamma are ignored, so that a grey
 * PNG of 8 bits gives its very bytes. Fewer bits are scaled to 0 to 255, and of 16 bits the upper 8 are kept. Palettes
 * are looked up, and a transparent colour becomes a channel of opacity. A JPEG is turned upright as its EXIF data says,
 * and CMYK becomes RGB.
 *
 * @throws ShadegradError `bad-data` where the file is damaged, of another kind, or has more than 67 megapixels
 */
export async function decodePicture(file: NamedBytes, options: DecodeOptions = {}): Promise<Picture> {
  const { name, bytes } = file;
  if (!isPicture(bytes)) throw bad(`${name} is neither a PNG nor a JPEG file.`, 'Save it as PNG.');
  const { longestSide = Number.POSITIVE_INFINITY } = options;
  const header = isPng(bytes) ? pngHeader(file) : undefined;
  return header && isSmall(header, bytes) && Math.max(header.width, header.height) <= longestSide
    ? decodeSmallPng(file, header)
    : decodeAny(file, longestSide);
}

function isPng(bytes: Uint8Array): boolean {
  return hasPngSignature(bytes.subarray(0, 8));
}

function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/** A PNG's header (the PNG specification, third edition, section 11.2.1). */
interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits per channel, or per index into the palette. */
  readonly depth: number;
  readonly colourType: number;
  readonly interlaced: boolean;
}

const INDEXED = 3;

function pngHeader({ name, bytes }: NamedBytes): PngHeader {
  if (bytes.length < 33) throw bad(`${name} is cut within its header.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  checkSize(name, width, height);
  return {
    width,
    height,
    depth: view.getUint8(24),
    colourType: view.getUint8(25),
    interlaced: view.getUint8(28) !== 0,
  };
}

function checkSize(name: string, width: number, height: number): void {
  if (width * height <= MOST_PIXELS) return;
  throw bad(`${name} has ${width} x ${height} pixels.`, 'Use a picture of at most 67 megapixels.');
}

function isSmall({ width, height, depth, interlaced }: PngHeader, bytes: Uint8Array): boolean {
  // A hostile file may have a second header with another size, which fast-png would believe.
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return (
    width * height <= SMALL_PIXELS &&
    bytes.length <= SMALL_BYTES &&
    depth <= 8 &&
    !interlaced &&
    file.indexOf('IHDR') === 12 &&
    file.indexOf('IHDR', 16) < 0
  );
}

function decodeSmallPng({ name, bytes }: NamedBytes, header: PngHeader): Picture {
  try {
    const png = decode(bytes, { checkCrc: true });
    // Even a picture that does not use a palette may have one, as a suggestion for screens of few colours.
    return header.colourType === INDEXED ? lookedUp(png) : withTransparentColour(png);
  } catch (cause) {
    throw bad(`${name} is a damaged PNG file: ${sentence(cause)}`, 'Save or fetch it again.', cause);
  }
}

/** The colours of a picture's indices into its palette: RGB, or RGBA where the palette has opacity. */
function lookedUp(png: DecodedPng): Picture {
  const { width, height, palette = [] } = png;
  const channels = palette[0]?.length === 4 ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  for (const [i, index] of samples(png).entries()) {
    const colour = palette[index];
    if (!colour) throw new RangeError(`its palette has no colour ${index}`);
    data.set(colour, i * channels);
  }
  return { width, height, channels, data };
}

/** Grey or RGB values, with a channel of opacity where one colour counts as transparent. */
function withTransparentColour(png: DecodedPng): Picture {
  const { width, height, depth, transparency } = png;
  const channels = channelsOf(png.channels);
  const stored = samples(png);
  const full = 2 ** depth - 1;
  const values = depth === 8 ? stored : stored.map((value) => (255 * value) / full);
  if (!transparency || (channels !== 1 && channels !== 3)) return { width, height, channels, data: values };
  const data = new Uint8Array(width * height * (channels + 1)).fill(255);
  for (let i = 0; i < width * height; i++) {
    const pixel = stored.subarray(i * channels, (i + 1) * channels);
    data.set(values.subarray(i * channels, (i + 1) * channels), i * (channels + 1));
    if (pixel.every((value, channel) => value === transparency[channel]))
      data[(i + 1) * (channels + 1) - 1] = 0;
  }
  return { width, height, channels: channels === 1 ? 2 : 4, data };
}

/** The stored values, one to a byte. A PNG packs values of less than 8 bits into bytes, row by row. */
function samples({ width, height, depth, channels, data }: DecodedPng): Uint8Array {
  if (depth === 8) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const rowLength = width * channels;
  const rowBytes = Math.ceil((rowLength * depth) / 8);
  const unpacked = new Uint8Array(rowLength * height);
  for (let i = 0; i < unpacked.length; i++) {
    const bit = (i % rowLength) * depth;
    const byte = data[Math.floor(i / rowLength) * rowBytes + (bit >> 3)] ?? 0;
    unpacked[i] = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
  }
  return unpacked;
}

async function decodeAny({ name, bytes }: NamedBytes, longestSide: number): Promise<Picture> {
  // sharp is loaded only when it is needed: that takes 50 ms and 30 MB.
  const { default: sharp } = await import('sharp');
  sharp.cache(false);
  const input = sharp(bytes, {
    failOn: 'warning',
    ignoreIcc: true,
    limitInputPixels: MOST_PIXELS,
    sequentialRead: true,
    autoOrient: true,
  });
  try {
    const { width, height, space } = await input.metadata();
    checkSize(name, width, height);
    const fitted =
      Math.max(width, height) <= longestSide
        ? input
        : input.resize(longestSide, longestSide, { fit: 'inside', kernel: 'linear' });
    const { data, info } = await fitted.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    const picture = {
      width: info.width,
      height: info.height,
      channels: channelsOf(info.channels),
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    };
    // sharp gives grey pictures three equal channels of colour.
    return space === 'b-w' || space === 'grey16' ? withoutColour(picture) : picture;
  } catch (cause) {
    if (cause instanceof ShadegradError) throw cause;
    throw bad(`${name} is damaged: ${sentence(cause)}`, 'Save or fetch it again.', cause);
  }
}

/** A grey picture with one channel of colour in place of three equal ones, and its opacity if it has any. */
function withoutColour({ width, height, channels: stored, data }: Picture): Picture {
  const channels = stored === 4 ? 2 : 1;
  const grey = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    grey[i * channels] = data[i * stored] ?? 0;
    if (channels === 2) grey[i * 2 + 1] = data[i * stored + 3] ?? 0;
  }
  return { width, height, channels, data: grey };
}

function channelsOf(channels: number): Picture['channels'] {
  if (channels === 1 || channels === 2 || channels === 3 || channels === 4) return channels;
  throw new RangeError(`it has ${channels} channels`);
}

/** A decoder's message as a sentence: messages end in a colon, a full stop or nothing. */
function sentence(cause: unknown): string {
  return `${reasonOf(cause).replace(/[\s.:]+$/, '')}.`;
}

function bad(message: string, nextStep = 'Save or fetch it again.', cause?: unknown): ShadegradError {
  return new ShadegradError('bad-data', message, nextStep, cause);
}
