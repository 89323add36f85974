import {
  type Dataset,
  datasetFromFiles,
  type FileStore,
  fetchDataset,
  mnist,
  namesOfClasses,
  officialDataset,
  ShadegradError,
  syntheticDigits,
} from '../../src/index.ts';
import { fetchCode } from '../fetch-code.ts';
import type { Arrival, DataSource, DataSummary, OwnFiles } from '../protocol.ts';
import { keep, kept } from '../storage.ts';

const SAMPLE = 40;

/** Bytes of MNIST's uncompressed files, in the order in which they are fetched, for shares of the whole. */
const SIZES: readonly (readonly [file: string, bytes: number])[] = [
  [mnist.files.trainImages.name, 47_040_016],
  [mnist.files.trainLabels.name, 60_008],
  [mnist.files.testImages.name, 7_840_016],
  [mnist.files.testLabels.name, 10_008],
];

export interface LoadOptions {
  readonly signal: AbortSignal;
  readonly onArrival: (arrival: Arrival) => void;
}

export interface Loaded {
  readonly data: Dataset;
  /** What the user should know although the images are there; empty for nothing. */
  readonly notice: string;
}

/**
 * Loads the images of a source.
 * @throws ShadegradError `bad-data` where files are no dataset, `interrupted`
 */
export async function loadData(source: DataSource, options: LoadOptions): Promise<Loaded> {
  switch (source.kind) {
    case 'synthetic':
      return { data: syntheticDigits(source), notice: '' };
    case 'files':
      return source.own.kind === 'idx' ? readFiles(source.own) : readFolders(source.own, options);
    case 'mnist':
      return fetchMnist(source.folder, options).catch(digitsInstead);
  }
}

/** Reads the files of a dataset. It is named MNIST only if its files are exactly MNIST's. */
async function readFiles({ name, files: own }: OwnFiles): Promise<Loaded> {
  const files = own.map(({ file }) => file);
  const data = await datasetFromFiles(name, files);
  try {
    return { data: await officialDataset(mnist, files), notice: '' };
  } catch (error) {
    if (!(error instanceof ShadegradError)) throw error;
    return {
      data,
      notice: 'These are not the official MNIST files, so they are taken for a dataset of your own.',
    };
  }
}

async function readFolders(own: OwnFiles, options: LoadOptions): Promise<Loaded> {
  const { pictureDataset } = await fetchCode('A folder of pictures', () => import('./pictures.ts'));
  return pictureDataset(own, options);
}

/** What an earlier visit left in the browser's storage. A browser that keeps nothing for this page has none. */
const store: FileStore = {
  get: async (name) => {
    const bytes = await kept(keyOf(name)).catch(() => undefined);
    return bytes instanceof Uint8Array ? bytes : undefined;
  },
  set: (name, bytes) => keep(keyOf(name), bytes),
};

async function fetchMnist(folder: string, { signal, onArrival }: LoadOptions): Promise<Loaded> {
  let notice = '';
  const data = await fetchDataset(mnist, {
    // Only the first mirror allows requests from pages of other origins.
    mirrors: [folder, ...mnist.mirrors.slice(0, 1)],
    store,
    signal,
    onProgress: ({ file, received, total }) =>
      onArrival({ file, received, total, share: shareOf(file, received, total) }),
    onNotice: (text) => {
      notice = text;
    },
  });
  return { data, notice };
}

/** How much of MNIST is here, once so many bytes of a file are and all of those before it. */
function shareOf(file: string, received: number, total: number | null): number {
  const at = SIZES.findIndex(([name]) => name === file);
  const [before, whole] = [SIZES.slice(0, at), SIZES].map((files) =>
    files.reduce((sum, [, bytes]) => sum + bytes, 0),
  );
  const [, size = 0] = SIZES[at] ?? [];
  // If the host compressed the body for transport, it arrives unpacked.
  return ((before ?? 0) + Math.min(1, received / (total ?? size)) * size) / (whole ?? 1);
}

/** Synthetic digits in place of MNIST, and why it could not be had. */
function digitsInstead(error: unknown): Loaded {
  if (!(error instanceof ShadegradError) || error.code === 'interrupted') throw error;
  return {
    data: syntheticDigits(),
    notice: `MNIST could not be had: these are synthetic digits instead. Choose MNIST to try again, or files of your own. ${error.message}`,
  };
}

function keyOf(name: string): string {
  return `mnist/${name}`;
}

export function summary(data: Dataset): DataSummary {
  const { name, shape, train, test } = data;
  const pixels = shape.height * shape.width;
  return {
    name,
    shape,
    classNames: namesOfClasses(data),
    train: train.count,
    test: test.count,
    counts: countsOf(data),
    sample: train.images.slice(0, SAMPLE * pixels),
  };
}

function countsOf({ train, classes }: Dataset): number[] {
  const counts = Array.from({ length: classes }, () => 0);
  for (const label of train.labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}
