import { deflateSync } from 'node:zlib';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { CounterRandom } from '../../src/data/random.ts';
import { decodePicture, isPicture } from '../../src/node/decode.ts';
import { type PngParts, pngChunk, pngFile, pngHeader } from '../support/png.ts';

const decodeBytes = (bytes: Uint8Array, longestSide?: number) =>
  decodePicture({ name: 'x', bytes }, longestSide === undefined ? {} : { longestSide });
const decodePng = (parts: PngParts) => decodeBytes(pngFile(parts));

/** Each byte value once, in rows of 16. */
const ramp = Uint8Array.from({ length: 256 }, (_, i) => i);
/** Bytes that do not compress, so that the file is too large to be decoded in JavaScript. */
const noise = (length: number) => {
  const random = new CounterRandom(1, 0);
  return Uint8Array.from({ length }, () => random.below(256));
};
/** Whether two arrays are equal. Vitest's own comparison takes minutes to print large arrays that differ. */
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
const LARGE = { width: 180, height: 120 };
const largeNoise = noise(LARGE.width * LARGE.height);

const grey16 = { width: 16, height: 16, channels: 1, data: ramp };
const profile = pngChunk(
  'iCCP',
  Buffer.concat([Buffer.from('made up\0\0', 'latin1'), deflateSync(Buffer.alloc(200))]),
);
const gamma = pngChunk('gAMA', Uint8Array.of(0, 1, 0x86, 0xa0));

describe('a grey PNG of 8 bits gives its very bytes', () => {
  test.each<[string, Partial<PngParts>]>([
    ['small', {}],
    ['with a gamma', { chunks: [gamma] }],
    ['with a colour profile', { chunks: [profile] }],
    ['of 16 bits that repeat', { depth: 16, data: Uint8Array.from({ length: 512 }, (_, i) => i >> 1) }],
  ])('%s', async (_, parts) => {
    expect(await decodePng({ width: 16, height: 16, data: ramp, ...parts })).toEqual(grey16);
  });

  test.each<[string, readonly Uint8Array[]]>([
    ['large', []],
    ['large, with a gamma', [gamma]],
    ['large, with a colour profile', [profile]],
  ])('%s', async (_, chunks) => {
    const bytes = pngFile({ ...LARGE, chunks, data: largeNoise });
    expect(bytes.length).toBeGreaterThan(2 ** 14);
    const { data, ...size } = await decodeBytes(bytes);
    expect(size).toEqual({ ...LARGE, channels: 1 });
    expect(same(data, largeNoise)).toBe(true);
  });

  test('interlaced', async () => {
    const bytes = encode({ width: 16, height: 16, channels: 1, data: ramp }, { interlace: 'Adam7' });
    expect(await decodeBytes(bytes)).toEqual(grey16);
  });
});

describe('so does one in colour, with and without opacity', () => {
  test.each([
    [2, 3],
    [4, 2],
    [6, 4],
  ] as const)('colour type %i', async (colourType, channels) => {
    const small = noise(5 * 3 * channels);
    const size = { width: 5, height: 3 };
    expect(await decodePng({ ...size, colourType, data: small })).toEqual({ ...size, channels, data: small });
    const large = noise(LARGE.width * LARGE.height * channels);
    const { data, ...rest } = await decodePng({ ...LARGE, colourType, data: large });
    expect(rest).toEqual({ ...LARGE, channels });
    expect(same(data, large)).toBe(true);
  });

  test('a palette for screens of few colours does not make it indexed', async () => {
    const data = noise(2 * 2 * 3);
    const chunks = [pngChunk('PLTE', Uint8Array.of(1, 2, 3, 4, 5, 6))];
    expect(await decodePng({ width: 2, height: 2, colourType: 2, chunks, data })).toMatchObject({
      channels: 3,
      data,
    });
  });
});

describe('fewer bits are scaled to 0 to 255, rows beginning with a new byte', () => {
  test.each([
    [1, Uint8Array.of(0b101_00000, 0b011_00000), [255, 0, 255, 0, 255, 255]],
    [2, Uint8Array.of(0b00_01_10_00, 0b11_10_01_00), [0, 85, 170, 255, 170, 85]],
    [4, Uint8Array.of(0x01, 0x20, 0xdf, 0xe0), [0, 17, 34, 221, 255, 238]],
  ] as const)('%i bits', async (depth, data, expected) => {
    expect(await decodePng({ width: 3, height: 2, depth, data })).toMatchObject({
      channels: 1,
      data: Uint8Array.from(expected),
    });
  });
});

describe('a palette', () => {
  const palette = pngChunk('PLTE', Uint8Array.of(10, 10, 10, 200, 100, 50, 7, 8, 9));
  const indexed = { width: 3, height: 1, colourType: 3 } as const;

  test('is looked up', async () => {
    const data = Uint8Array.of(2, 0, 1);
    expect(await decodePng({ ...indexed, chunks: [palette], data })).toMatchObject({
      channels: 3,
      data: Uint8Array.of(7, 8, 9, 10, 10, 10, 200, 100, 50),
    });
  });

  test('with opacity gives a channel of it, also for colours it does not name', async () => {
    const chunks = [palette, pngChunk('tRNS', Uint8Array.of(0, 128))];
    const picture = await decodePng({ ...indexed, depth: 2, chunks, data: Uint8Array.of(0b00_01_10_00) });
    expect(picture).toMatchObject({
      channels: 4,
      data: Uint8Array.of(10, 10, 10, 0, 200, 100, 50, 128, 7, 8, 9, 255),
    });
  });

  test('that lacks a colour, or is lacking, is damage', async () => {
    const data = Uint8Array.of(0, 1, 3);
    await expect(decodePng({ ...indexed, chunks: [palette], data })).rejects.toThrow(/no colour 3/);
    await expect(decodePng({ ...indexed, data })).rejects.toMatchObject({ code: 'bad-data' });
  });
});

describe('a transparent colour becomes a channel of opacity', () => {
  test.each([
    ['grey', 0, Uint8Array.of(5, 6, 5), Uint8Array.of(0, 5), 2, [5, 0, 6, 255, 5, 0]],
    [
      'RGB',
      2,
      Uint8Array.of(1, 2, 3, 1, 2, 4, 9, 9, 9),
      Uint8Array.of(0, 1, 0, 2, 0, 3),
      4,
      [1, 2, 3, 0, 1, 2, 4, 255, 9, 9, 9, 255],
    ],
  ] as const)('%s', async (_, colourType, data, key, channels, expected) => {
    const picture = await decodePng({
      width: 3,
      height: 1,
      colourType,
      chunks: [pngChunk('tRNS', key)],
      data,
    });
    expect(picture).toMatchObject({ channels, data: Uint8Array.from(expected) });
  });

  test('of 4 bits', async () => {
    const chunks = [pngChunk('tRNS', Uint8Array.of(0, 15))];
    const picture = await decodePng({
      width: 2,
      height: 2,
      depth: 4,
      chunks,
      data: Uint8Array.of(0xf0, 0x0f),
    });
    expect(picture.data).toEqual(Uint8Array.of(255, 0, 0, 255, 0, 255, 255, 0));
  });
});

describe('JPEG', () => {
  const grey = sharp(new Uint8Array(40 * 20).fill(100), { raw: { width: 40, height: 20, channels: 1 } });

  test('in grey has one channel', async () => {
    const picture = await decodeBytes(await grey.clone().toColourspace('b-w').jpeg().toBuffer());
    expect(picture).toEqual({ width: 40, height: 20, channels: 1, data: new Uint8Array(800).fill(100) });
  });

  test('is turned upright as its EXIF data says', async () => {
    const bytes = await grey.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await decodeBytes(bytes)).toMatchObject({ width: 20, height: 40 });
  });

  test('in CMYK becomes RGB', async () => {
    const bytes = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#ffffff' } })
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer();
    const { channels, data } = await decodeBytes(bytes);
    expect(channels).toBe(3);
    expect(Math.min(...data)).toBeGreaterThan(240);
  });
});

describe('a longest side', () => {
  test('shrinks what is longer, with its aspect kept', async () => {
    const data = new Uint8Array(300 * 100).fill(77);
    const picture = await decodeBytes(pngFile({ width: 300, height: 100, data }), 60);
    expect(picture).toEqual({ width: 60, height: 20, channels: 1, data: new Uint8Array(1200).fill(77) });
  });

  test('leaves alone what is not', async () => {
    expect(await decodeBytes(pngFile({ ...LARGE, data: largeNoise }), LARGE.width)).toMatchObject({
      ...LARGE,
    });
  });
});

describe('a damaged file is refused by name', () => {
  const small = pngFile({ width: 16, height: 16, data: ramp });
  const large = pngFile({ ...LARGE, data: largeNoise });
  const refused = { code: 'bad-data', message: expect.stringContaining('x ') };

  test('cut anywhere', async () => {
    for (let length = 8; length < small.length; length += 7)
      await expect(decodeBytes(small.subarray(0, length)), `${length} bytes`).rejects.toMatchObject(refused);
    for (const share of [0.2, 0.6, 0.99]) {
      const cut = large.subarray(0, share * large.length);
      await expect(decodeBytes(cut), `${share}`).rejects.toMatchObject(refused);
    }
    const jpeg = await sharp(largeNoise, { raw: { ...LARGE, channels: 1 } })
      .jpeg()
      .toBuffer();
    await expect(decodeBytes(jpeg.subarray(0, jpeg.length / 2))).rejects.toMatchObject(refused);
    await expect(decodeBytes(jpeg.subarray(0, 3))).rejects.toMatchObject(refused);
  });

  test('with one byte changed anywhere', async () => {
    for (const file of [small, large]) {
      for (let i = 8; i < file.length - 4; i += Math.ceil(file.length / 60)) {
        const changed = Uint8Array.from(file);
        changed[i] = (changed[i] ?? 0) ^ 0x55;
        await expect(decodeBytes(changed), `byte ${i}`).rejects.toMatchObject({ code: 'bad-data' });
      }
    }
  });

  test('of another kind', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>');
    await expect(decodeBytes(svg)).rejects.toThrow(/neither a PNG nor a JPEG/);
  });
});

describe('a hostile file takes no more than its size and its header allow', () => {
  test('a header that names a giant is refused before anything is allocated', async () => {
    for (const header of [pngHeader(1e6, 1e6), pngHeader(8193, 8192)]) {
      const bytes = Buffer.from(pngFile({ width: 1, height: 1, data: Uint8Array.of(0) }));
      bytes.set(pngChunk('IHDR', header), 8);
      await expect(decodeBytes(bytes)).rejects.toThrow(/pixels\./);
    }
  });

  // On either side of the size up to which a file is decoded in JavaScript.
  const [small, large] = [12, 64].map((megabytes) => deflateSync(Buffer.alloc(megabytes * 2 ** 20)));
  const described = (bomb = Buffer.alloc(0)) => Buffer.concat([Buffer.from('name\0\0', 'latin1'), bomb]);
  test.each<[string, string, Buffer | undefined]>([
    ['a second header', 'IHDR', Buffer.from(pngHeader(60_000, 60_000))],
    ['image data that go on', 'IDAT', small],
    ['image data that go on, in a large file', 'IDAT', large],
    ['a profile', 'iCCP', described(small)],
    ['a profile, in a large file', 'iCCP', described(large)],
    ['a text', 'zTXt', described(large)],
  ])('%s that would inflate', async (_, type, content = Buffer.alloc(0)) => {
    const bytes = pngFile({ width: 16, height: 16, chunks: [pngChunk(type, content)], data: ramp });
    const before = process.resourceUsage().maxRSS;
    await decodeBytes(bytes).catch((error) => expect(error).toMatchObject({ code: 'bad-data' }));
    // In kilobytes.
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100_000);
  });
});

test('pictures are known by their first bytes', () => {
  expect(isPicture(pngFile({ width: 1, height: 1, data: Uint8Array.of(0) }))).toBe(true);
  expect(isPicture(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0))).toBe(true);
  expect(isPicture(Uint8Array.of(0x89, 0x50, 0x4e, 0x47))).toBe(false);
  expect(isPicture(new Uint8Array(100))).toBe(false);
  expect(isPicture(new Uint8Array())).toBe(false);
});
