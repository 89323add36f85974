import { ShadegradError } from '../errors.ts';
import { assertBytes } from './bytes.ts';
import type { Dataset, Samples } from './dataset.ts';
import { gunzipIfNeeded, isGzip } from './gzip.ts';

/** A file's content, and its name for messages. */
export interface NamedBytes {
  /** For messages. */
  readonly name: string;
  /** The content, gzip-compressed or not. */
  readonly bytes: Uint8Array;
}

/** Images of one size. */
export interface Images {
  /** Pixels, 0 to 255: [count, height, width]. */
  readonly images: Uint8Array;
  /** Number of images. */
  readonly count: number;
  /** Rows of an image. */
  readonly height: number;
  /** Pixels of a row. */
  readonly width: number;
}

/** The four files of a dataset. */
export interface DatasetFiles<File> {
  /** Pixels to learn from. */
  readonly trainImages: File;
  /** Their classes. */
  readonly trainLabels: File;
  /** Pixels to test on. */
  readonly testImages: File;
  /** Their classes. */
  readonly testLabels: File;
}

/** How a dataset's files differ from MNIST's. */
export interface IdxConventions {
  /** Images are stored column by column, as EMNIST's are; false by default. They are turned upright. */
  readonly transposed?: boolean;
  /** The first class's label, 0 by default; 1 in EMNIST's letters. It becomes 0. */
  readonly firstLabel?: number;
}

/** Calls `of` for one file after the other, and gathers the results. */
export async function mapFiles<From, To>(
  files: DatasetFiles<From>,
  of: (file: From, content: 'images' | 'labels', role: keyof DatasetFiles<From>) => Promise<To>,
): Promise<DatasetFiles<To>> {
  return {
    trainImages: await of(files.trainImages, 'images', 'trainImages'),
    trainLabels: await of(files.trainLabels, 'labels', 'trainLabels'),
    testImages: await of(files.testImages, 'images', 'testImages'),
    testLabels: await of(files.testLabels, 'labels', 'testLabels'),
  };
}

/** Calls `of` for all four files at once, and gathers the results. */
export async function mapFilesAtOnce<From, To>(
  files: DatasetFiles<From>,
  of: (file: From, content: 'images' | 'labels') => Promise<To>,
): Promise<DatasetFiles<To>> {
  const results = [
    of(files.trainImages, 'images'),
    of(files.trainLabels, 'labels'),
    of(files.testImages, 'images'),
    of(files.testLabels, 'labels'),
  ] as const;
  // Waits for all, so that of several errors the first file's is thrown, not the earliest one.
  await Promise.allSettled(results);
  const [trainImages, trainLabels, testImages, testLabels] = results;
  return {
    trainImages: await trainImages,
    trainLabels: await trainLabels,
    testImages: await testImages,
    testLabels: await testLabels,
  };
}

const dimensionsOf = { images: 3, labels: 1 } as const;

const UNSIGNED_BYTE = 8;
const INT32 = 12;

const typeNames: Readonly<Record<number, string>> = {
  9: 'signed bytes',
  11: '16-bit integers',
  12: '32-bit integers',
  13: '32-bit floats',
  14: '64-bit floats',
};

/**
 * Reads an IDX file of unsigned bytes, the format of the MNIST database: two zero bytes, the type code, the number
 * of dimensions, each dimension as a big-endian 32-bit word, and the values, the last dimension running fastest.
 * Nothing is allocated before the header is checked against the length; `data` shares memory with `bytes`.
 *
 * A file of labels may also be QMNIST's: 32-bit integers [count, columns], of which the first column is the class
 * (https://github.com/facebookresearch/qmnist, "Using the QMNIST extended labels"). Then `data` is a copy of
 * that column, and `dimensions` its length.
 *
 * @param bytes the uncompressed file
 * @param what the file's name, for messages
 * @throws ShadegradError `bad-data` where a header field or the length is wrong, `usage` where `bytes` is no
 *   `Uint8Array`
 */
export function decodeIdx(
  bytes: Uint8Array,
  content: 'images' | 'labels',
  what: string,
): { dimensions: readonly number[]; data: Uint8Array } {
  assertBytes(bytes, what);
  rejectOtherFormats(bytes, what);
  const rank = dimensionsOf[content];
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < 4) throw bad(`${what} is cut within its header.`);
  const [zero0, zero1, type, dimensionCount] = bytes;
  if (zero0 !== 0 || zero1 !== 0) {
    const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw bad(`${what} is not an IDX file: it begins with the bytes ${start}, an IDX file with 00 00.`);
  }
  if (content === 'labels' && type === INT32 && dimensionCount === 2) return firstColumn(bytes, what);
  if (type !== UNSIGNED_BYTE) {
    const found = typeNames[type ?? 0] ?? 'values of an unknown kind';
    throw bad(
      `${what} holds ${found} (type code ${type}) instead of unsigned bytes (type code 8).`,
      'Convert it to unsigned bytes, or get another file.',
    );
  }
  if (dimensionCount !== rank) {
    throw bad(
      `${what} has ${dimensionCount} dimensions; a file of ${content} has ${rank}.`,
      'Check that the files of images and labels are not swapped.',
    );
  }
  return {
    dimensions: checkedDimensions(bytes, content, what, 1),
    data: new Uint8Array(bytes.buffer, bytes.byteOffset + headerBytes, bytes.length - headerBytes),
  };
}

/** The header's dimensions, once they are checked against the file's length. */
function checkedDimensions(
  bytes: Uint8Array,
  content: string,
  what: string,
  bytesPerValue: number,
): readonly number[] {
  const rank = bytes[3] ?? 0;
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) throw bad(`${what} is cut within its header.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const dimensions = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  if (dimensions.includes(0)) {
    throw bad(`${what} holds no ${content}: its header says ${dimensions.join(' x ')}.`);
  }
  // Beyond 2^53 the product is rounded, but no file is that long.
  const expected =
    headerBytes + bytesPerValue * dimensions.reduce((product, dimension) => product * dimension, 1);
  const missing = expected - bytes.length;
  if (expected > Number.MAX_SAFE_INTEGER) {
    throw bad(
      `${what} has a damaged header: it says ${dimensions.join(' x ')} bytes, more than any file holds.`,
    );
  }
  if (missing > 0) throw bad(`${what} is ${countOf(missing, 'byte')} short: the download was cut.`);
  if (missing < 0) throw bad(`${what} is ${countOf(-missing, 'byte')} too long for its header.`);
  return dimensions;
}

function firstColumn(bytes: Uint8Array, what: string): { dimensions: readonly number[]; data: Uint8Array } {
  const [count = 0, columns = 0] = checkedDimensions(bytes, 'labels', what, 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset + 12);
  const data = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const label = view.getInt32(4 * i * columns);
    if (label < 0 || label > 255)
      throw bad(`${what} has the label ${label} at position ${i + 1}; labels are 0 to 255.`);
    data[i] = label;
  }
  return { dimensions: [count], data };
}

/**
 * Reads an IDX file of one or more images, gzip-compressed or not.
 *
 * @param file its content, and its name for messages
 * @throws ShadegradError `bad-data` where the file is damaged or something else
 */
export async function imagesFromIdx({ name, bytes }: NamedBytes): Promise<Images> {
  const { dimensions, data } = decodeIdx(await gunzipIfNeeded(bytes, name), 'images', name);
  const [count = 0, height = 0, width = 0] = dimensions;
  return { images: data, count, height, width };
}

/**
 * Reads labelled images from a pair of IDX files, each gzip-compressed or not.
 *
 * @param classes number of classes, where it is known; labels must be below it, after `firstLabel` became 0
 * @throws ShadegradError `bad-data` where a file is damaged or something else, or the two do not fit together
 */
export async function samplesFromIdx(
  imagesFile: NamedBytes,
  labelsFile: NamedBytes,
  classes = 256,
  { transposed = false, firstLabel = 0 }: IdxConventions = {},
): Promise<{ samples: Samples; shape: Dataset['shape'] }> {
  const stored = await imagesFromIdx(imagesFile);
  const { images, count, height, width } = transposed ? upright(stored) : stored;
  const unpacked = await gunzipIfNeeded(labelsFile.bytes, labelsFile.name);
  const labels = decodeIdx(unpacked, 'labels', labelsFile.name).data;
  if (labels.length !== count) {
    throw bad(
      `${imagesFile.name} has ${countOf(count, 'image')}, but ${labelsFile.name} has ${countOf(labels.length, 'label')}.`,
      'Use two files that belong together.',
    );
  }
  const wrong = labels.findIndex((label) => label < firstLabel || label >= firstLabel + classes);
  if (wrong >= 0) {
    const range = firstLabel === 0 ? '' : `at least ${firstLabel} and `;
    throw bad(
      `${labelsFile.name} has the label ${labels[wrong]} at position ${wrong + 1}; labels must be ${range}below ${firstLabel + classes}.`,
    );
  }
  const shifted = firstLabel === 0 ? labels : labels.map((label) => label - firstLabel);
  return { samples: { images, labels: shifted, count }, shape: { height, width } };
}

/** Images that are stored column by column, copied into rows. */
function upright({ images, count, height: columns, width: rows }: Images): Images {
  const turned = new Uint8Array(images.length);
  const pixels = rows * columns;
  for (let start = 0; start < turned.length; start += pixels) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++)
        turned[start + row * columns + column] = images[start + column * rows + row] ?? 0;
    }
  }
  return { images: turned, count, height: rows, width: columns };
}

/**
 * Reads a dataset from its four IDX files, each gzip-compressed or not.
 *
 * @param name of the dataset, for reports
 * @param classes number of classes; without it, one more than the greatest label of both sets
 * @throws ShadegradError `bad-data` where a file is damaged or something else, or the files do not fit together
 */
export async function datasetFromIdx(
  name: string,
  files: DatasetFiles<NamedBytes>,
  classes?: number,
  conventions: IdxConventions = {},
): Promise<Dataset> {
  const train = await samplesFromIdx(files.trainImages, files.trainLabels, classes, conventions);
  const test = await samplesFromIdx(files.testImages, files.testLabels, classes, conventions);
  const [trained, tested] = [train.shape, test.shape].map(({ height, width }) => `${width} x ${height}`);
  if (trained !== tested) {
    throw bad(
      `${files.trainImages.name} has images of ${trained} pixels, but ${files.testImages.name} of ${tested}.`,
      'Use files of one dataset.',
    );
  }
  return {
    name,
    shape: train.shape,
    classes: classes ?? 1 + Math.max(greatest(train.samples.labels), greatest(test.samples.labels)),
    train: train.samples,
    test: test.samples,
  };
}

/** Recognises what failed downloads and archives leave in place of the data. */
function rejectOtherFormats(bytes: Uint8Array, what: string): void {
  if (bytes.length === 0) throw bad(`${what} is empty.`);
  if (isGzip(bytes)) {
    throw bad(`${what} is still gzip-compressed after unpacking it.`, 'Unpack it once with gunzip.');
  }
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  if (start.startsWith('<')) {
    throw bad(`${what} is a web page or an error message of a server instead of data.`);
  }
}

function greatest(labels: Uint8Array): number {
  return labels.reduce((most, label) => Math.max(most, label), 0);
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function bad(message: string, nextStep = 'Get the file again.'): ShadegradError {
  return new ShadegradError('bad-data', message, nextStep);
}
