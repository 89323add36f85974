import { ShadegradError } from '../errors.ts';
import { assertBytes } from './bytes.ts';
import type { Dataset, Samples } from './dataset.ts';
import { gunzipIfNeeded, isGzip } from './gzip.ts';

/** A file's content, and its name for messages. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Images of one size. */
export interface Images {
  /** Pixels, 0 to 255: [count, height, width]. */
  readonly images: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
}

/** The four files of a dataset. */
export interface DatasetFiles<File> {
  readonly trainImages: File;
  readonly trainLabels: File;
  readonly testImages: File;
  readonly testLabels: File;
}

/** Calls `of` for each file in turn, and gathers what it gives. */
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

const dimensionsOf = { images: 3, labels: 1 } as const;

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
 * Nothing is allocated on the header's word alone; `data` shares memory with `bytes`.
 *
 * @param bytes the uncompressed file
 * @param what the file's name, for messages
 * @throws ShadegradError `bad-data` where a header field or the length is wrong, `usage` where `bytes` is something
 *   else than a `Uint8Array`
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
  if (type !== 8) {
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
  if (bytes.length < headerBytes) throw bad(`${what} is cut within its header.`);

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const dimensions = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  if (dimensions.includes(0)) {
    throw bad(`${what} holds no ${content}: its header says ${dimensions.join(' x ')}.`);
  }
  // Beyond 2^53 the product is rounded, which no file is long enough to notice.
  const expected = headerBytes + dimensions.reduce((product, dimension) => product * dimension, 1);
  const missing = expected - bytes.length;
  if (expected > Number.MAX_SAFE_INTEGER) {
    throw bad(
      `${what} has a damaged header: it says ${dimensions.join(' x ')} bytes, more than any file holds.`,
    );
  }
  if (missing > 0) throw bad(`${what} is ${countOf(missing, 'byte')} short: the download was cut.`);
  if (missing < 0) throw bad(`${what} is ${countOf(-missing, 'byte')} too long for its header.`);
  return {
    dimensions,
    data: new Uint8Array(bytes.buffer, bytes.byteOffset + headerBytes, bytes.length - headerBytes),
  };
}

/**
 * Reads an IDX file of one or more images, gzip-compressed or not.
 *
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
 * @param classes number of classes, where it is known; labels must be below it
 * @throws ShadegradError `bad-data` where a file is damaged or something else, or the two do not fit together
 */
export async function samplesFromIdx(
  imagesFile: NamedBytes,
  labelsFile: NamedBytes,
  classes = 256,
): Promise<{ samples: Samples; shape: Dataset['shape'] }> {
  const { images, count, height, width } = await imagesFromIdx(imagesFile);
  const unpacked = await gunzipIfNeeded(labelsFile.bytes, labelsFile.name);
  const labels = decodeIdx(unpacked, 'labels', labelsFile.name).data;
  if (labels.length !== count) {
    throw bad(
      `${imagesFile.name} has ${countOf(count, 'image')}, but ${labelsFile.name} has ${countOf(labels.length, 'label')}.`,
      'Use two files that belong together.',
    );
  }
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong >= 0) {
    throw bad(
      `${labelsFile.name} has the label ${labels[wrong]} at position ${wrong + 1}; labels must be below ${classes}.`,
    );
  }
  return { samples: { images, labels, count }, shape: { height, width } };
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
): Promise<Dataset> {
  const train = await samplesFromIdx(files.trainImages, files.trainLabels, classes);
  const test = await samplesFromIdx(files.testImages, files.testLabels, classes);
  const [trained, tested] = [train.shape, test.shape].map(({ height, width }) => `${height} x ${width}`);
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

/** What downloads and archives leave in place of the data. */
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
