import { reasonOf } from '../errors.ts';
import type { Dataset } from './dataset.ts';
import type { DownloadProgress } from './download.ts';
import { type DatasetFiles, datasetFromIdx, mapFiles, type NamedBytes } from './idx.ts';
import { idxNaming, pickIdxFiles } from './idx-names.ts';
import { type DatasetFacts, downloadIdx, type KnownDataset, verifiedIdx } from './known.ts';

/** Where files of datasets are kept from one visit to the next, such as in the browser's storage. */
export interface FileStore {
  /** The file that was kept under this name; undefined where there is none. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** Keeps a file under a name. */
  set(name: string, bytes: Uint8Array): Promise<void>;
}

/** Where a dataset is fetched from, and where it is kept. */
export interface FetchDatasetOptions {
  /** Folders to fetch from, each ending in a slash, the preferred one first. Default: the dataset's mirrors. */
  readonly mirrors?: readonly string[];
  /** Default: nothing is kept. Its errors are told to `onNotice`. */
  readonly store?: FileStore;
  /** Ends the download with an error `interrupted`. */
  readonly signal?: AbortSignal;
  /** How long a server may send nothing. Default 20. */
  readonly stallSeconds?: number;
  /** Called with each piece that has come. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Receives what the user should know although the work goes on. */
  readonly onNotice?: (notice: string) => void;
}

/** The dataset in the files of a known one. */
export async function knownDataset(facts: DatasetFacts, files: DatasetFiles<NamedBytes>): Promise<Dataset> {
  const { name, classes, classNames, conventions } = facts;
  const data = await datasetFromIdx(name, files, classes, conventions);
  return classNames ? { ...data, classNames } : data;
}

/**
 * A published dataset such as {@link mnist}, by `fetch`: in a browser or wherever else there is one. Each file is checked
 * against its published checksum before it is used or kept, and again when it comes from the store.
 *
 * @throws ShadegradError `bad-data` where a file can neither be read nor fetched, `interrupted` where aborted
 *
 * @example
 * ```ts
 * import { fetchDataset, mnist } from 'shadegrad';
 *
 * const data = await fetchDataset(mnist, {
 *   // From the page's own host, 11.3 MB.
 *   mirrors: [new URL('mnist/', location.href).href],
 *   onProgress: ({ file, received, total }) => console.log(file, received, total),
 * });
 * console.log(data.train.count, data.test.count);
 * ```
 */
export async function fetchDataset(
  dataset: KnownDataset,
  options: FetchDatasetOptions = {},
): Promise<Dataset> {
  const { store, signal, stallSeconds = 20, onProgress, onNotice } = options;
  let { mirrors = dataset.mirrors } = options;
  const files = await mapFiles(dataset.files, async (known, content) => {
    const { name } = known;
    try {
      const kept = await store?.get(name);
      if (kept) return { name, bytes: await verifiedIdx(known, content, { name, bytes: kept }) };
    } catch (error) {
      onNotice?.(`${name} is fetched again, since what was kept of it cannot be used. ${reasonOf(error)}`);
    }
    const { bytes, mirror } = await downloadIdx(mirrors, known, content, {
      signal,
      stallSeconds,
      onProgress,
    });
    mirrors = [mirror, ...mirrors.filter((other) => other !== mirror)];
    try {
      await store?.set(name, bytes);
    } catch (error) {
      onNotice?.(`${name} is here, but could not be kept for the next time: ${reasonOf(error)}.`);
    }
    return { name, bytes };
  });
  return knownDataset(dataset, files);
}

/** A file as a browser gives it: what is needed of `File`. */
export type FileLike = Pick<File, 'name' | 'arrayBuffer'>;

/**
 * A dataset in four IDX files that the user has, gzip-compressed or not, named as those of MNIST, EMNIST or QMNIST. What
 * their names tell (EMNIST's pictures are transposed) is taken into account.
 *
 * @param name for reports
 * @param files among which the four are; others are passed over
 * @throws ShadegradError `bad-data` where one is missing or damaged, or they do not fit together
 */
export async function datasetFromFiles(name: string, files: readonly FileLike[]): Promise<Dataset> {
  const chosen = `What was chosen (${listed(files)})`;
  const naming = idxNaming(
    files.map((file) => file.name),
    chosen,
  );
  const picked = await read(await pickIdxFiles(files, naming.files, chosen));
  const data = await datasetFromIdx(name, picked, undefined, naming.conventions);
  return naming.classNames ? { ...data, classNames: naming.classNames } : data;
}

/**
 * As {@link datasetFromFiles}, for the files of a published dataset and no others.
 *
 * @throws ShadegradError `bad-data` also where one is not the official file
 */
export async function officialDataset(dataset: KnownDataset, files: readonly FileLike[]): Promise<Dataset> {
  const picked = await read(await pickIdxFiles(files, dataset.files, `What was chosen (${listed(files)})`));
  const verified = await mapFiles(dataset.files, async (known, content, role) => ({
    name: picked[role].name,
    bytes: await verifiedIdx(known, content, picked[role]),
  }));
  return knownDataset(dataset, verified);
}

function read(files: DatasetFiles<FileLike>): Promise<DatasetFiles<NamedBytes>> {
  return mapFiles(files, async (file) => ({
    name: file.name,
    bytes: new Uint8Array(await file.arrayBuffer()),
  }));
}

function listed(files: readonly FileLike[]): string {
  const names = files.slice(0, 4).map(({ name }) => name);
  return `${names.join(', ') || 'nothing'}${files.length > 4 ? ', …' : ''}`;
}
