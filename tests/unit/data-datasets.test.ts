import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { mnist } from '../../src/data/mnist.ts';
import { syntheticDigits } from '../../src/data/synthetic.ts';
import { loadDataset } from '../../src/node/datasets.ts';
import { centerDigit } from '../../src/pictures/center.ts';
import { encodeIdx } from '../support/idx.ts';

const mnistDir = process.env.MNIST_DIR;
const realMnist = mnistDir || fileURLToPath(new URL('../../../shared/mnist', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-datasets-'));
  vi.stubEnv('MNIST_DIR', '');
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const unreachable = { ...mnist, mirrors: ['http://127.0.0.1:1/', 'http://127.0.0.1:2/'] };

async function writeGlyphs(path: string, name = (official: string) => official): Promise<void> {
  await mkdir(path);
  const files = {
    'train-images-idx3-ubyte': encodeIdx([3, 2, 6], new Uint8Array(36).fill(9)),
    'train-labels-idx1-ubyte': encodeIdx([3], Uint8Array.of(0, 25, 3)),
    't10k-images-idx3-ubyte': encodeIdx([1, 2, 6], new Uint8Array(12)),
    't10k-labels-idx1-ubyte': encodeIdx([1], Uint8Array.of(7)),
  };
  for (const [official, bytes] of Object.entries(files)) {
    const chosen = name(official);
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
      nextStep: expect.stringContaining('synthetic'),
    });
  });
});

describe('the source synthetic', () => {
  test('draws digits by the seed', async () => {
    const { name, train, test } = await loadDataset('synthetic', { seed: 3 });
    const { train: first } = syntheticDigits({ seed: 3, train: 50, test: 0 });
    expect(name).toBe('synthetic');
    expect([train.count, test.count]).toEqual([12_000, 2_000]);
    expect(train.images.subarray(0, 50 * 784)).toEqual(first.images);
  });
});

describe('the source auto', () => {
  test('draws digits, soon and with a notice, where MNIST can be neither found nor downloaded', async () => {
    const notices: string[] = [];
    const started = performance.now();
    const loaded = await loadDataset('auto', {
      mnist: unreachable,
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
      loadDataset('auto', { mnist: unreachable, signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'interrupted' });
  });
});

describe('the source mnist', () => {
  test('fails with what to do where MNIST can be neither found nor downloaded', async () => {
    await expect(loadDataset('mnist', { mnist: unreachable })).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining('train-images-idx3-ubyte could not be downloaded'),
      nextStep: expect.stringContaining('files that are at hand'),
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

// Where the real files are, they must be right: a damaged folder fails here and is not passed over.
if (mnistDir || existsSync(realMnist)) {
  describe('the real MNIST', () => {
    test('is read from MNIST_DIR', async () => {
      vi.stubEnv('MNIST_DIR', realMnist);
      const { name, shape, classes, train, test } = await loadDataset('mnist');
      expect({ name, shape, classes, train: train.count, test: test.count }).toEqual({
        name: 'mnist',
        shape: { height: 28, width: 28 },
        classes: 10,
        train: 60_000,
        test: 10_000,
      });
      expect([...train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    });

    test('has its digits where centerDigit puts them', async () => {
      vi.stubEnv('MNIST_DIR', realMnist);
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
}
