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

const { trainImages, trainLabels, testImages, testLabels } = mnist.files;

/** MNIST's four files, gzipped: images and labels for training, then for tests. The built demo page has them. */
export const mnistPaths = [trainImages, trainLabels, testImages, testLabels].map(({ name }) =>
  join(import.meta.dirname, '..', '..', 'dist-demo', 'mnist', `${name}.gz`),
);

/** Synthetic digits in files like MNIST's, gzipped, in the same order: 3,000 to train on and 500 to test with. */
export function digitFiles(): NamedFile[] {
  const data = syntheticDigits({ train: 3000, test: 500 });
  const images = ({ images, count }: Samples) =>
    encodeIdx([count, data.shape.height, data.shape.width], images);
  const labels = ({ labels, count }: Samples) => encodeIdx([count], labels);
  return [
    { name: trainImages.name, bytes: images(data.train) },
    { name: trainLabels.name, bytes: labels(data.train) },
    { name: testImages.name, bytes: images(data.test) },
    { name: testLabels.name, bytes: labels(data.test) },
  ].map(({ name, bytes }) => ({ name: `${name}.gz`, bytes: new Uint8Array(gzipSync(bytes)) }));
}
