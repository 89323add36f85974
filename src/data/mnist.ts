import { ShadegradError } from '../errors.ts';
import { sha256 } from './checksum.ts';
import { type DownloadOptions, download } from './download.ts';
import { gunzipIfNeeded } from './gzip.ts';
import { type DatasetFiles, decodeIdx, type NamedBytes } from './idx.ts';

/** An IDX file that is known beforehand. */
export interface KnownFile {
  readonly name: string;
  /** Of the uncompressed file, so that it holds however a mirror compressed it; hexadecimal. */
  readonly sha256: string;
}

/** A dataset that can be downloaded, and how to know that it is the right one. */
export interface KnownDataset {
  readonly name: string;
  readonly classes: number;
  /** Folders that hold the files with `.gz` added to their names, the preferred one first; each ends in a slash. */
  readonly mirrors: readonly string[];
  readonly files: DatasetFiles<KnownFile>;
}

/** The MNIST database of handwritten digits: 60,000 training and 10,000 test images of 28 x 28 pixels. */
export const mnist: KnownDataset = {
  name: 'mnist',
  classes: 10,
  mirrors: [
    'https://ossci-datasets.s3.amazonaws.com/mnist/',
    'https://storage.googleapis.com/cvdf-datasets/mnist/',
  ],
  files: {
    trainImages: {
      name: 'train-images-idx3-ubyte',
      sha256: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    },
    trainLabels: {
      name: 'train-labels-idx1-ubyte',
      sha256: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    },
    testImages: {
      name: 't10k-images-idx3-ubyte',
      sha256: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    },
    testLabels: {
      name: 't10k-labels-idx1-ubyte',
      sha256: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    },
  },
};

/**
 * The uncompressed IDX file that `found` is, if it is the known one. What is plainly wrong with it is told before
 * its checksum is.
 *
 * @param digest the bytes' SHA-256, hexadecimal; default Web Crypto's
 * @throws ShadegradError `bad-data` where it is damaged or another file
 */
export async function verifiedIdx(
  known: KnownFile,
  content: 'images' | 'labels',
  found: NamedBytes,
  digest: (bytes: Uint8Array) => string | Promise<string> = sha256,
): Promise<Uint8Array> {
  const bytes = await gunzipIfNeeded(found.bytes, found.name);
  decodeIdx(bytes, content, found.name);
  const sum = await digest(bytes);
  if (sum !== known.sha256) {
    throw new ShadegradError(
      'bad-data',
      `${found.name} is not the official ${known.name}: its sha256 is ${sum}, not ${known.sha256}.`,
      'Get the file again, or use the folder as a dataset of its own.',
    );
  }
  return bytes;
}

/**
 * Downloads a known file from the first of `mirrors` that has it whole and right.
 *
 * @param mirrors folders, as those of a `KnownDataset`
 * @returns the uncompressed IDX file, and the mirror that had it, which is the one to ask first for the next file
 * @throws ShadegradError `bad-data` where no mirror has it, `interrupted` where aborted
 */
export async function downloadIdx(
  mirrors: readonly string[],
  known: KnownFile,
  content: 'images' | 'labels',
  options: DownloadOptions,
): Promise<{ bytes: Uint8Array; mirror: string }> {
  const reasons: string[] = [];
  for (const mirror of mirrors) {
    if (options.deadline?.aborted) break;
    const url = `${mirror}${known.name}.gz`;
    try {
      const bytes = await download(url, known.name, options);
      return { bytes: await verifiedIdx(known, content, { name: url, bytes }), mirror };
    } catch (error) {
      if (!(error instanceof ShadegradError) || error.code === 'interrupted') throw error;
      reasons.push(error.message);
    }
  }
  throw new ShadegradError(
    'bad-data',
    `${known.name} could not be downloaded. ${reasons.join(' ') || 'The time allowed is over.'}`,
    'Check the network and try again, or use files that are at hand, or synthetic digits.',
  );
}
