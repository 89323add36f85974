import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../data/dataset.ts';
import type { DownloadProgress } from '../data/download.ts';
import { datasetFromIdx, mapFiles } from '../data/idx.ts';
import { idxFileName } from '../data/idx-names.ts';
import { downloadIdx, type KnownDataset, type KnownFile, verifiedIdx } from '../data/mnist.ts';
import { ShadegradError } from '../errors.ts';
import { writeWhole } from './files.ts';
import { readIdxFiles, readNamed } from './idx-folder.ts';

/** How long a download may take. */
export interface Patience {
  /** How long a server may send nothing. */
  readonly stallSeconds: number;
  /** For all files together. */
  readonly totalSeconds: number;
}

export interface KnownDatasetOptions {
  readonly patience: Patience;
  /** Aborts downloads. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Receives what the user should know although the work goes on. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/**
 * Reads `dataset` from a folder of the user's. Only the official files are taken, so that what a report calls by
 * the dataset's name is that dataset.
 *
 * @throws ShadegradError `bad-data` where a file is missing, damaged or another one
 */
export async function readKnownDataset(folder: string, dataset: KnownDataset): Promise<Dataset> {
  const found = await readIdxFiles(folder, dataset.files);
  const files = await mapFiles(dataset.files, async (known, content, role) => ({
    name: found[role].name,
    bytes: await verifiedIdx(known, content, found[role], sha256),
  }));
  return datasetFromIdx(dataset.name, files, dataset.classes);
}

/**
 * Reads `dataset` from the folder `cache`, and downloads what it lacks. What is downloaded is checked before it is
 * kept, and a file of the cache that is damaged is named and downloaded again.
 *
 * @throws ShadegradError `bad-data` where a file can neither be read nor downloaded, `interrupted` where aborted
 */
export async function fetchKnownDataset(
  cache: string,
  dataset: KnownDataset,
  options: KnownDatasetOptions,
): Promise<Dataset> {
  const { patience, signal, onProgress, onNotice } = options;
  const deadline = AbortSignal.timeout(1000 * patience.totalSeconds);
  const downloading = { signal, deadline, stallSeconds: patience.stallSeconds, onProgress };
  let { mirrors } = dataset;
  const files = await mapFiles(dataset.files, async (known, content) => {
    const path = join(cache, known.name);
    const cached = await cachedIdx(cache, known, content, onNotice);
    if (cached) return { name: path, bytes: cached };
    const { bytes, mirror } = await downloadIdx(mirrors, known, content, downloading);
    mirrors = [mirror, ...mirrors.filter((other) => other !== mirror)];
    await writeWhole(path, bytes).catch((error: ShadegradError) => {
      onNotice?.(`${known.name} is not kept for the next time: ${error.message}`);
    });
    return { name: path, bytes };
  });
  return datasetFromIdx(dataset.name, files, dataset.classes);
}

/** The uncompressed file, if the cache has it and it is right. */
async function cachedIdx(
  cache: string,
  known: KnownFile,
  content: 'images' | 'labels',
  onNotice: KnownDatasetOptions['onNotice'],
): Promise<Uint8Array | undefined> {
  const name = idxFileName(await readdir(cache).catch(() => []), known.name);
  if (name === undefined) return undefined;
  try {
    return await verifiedIdx(known, content, await readNamed(join(cache, name)), sha256);
  } catch (error) {
    if (!(error instanceof ShadegradError)) throw error;
    onNotice?.(`The cache is damaged, so ${known.name} is downloaded again. ${error.message}`);
    return undefined;
  }
}

/** Of MNIST's 47 MB in 30 ms, where Node's Web Crypto copies them first and takes 200. */
function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
