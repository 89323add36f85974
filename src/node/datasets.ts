import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Dataset } from '../data/dataset.ts';
import type { DownloadProgress } from '../data/download.ts';
import { datasetFromIdx } from '../data/idx.ts';
import { type KnownDataset, mnist as officialMnist } from '../data/mnist.ts';
import { syntheticDigits } from '../data/synthetic.ts';
import { ShadegradError } from '../errors.ts';
import { cacheDirectory } from './cache.ts';
import { readIdxFiles } from './idx-folder.ts';
import { fetchKnownDataset, type Patience, readKnownDataset } from './mnist.ts';

/** What is not looked for in a folder of that name. */
const KNOWN = ['auto', 'mnist', 'synthetic'];

/** For a download that was asked for, and for one that is only tried. */
const patient: Patience = { stallSeconds: 20, totalSeconds: 600 };
const impatient: Patience = { stallSeconds: 2.5, totalSeconds: 6 };

export interface LoadOptions {
  /** Of synthetic digits: whole number from 0 to 2^53 - 1, 1 by default. */
  readonly seed?: number | undefined;
  /** Aborts downloads. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Receives what the user should know although the work goes on, e.g. that MNIST could not be had. */
  readonly onNotice?: ((notice: string) => void) | undefined;
  /** Where MNIST comes from, e.g. a mirror of your own; the official files by default. */
  readonly mnist?: KnownDataset | undefined;
}

/**
 * Loads a dataset.
 *
 * - `mnist`: from the folder that the environment variable MNIST_DIR names, else from the cache, else downloaded.
 * - `synthetic`: digits drawn by rule.
 * - `auto`: `mnist` where it is at hand or can be downloaded within a few seconds, else `synthetic` with a notice.
 * - anything else: a folder with the four files of MNIST's names, `.gz` or not, with images of any size; named after it,
 *   or by its path where it is called as one of the datasets above, which it need not be.
 *
 * @throws ShadegradError `bad-data` where it cannot be had, `interrupted` where aborted, `usage` for a wrong seed
 */
export async function loadDataset(source: string, options: LoadOptions = {}): Promise<Dataset> {
  switch (source) {
    case 'synthetic':
      return drawDigits(options);
    case 'mnist':
      return loadMnist(options, patient);
    case 'auto':
      return process.env.MNIST_DIR ? loadMnist(options, patient) : loadMnistOrDraw(options);
    default:
      return loadFolder(source);
  }
}

function drawDigits({ seed }: LoadOptions): Dataset {
  return syntheticDigits(seed === undefined ? {} : { seed });
}

async function loadMnist(options: LoadOptions, patience: Patience): Promise<Dataset> {
  const { mnist = officialMnist } = options;
  const folder = process.env.MNIST_DIR;
  if (!folder) return fetchKnownDataset(join(cacheDirectory(), 'mnist'), mnist, { ...options, patience });
  try {
    return await readKnownDataset(folder, mnist);
  } catch (error) {
    if (!(error instanceof ShadegradError)) throw error;
    throw new ShadegradError(
      error.code,
      `MNIST_DIR names a folder that cannot be used. ${error.message}`,
      `Mend the folder, or unset MNIST_DIR so that MNIST is downloaded; for another dataset use --data ${folder}.`,
      error,
    );
  }
}

async function loadMnistOrDraw(options: LoadOptions): Promise<Dataset> {
  try {
    return await loadMnist(options, impatient);
  } catch (error) {
    if (!(error instanceof ShadegradError) || error.code !== 'bad-data') throw error;
    options.onNotice?.(
      `MNIST is not at hand and cannot be downloaded within ${impatient.totalSeconds} s, so synthetic digits are used instead. ${error.message}`,
    );
    return drawDigits(options);
  }
}

async function loadFolder(folder: string): Promise<Dataset> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new ShadegradError(
      'bad-data',
      `The dataset "${folder}" is not known, and there is no folder of that name.`,
      'Use auto, mnist, synthetic or a folder with four IDX files.',
    );
  }
  const files = await readIdxFiles(folder, officialMnist.files);
  const name = basename(resolve(folder));
  return datasetFromIdx(KNOWN.includes(name) ? folder : name, files);
}
