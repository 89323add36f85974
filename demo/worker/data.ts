import {
  type Dataset,
  type DatasetFiles,
  datasetFromIdx,
  downloadIdx,
  mapFiles,
  mnist,
  type NamedBytes,
  namesOfClasses,
  pickIdxFiles,
  ShadegradError,
  syntheticDigits,
  verifiedIdx,
} from '../../src/index.ts';
import type { Arrival, DataSource, DataSummary } from '../protocol.ts';
import { keep, kept } from '../storage.ts';

const SAMPLE = 40;
const STALL_SECONDS = 20;

/** Bytes of MNIST's uncompressed files, for shares of the whole. */
const SIZES: DatasetFiles<number> = {
  trainImages: 47_040_016,
  trainLabels: 60_008,
  testImages: 7_840_016,
  testLabels: 10_008,
};
const SIZE = Object.values(SIZES).reduce((sum, size) => sum + size, 0);

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
      return readFiles(source.files);
    case 'mnist':
      return (await readKept()) ?? (await fetchMnist(source.folder, options).catch(digitsInstead));
  }
}

/** Reads the files of a dataset. It is named MNIST only if its files are exactly MNIST's. */
async function readFiles(files: readonly File[]): Promise<Loaded> {
  const picked = await pickIdxFiles(files, mnist.files, `What you chose (${listed(files)})`);
  const named = await mapFiles(picked, async (file) => ({
    name: file.name,
    bytes: new Uint8Array(await file.arrayBuffer()),
  }));
  const data = await datasetFromIdx('your files', named);
  try {
    await verified(named);
    return { data: { ...data, name: mnist.name, classes: mnist.classes }, notice: '' };
  } catch (error) {
    if (!(error instanceof ShadegradError)) throw error;
    return {
      data,
      notice: 'These are not the official MNIST files, so they are taken for a dataset of your own.',
    };
  }
}

function listed(files: readonly File[]): string {
  const names = files.slice(0, 4).map(({ name }) => name);
  return `${names.join(', ') || 'nothing'}${files.length > 4 ? ', …' : ''}`;
}

/** MNIST from the browser's storage, if an earlier visit left it there and it is undamaged. */
async function readKept(): Promise<Loaded | undefined> {
  try {
    const files = await mapFiles(mnist.files, async ({ name }) => {
      const bytes = await kept(keyOf(name));
      return { name, bytes: bytes instanceof Uint8Array ? bytes : new Uint8Array() };
    });
    return { data: await officialDataset(await verified(files)), notice: '' };
  } catch {
    return undefined;
  }
}

async function fetchMnist(folder: string, { signal, onArrival }: LoadOptions): Promise<Loaded> {
  // Only the first mirror allows requests from pages of other origins.
  let places = [folder, ...mnist.mirrors.slice(0, 1)];
  let notice = '';
  let arrived = 0;
  const files = await mapFiles(mnist.files, async (known, content, role) => {
    const { bytes, mirror } = await downloadIdx(places, known, content, {
      signal,
      stallSeconds: STALL_SECONDS,
      onProgress: ({ file, received, total }) => {
        // If the host compressed the body for transport, it arrives unpacked.
        const share = Math.min(1, received / (total ?? SIZES[role]));
        onArrival({ file, received, total, share: (arrived + share * SIZES[role]) / SIZE });
      },
    });
    places = [mirror, ...places.filter((place) => place !== mirror)];
    arrived += SIZES[role];
    await keep(keyOf(known.name), bytes).catch((error: unknown) => {
      notice = `MNIST is here, but could not be kept for the next visit: ${error instanceof Error ? error.message : error}.`;
    });
    return { name: known.name, bytes };
  });
  return { data: await officialDataset(files), notice };
}

/** Synthetic digits in place of MNIST, and why it could not be had. */
function digitsInstead(error: unknown): Loaded {
  if (!(error instanceof ShadegradError) || error.code === 'interrupted') throw error;
  return {
    data: syntheticDigits(),
    notice: `${error.message} These are synthetic digits instead; choose MNIST to try again, or files of your own.`,
  };
}

function officialDataset(files: DatasetFiles<NamedBytes>): Promise<Dataset> {
  return datasetFromIdx(mnist.name, files, mnist.classes);
}

/** @throws ShadegradError `bad-data` where one is not the official file of MNIST */
function verified(files: DatasetFiles<NamedBytes>): Promise<DatasetFiles<NamedBytes>> {
  return mapFiles(mnist.files, async (known, content, role) => ({
    name: files[role].name,
    bytes: await verifiedIdx(known, content, files[role]),
  }));
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
    sample: train.images.slice(0, SAMPLE * pixels),
  };
}
