import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../../src/data/dataset.ts';
import { encodeIdx } from './idx.ts';

/** Writes the four IDX files of a dataset for `--data FOLDER`. */
export async function writeDataset(folder: string, { shape, train, test }: Dataset): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [set, { images, labels, count }] of Object.entries({ train, t10k: test })) {
    const imageFile = encodeIdx([count, shape.height, shape.width], images);
    await writeFile(join(folder, `${set}-images-idx3-ubyte`), imageFile);
    await writeFile(join(folder, `${set}-labels-idx1-ubyte`), encodeIdx([count], labels));
  }
}
