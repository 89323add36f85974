import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { gunzipIfNeeded } from '../../src/data/gzip.ts';
import { datasetFromIdx, decodeIdx, imagesFromIdx, samplesFromIdx } from '../../src/data/idx.ts';
import { CounterRandom } from '../../src/data/random.ts';
import { ShadegradError } from '../../src/errors.ts';
import { encodeIdx, encodeInts } from '../support/idx.ts';

const images = encodeIdx(
  [3, 2, 5],
  Uint8Array.from({ length: 30 }, (_, i) => 8 * i),
);
const labels = encodeIdx([3], Uint8Array.of(0, 9, 4));
const named = (bytes: Uint8Array, name = 'digits') => ({ name, bytes });
const gzip = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));
const text = (content: string) => new TextEncoder().encode(content);
const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

function altered(bytes: Uint8Array, offset: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, offset);
  return copy;
}

const badData = (message: string) => ({ code: 'bad-data', message: expect.stringContaining(message) });

describe('decodeIdx', () => {
  test.each([
    ['an empty file', new Uint8Array(), 'digits is empty'],
    ['a file of three bytes', images.slice(0, 3), 'cut within its header'],
    ['half a header', images.slice(0, 15), 'cut within its header'],
    ['HTML', text('\ufeff \n<!DOCTYPE html><title>404</title>'), 'web page or an error message'],
    ['XML', text('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'), 'web page or an error'],
    ['a PNG', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), 'begins with the bytes 89 50 4e 47'],
    ['still-gzipped content', gzip(images), 'still gzip-compressed'],
    ['floats', altered(images, 2, 0x0d), '32-bit floats (type code 13)'],
    ['an unknown type', altered(images, 2, 7), 'unknown kind (type code 7)'],
    ['labels instead of images', labels, 'has 1 dimensions; a file of images has 3'],
    ['a file cut by one byte', images.slice(0, -1), 'digits is 1 byte short: the download was cut'],
    ['a file cut by twelve bytes', images.slice(0, -12), 'digits is 12 bytes short: the download was cut'],
    ['a header alone', images.slice(0, 16), '30 bytes short'],
    ['trailing bytes', joined(images, Uint8Array.of(1, 2)), '2 bytes too long'],
    ['no images', encodeIdx([0, 28, 28], new Uint8Array()), 'holds no images'],
    ['images without pixels', encodeIdx([2, 0, 28], new Uint8Array()), 'holds no images'],
    ['a count of 4 thousand million', altered(images, 4, 255, 255, 255, 255), 'bytes short'],
    [
      'dimensions whose product no number holds',
      altered(images, 4, ...Array(12).fill(255)),
      'damaged header',
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeIdx(bytes, 'images', 'digits')).toThrow(expect.objectContaining(badData(message)));
  });

  test('refuses images instead of labels', () => {
    expect(() => decodeIdx(images, 'labels', 'digits')).toThrow(
      expect.objectContaining(badData('has 3 dimensions; a file of labels has 1')),
    );
  });

  test('reads a file that begins in the middle of a buffer', () => {
    const bytes = joined(Uint8Array.of(1, 2, 3), labels, Uint8Array.of(4)).subarray(3, 3 + labels.length);
    expect([...decodeIdx(bytes, 'labels', 'digits').data]).toEqual([0, 9, 4]);
  });
});

describe('labels of 32-bit integers, as QMNIST has them', () => {
  const ints = encodeInts([2, 3], [9, -1, 70_000, 0, 8, 8]);

  test('are the first column', () => {
    expect(decodeIdx(ints, 'labels', 'digits')).toEqual({ dimensions: [2], data: Uint8Array.of(9, 0) });
  });

  test.each([
    ['cut', ints.slice(0, -4), '4 bytes short'],
    ['too long', joined(ints, Uint8Array.of(1)), '1 byte too long'],
    ['without rows', encodeInts([0, 8], []), 'holds no labels'],
    ['without columns', encodeInts([2, 0], []), 'holds no labels'],
    ['in three dimensions', encodeInts([1, 1, 1], [1]), '32-bit integers (type code 12)'],
    ['below 0', encodeInts([1, 2], [-1, 0]), 'label -1 at position 1'],
    ['above 255', encodeInts([2, 1], [0, 256]), 'label 256 at position 2'],
    ['a count of 4 thousand million', altered(ints, 4, 255, 255, 255, 255), 'bytes short'],
  ])('are refused where they are %s', (_, bytes, message) => {
    expect(() => decodeIdx(bytes, 'labels', 'digits')).toThrow(expect.objectContaining(badData(message)));
  });

  test('are not images', () => {
    expect(() => decodeIdx(ints, 'images', 'digits')).toThrow(
      expect.objectContaining(badData('32-bit integers')),
    );
  });
});

describe('gunzipIfNeeded', () => {
  const packed = gzip(images);

  test('leaves what is no gzip file as it is', async () => {
    expect(await gunzipIfNeeded(images, 'digits')).toBe(images);
  });

  test('unpacks what spans many chunks', async () => {
    const random = new CounterRandom(1, 0);
    const long = Uint8Array.from({ length: 1_000_003 }, () => random.below(7));
    expect(Buffer.compare(await gunzipIfNeeded(gzip(long), 'digits'), long)).toBe(0);
  });

  test('unpacks what is packed as tightly as can be', async () => {
    const blank = new Uint8Array(2 ** 24);
    const tight = new Uint8Array(gzipSync(blank, { level: 9 }));
    expect(blank.length / tight.length).toBeGreaterThan(1020);
    expect(Buffer.compare(await gunzipIfNeeded(tight, 'digits'), blank)).toBe(0);
  });

  // Otherwise memory for all of it would be allocated before the first byte is unpacked.
  test('refuses, before unpacking it, a file that states more than it has room for', async () => {
    const hostile = altered(packed, packed.length - 4, 255, 255, 255, 255);
    await expect(gunzipIfNeeded(hostile, 'digits')).rejects.toMatchObject({
      ...badData('digits is not a whole gzip'),
      cause: { message: 'too short for the 4294967295 bytes it states' },
    });
  });

  test.each([
    ['two bytes', packed.slice(0, 2)],
    ['a file cut in its trailer', packed.slice(0, -3)],
    ['a file cut in its data', packed.slice(0, -12)],
    ['a file followed by zeros', joined(packed, new Uint8Array(8))],
    ['a file followed by text', joined(packed, text('and more'))],
    ['two files in one', joined(packed, packed)],
    ['a wrong checksum', altered(packed, packed.length - 8, 1, 2, 3, 4)],
    ['a wrong length', altered(packed, packed.length - 4, 1, 2, 3, 4)],
    ['damaged data', altered(packed, 12, 255, 255, 255)],
  ])('refuses %s', async (_, bytes) => {
    await expect(gunzipIfNeeded(bytes, 'digits')).rejects.toMatchObject(
      badData('digits is not a whole gzip'),
    );
  });
});

describe('imagesFromIdx', () => {
  test.each([
    ['plain', images],
    ['gzip-compressed', gzip(images)],
  ])('reads a %s file of images of any size', async (_, bytes) => {
    expect(await imagesFromIdx(named(bytes))).toEqual({
      images: images.slice(16),
      count: 3,
      height: 2,
      width: 5,
    });
  });

  test('refuses a file that was compressed twice', async () => {
    await expect(imagesFromIdx(named(gzip(gzip(images))))).rejects.toMatchObject(
      badData('digits is still gzip-compressed'),
    );
  });
});

describe('samplesFromIdx', () => {
  test('joins images and labels', async () => {
    expect(await samplesFromIdx(named(gzip(images)), named(labels))).toEqual({
      samples: { images: images.slice(16), labels: Uint8Array.of(0, 9, 4), count: 3 },
      shape: { height: 2, width: 5 },
    });
  });

  test('refuses images and labels that are not equal in number', async () => {
    const two = encodeIdx([2], Uint8Array.of(0, 1));
    await expect(samplesFromIdx(named(images, 'a'), named(two, 'b'))).rejects.toMatchObject(
      badData('a has 3 images, but b has 2 labels'),
    );
  });

  test('refuses labels out of range', async () => {
    await expect(samplesFromIdx(named(images), named(labels), 9)).rejects.toMatchObject(
      badData('digits has the label 9 at position 2; labels must be below 9'),
    );
  });
});

describe('conventions that differ from those of MNIST', () => {
  const file = named(encodeIdx([2, 3, 2], Uint8Array.of(1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12)));

  test('images that are stored column by column are turned upright, and the file is left as it is', async () => {
    const before = file.bytes.slice();
    const two = named(encodeIdx([2], Uint8Array.of(0, 1)));
    const { samples, shape } = await samplesFromIdx(file, two, 2, { transposed: true });
    expect(shape).toEqual({ height: 2, width: 3 });
    expect([...samples.images]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(file.bytes).toEqual(before);
  });

  test('the first label becomes 0, and the file is left as it is', async () => {
    const two = named(encodeIdx([2], Uint8Array.of(1, 26)));
    const { samples } = await samplesFromIdx(file, two, 26, { firstLabel: 1 });
    expect([...samples.labels]).toEqual([0, 25]);
    expect([...two.bytes.subarray(-2)]).toEqual([1, 26]);
  });

  test.each([0, 27])('a label of %i is refused among 26 from 1', async (label) => {
    const two = named(encodeIdx([2], Uint8Array.of(1, label)));
    await expect(samplesFromIdx(file, two, 26, { firstLabel: 1 })).rejects.toMatchObject(
      badData(`label ${label} at position 2; labels must be at least 1 and below 27`),
    );
  });
});

describe('datasetFromIdx', () => {
  const files = {
    trainImages: named(images, 'train images'),
    trainLabels: named(labels),
    testImages: named(encodeIdx([1, 2, 5], new Uint8Array(10)), 'test images'),
    testLabels: named(encodeIdx([1], Uint8Array.of(255))),
  };

  test('counts classes up to the greatest label of both sets', async () => {
    expect(await datasetFromIdx('glyphs', files)).toMatchObject({
      name: 'glyphs',
      shape: { height: 2, width: 5 },
      classes: 256,
      train: { count: 3 },
      test: { count: 1 },
    });
  });

  test('takes the number of classes as given and holds the labels to it', async () => {
    const fitting = { ...files, testLabels: files.trainLabels, testImages: files.trainImages };
    expect((await datasetFromIdx('glyphs', fitting, 12)).classes).toBe(12);
    await expect(datasetFromIdx('glyphs', files, 12)).rejects.toMatchObject(badData('the label 255'));
  });

  test('refuses training and test images of different sizes', async () => {
    const testImages = named(encodeIdx([1, 5, 2], new Uint8Array(10)), 'test images');
    await expect(datasetFromIdx('glyphs', { ...files, testImages })).rejects.toMatchObject(
      badData('train images has images of 5 x 2 pixels, but test images of 2 x 5'),
    );
  });
});

describe('hostile files', () => {
  /** `bytes` cut, lengthened or with a few bytes changed, mostly among the first, where the headers are. */
  function damaged(bytes: Uint8Array, random: CounterRandom): Uint8Array {
    const cut = random.below(3) === 0 ? bytes.slice(0, random.below(bytes.length + 1)) : bytes.slice();
    for (let flips = random.below(4); flips > 0 && cut.length > 0; flips--) {
      cut[random.below(random.below(2) ? Math.min(16, cut.length) : cut.length)] = random.below(256);
    }
    return random.below(8) === 0 ? joined(cut, Uint8Array.of(random.below(256))) : cut;
  }

  test('are read as what they say they are, or refused as bad data, and nothing else', async () => {
    const random = new CounterRandom(7, 0);
    const gzipped = gzip(images);
    let refused = 0;
    for (let i = 0; i < 2000; i++) {
      const packed = random.below(2) === 0;
      const bytes = damaged(packed ? gzipped : images, random);
      try {
        const read = await samplesFromIdx(named(bytes), named(damaged(labels, random)), 10);
        expect(read.samples.images).toHaveLength(read.samples.count * read.shape.height * read.shape.width);
        expect(read.samples.labels).toHaveLength(read.samples.count);
      } catch (error) {
        expect(error).toBeInstanceOf(ShadegradError);
        expect(error).toMatchObject({ code: 'bad-data', message: expect.stringContaining('digits') });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});
