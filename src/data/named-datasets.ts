import type { ArchivedDataset, Checksum, KnownArchive, KnownDataset, KnownFile } from './known.ts';
import { mnist } from './mnist.ts';

/** A file whose published checksum is that of the gzip file. */
/* @__NO_SIDE_EFFECTS__ */
function gzipped(name: string, algorithm: Checksum['algorithm'], hex: string): KnownFile {
  return { name, checksumOf: 'gzip', checksum: { algorithm, hex } };
}

/**
 * Articles of clothing in MNIST's form (https://github.com/zalandoresearch/fashion-mnist, whose README lists the
 * classes). Checksums: TensorFlow Datasets, `url_checksums/fashion_mnist.txt`.
 */
const fashionMnist: KnownDataset = {
  name: 'fashion-mnist',
  classes: 10,
  classNames: [
    'T-shirt/top',
    'Trouser',
    'Pullover',
    'Dress',
    'Coat',
    'Sandal',
    'Shirt',
    'Sneaker',
    'Bag',
    'Ankle boot',
  ],
  variable: 'FASHION_MNIST_DIR',
  // The authors' own mirror, which has no https, and the one that Keras reads.
  mirrors: [
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    'https://storage.googleapis.com/tensorflow/tf-keras-datasets/',
  ],
  files: {
    trainImages: gzipped(
      'train-images-idx3-ubyte',
      'sha256',
      '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
    ),
    trainLabels: gzipped(
      'train-labels-idx1-ubyte',
      'sha256',
      'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
    ),
    testImages: gzipped(
      't10k-images-idx3-ubyte',
      'sha256',
      '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
    ),
    testLabels: gzipped(
      't10k-labels-idx1-ubyte',
      'sha256',
      '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
    ),
  },
};

/**
 * Ten cursive Japanese characters in MNIST's form (https://github.com/rois-codh/kmnist; classes as in its
 * `kmnist_classmap.csv`). Checksums: TensorFlow Datasets, `url_checksums/kmnist.txt`.
 */
const kmnist: KnownDataset = {
  name: 'kmnist',
  classes: 10,
  classNames: [
    'お (o)',
    'き (ki)',
    'す (su)',
    'つ (tsu)',
    'な (na)',
    'は (ha)',
    'ま (ma)',
    'や (ya)',
    'れ (re)',
    'を (wo)',
  ],
  variable: 'KMNIST_DIR',
  mirrors: ['http://codh.rois.ac.jp/kmnist/dataset/kmnist/'],
  files: {
    trainImages: gzipped(
      'train-images-idx3-ubyte',
      'sha256',
      '51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4',
    ),
    trainLabels: gzipped(
      'train-labels-idx1-ubyte',
      'sha256',
      'e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17',
    ),
    testImages: gzipped(
      't10k-images-idx3-ubyte',
      'sha256',
      'edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5',
    ),
    testLabels: gzipped(
      't10k-labels-idx1-ubyte',
      'sha256',
      '20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c',
    ),
  },
};

/**
 * MNIST rebuilt from its source, with 60,000 test images (https://github.com/facebookresearch/qmnist). Checksums:
 * torchvision, `torchvision/datasets/mnist.py`, class `QMNIST`.
 */
export const qmnist: KnownDataset = {
  name: 'qmnist',
  classes: 10,
  variable: 'QMNIST_DIR',
  mirrors: ['https://raw.githubusercontent.com/facebookresearch/qmnist/master/'],
  files: {
    trainImages: gzipped('qmnist-train-images-idx3-ubyte', 'md5', 'ed72d4157d28c017586c42bc6afe6370'),
    trainLabels: gzipped('qmnist-train-labels-idx2-int', 'md5', '0058f8dd561b90ffdd0f734c6a30e5e4'),
    testImages: gzipped('qmnist-test-images-idx3-ubyte', 'md5', '1394631089c404de565df7b7aeaf9412'),
    testLabels: gzipped('qmnist-test-labels-idx2-int', 'md5', '5b5b05890a5e13444e108efe57b788aa'),
  },
};

const DIGITS = [...'0123456789'];
const CAPITALS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const SMALL_LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
/** EMNIST's authors found that the other small letters look like their capitals. */
const DISTINCT_SMALL_LETTERS = [...'abdefghnqrt'];

/**
 * Names of the classes in EMNIST's sets (G. Cohen et al., "EMNIST: an extension of MNIST to handwritten
 * letters", 2017, and the files `emnist-*-mapping.txt` in its archive). Classes of `letters` hold both cases.
 */
export const EMNIST_CLASSES = {
  balanced: /* @__PURE__ */ [DIGITS, CAPITALS, DISTINCT_SMALL_LETTERS].flat(),
  bymerge: /* @__PURE__ */ [DIGITS, CAPITALS, DISTINCT_SMALL_LETTERS].flat(),
  byclass: /* @__PURE__ */ [DIGITS, CAPITALS, SMALL_LETTERS].flat(),
  letters: CAPITALS,
  digits: DIGITS,
  mnist: DIGITS,
} as const;

export type EmnistSet = keyof typeof EMNIST_CLASSES;

export const EMNIST_SETS: readonly EmnistSet[] = [
  'balanced',
  'bymerge',
  'byclass',
  'letters',
  'digits',
  'mnist',
];

/** How EMNIST's files differ from MNIST's: images are stored transposed, and letters are numbered from 1. */
export function emnistConventions(set: EmnistSet) {
  return { transposed: true, firstLabel: set === 'letters' ? 1 : 0 };
}

export function emnistFiles(set: EmnistSet) {
  return {
    trainImages: { name: `emnist-${set}-train-images-idx3-ubyte` },
    trainLabels: { name: `emnist-${set}-train-labels-idx1-ubyte` },
    testImages: { name: `emnist-${set}-test-images-idx3-ubyte` },
    testLabels: { name: `emnist-${set}-test-labels-idx1-ubyte` },
  };
}

const EMNIST_OFFERED = ['balanced', 'letters', 'digits'] as const;

/**
 * All sets of EMNIST in one (https://www.nist.gov/itl/products-and-services/emnist-dataset). Address as in
 * torchvision, `torchvision/datasets/mnist.py`, class `EMNIST`; checksum and size: TensorFlow Datasets,
 * `url_checksums/emnist.txt`.
 */
const emnistArchive: KnownArchive = {
  name: 'gzip.zip',
  url: 'https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip',
  checksum: {
    algorithm: 'sha256',
    hex: 'fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e',
  },
  bytes: 561_753_746,
  members: /* @__PURE__ */ EMNIST_OFFERED.flatMap((set) =>
    Object.values(emnistFiles(set)).map(({ name }) => `${name}.gz`),
  ),
};

function emnist(set: EmnistSet): ArchivedDataset {
  const classNames = EMNIST_CLASSES[set];
  return {
    name: `emnist-${set}`,
    classes: classNames.length,
    classNames,
    variable: 'EMNIST_DIR',
    conventions: emnistConventions(set),
    archive: emnistArchive,
    files: emnistFiles(set),
  };
}

/** The datasets that can be asked for by name. */
export const namedDatasets: readonly (KnownDataset | ArchivedDataset)[] = /* @__PURE__ */ [
  mnist,
  fashionMnist,
  kmnist,
  qmnist,
  /* @__PURE__ */ EMNIST_OFFERED.map(emnist),
].flat();
