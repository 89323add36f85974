import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Samples } from '../../src/data/dataset.ts';
import { mnist } from '../../src/data/mnist.ts';
import { syntheticDigits } from '../../src/data/synthetic.ts';
import { encodeIdx } from './idx.ts';

export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The four files of a dataset, gzipped, under MNIST's names, and how many images they hold. */
export interface GzippedFiles {
  readonly files: readonly NamedFile[];
  readonly train: number;
  readonly test: number;
}

const { trainImages, trainLabels, testImages, testLabels } = mnist.files;

/** The real MNIST out of the folder that `MNIST_DIR` names, else that is beside this project; undefined for none. */
export async function realMnist(): Promise<GzippedFiles | undefined> {
  const folder = process.env.MNIST_DIR || join(import.meta.dirname, '..', '..', '..', 'shared', 'mnist');
  const read = async ({ name }: { readonly name: string }) => ({
    name: `${name}.gz`,
    bytes: new Uint8Array(await readFile(join(folder, `${name}.gz`))),
  });
  try {
    const files = await Promise.all([trainImages, trainLabels, testImages, testLabels].map(read));
    return { files, train: 60_000, test: 10_000 };
  } catch {
    return undefined;
  }
}

/** Synthetic digits in files like MNIST's. */
export function mnistStandIn(): GzippedFiles {
  const [train, test] = [3000, 500];
  const data = syntheticDigits({ train, test });
  const images = ({ images, count }: Samples) =>
    encodeIdx([count, data.shape.height, data.shape.width], images);
  const labels = ({ labels, count }: Samples) => encodeIdx([count], labels);
  const files = [
    { name: trainImages.name, bytes: images(data.train) },
    { name: trainLabels.name, bytes: labels(data.train) },
    { name: testImages.name, bytes: images(data.test) },
    { name: testLabels.name, bytes: labels(data.test) },
  ].map(({ name, bytes }) => ({ name: `${name}.gz`, bytes: new Uint8Array(gzipSync(bytes)) }));
  return { files, train, test };
}
