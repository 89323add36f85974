import { dirname, resolve } from 'node:path';
import { datasetChecksum } from '../data/checksum.ts';
import type { Dataset } from '../data/dataset.ts';
import { ShadegradError } from '../errors.ts';
import type { SweepDataset } from '../sweep/tasks.ts';
import { DATASET_NAMES } from './datasets.ts';

/** Where a sweep file's dataset is loaded from: a name as it is, and a folder as seen from the file's. */
export function sourceOf(sweepFile: string, data: string): string {
  return DATASET_NAMES.includes(data) ? data : resolve(dirname(sweepFile), data);
}

/** What of a dataset `sweep.json` has. */
export async function describeDataset(source: string, data: Dataset): Promise<SweepDataset> {
  const { name, shape, classes, train, test } = data;
  return {
    source,
    name,
    sha256: await datasetChecksum(data),
    shape: { height: shape.height, width: shape.width },
    classes,
    train: train.count,
    test: test.count,
  };
}

/** @throws ShadegradError `bad-data` where the data are not those that the sweep was begun with */
export function assertSameDataset(before: SweepDataset, now: SweepDataset | undefined): void {
  if (before.sha256 === now?.sha256) return;
  throw new ShadegradError(
    'bad-data',
    `The dataset "${before.source}" is not the one that this sweep was begun with: their checksums differ.`,
    'Bring back the data, or begin the sweep in another folder.',
  );
}
