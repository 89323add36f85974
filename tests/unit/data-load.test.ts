import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KnownDataset } from '../../src/data/known.ts';
import { datasetFromFiles, type FileStore, fetchDataset, officialDataset } from '../../src/data/load.ts';
import { encodeIdx } from '../support/idx.ts';
import { Servers } from '../support/servers.ts';

const pixels = (count: number) => Uint8Array.from({ length: 16 * count }, (_, i) => 5 * i);

/** A small dataset's files by name, uncompressed. */
const content: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map(
  Object.entries({
    'train-images-idx3-ubyte': encodeIdx([3, 4, 4], pixels(3)),
    'train-labels-idx1-ubyte': encodeIdx([3], Uint8Array.of(0, 1, 2)),
    't10k-images-idx3-ubyte': encodeIdx([2, 4, 4], pixels(2)),
    't10k-labels-idx1-ubyte': encodeIdx([2], Uint8Array.of(2, 0)),
  }).map(([name, bytes]) => [name, new Uint8Array(bytes)]),
);
const names = [...content.keys()];

function tiny(mirrors: readonly string[] = []): KnownDataset {
  const known = (name: string) => {
    const hex = createHash('sha256')
      .update(content.get(name) ?? '')
      .digest('hex');
    return { name, checksumOf: 'content', checksum: { algorithm: 'sha256', hex } } as const;
  };
  const [trainImages = '', trainLabels = '', testImages = '', testLabels = ''] = names;
  return {
    name: 'tiny',
    classes: 3,
    classNames: ['a', 'b', 'c'],
    variable: 'TINY_DIR',
    mirrors,
    files: {
      trainImages: known(trainImages),
      trainLabels: known(trainLabels),
      testImages: known(testImages),
      testLabels: known(testLabels),
    },
  };
}

const expected = {
  name: 'tiny',
  classes: 3,
  classNames: ['a', 'b', 'c'],
  shape: { height: 4, width: 4 },
  train: { count: 3, images: pixels(3), labels: Uint8Array.of(0, 1, 2) },
  test: { count: 2, images: pixels(2), labels: Uint8Array.of(2, 0) },
};

const damaged = Uint8Array.of(0, 0, 8, 3);

/** A store in memory. */
function storeOf(kept: Map<string, Uint8Array>): FileStore {
  return { get: async (name) => kept.get(name), set: async (name, bytes) => void kept.set(name, bytes) };
}

describe('fetchDataset', () => {
  const servers = new Servers();
  let asked: string[];
  let mirror: string;

  beforeEach(async () => {
    asked = [];
    mirror = `${await servers.start(({ url = '' }, response) => {
      asked.push(url);
      response.end(gzipSync(content.get(url.slice(1).replace('.gz', '')) ?? ''));
    })}/`;
  });
  afterEach(() => servers.close());

  test('fetches the files, from the mirrors of the dataset or from others', async () => {
    expect(await fetchDataset(tiny([mirror]))).toEqual(expected);
    expect(asked).toEqual(names.map((name) => `/${name}.gz`));
    expect(await fetchDataset(tiny(), { mirrors: [mirror] })).toEqual(expected);
  });

  test('keeps them, and asks nobody the next time', async () => {
    const kept = new Map<string, Uint8Array>();
    await fetchDataset(tiny([mirror]), { store: storeOf(kept) });
    expect(kept).toEqual(content);
    asked = [];
    expect(await fetchDataset(tiny([mirror]), { store: storeOf(kept) })).toEqual(expected);
    expect(asked).toEqual([]);
  });

  test('fetches again what is kept damaged, and says so', async () => {
    const [first = ''] = names;
    const kept = new Map<string, Uint8Array>([...content, [first, damaged]]);
    const notices: string[] = [];
    const options = { store: storeOf(kept), onNotice: (notice: string) => notices.push(notice) };
    expect(await fetchDataset(tiny([mirror]), options)).toEqual(expected);
    expect(asked).toEqual([`/${first}.gz`]);
    expect(notices).toEqual([expect.stringMatching(/^train-images-idx3-ubyte is fetched again.*header/)]);
    expect(kept).toEqual(content);
  });

  test('does without a store that fails, and says so of each file', async () => {
    const full = () => Promise.reject(new Error('the disk is full'));
    const notices: string[] = [];
    const store: FileStore = { get: async () => undefined, set: full };
    const data = await fetchDataset(tiny([mirror]), { store, onNotice: (notice) => notices.push(notice) });
    expect(data).toEqual(expected);
    expect(notices).toHaveLength(4);
    expect(notices[0]).toMatch(/could not be kept for the next time: the disk is full\.$/);
  });

  test('tells how far each file has come, and is aborted by its signal', async () => {
    const controller = new AbortController();
    const files: string[] = [];
    const fetched = fetchDataset(tiny([mirror]), {
      signal: controller.signal,
      onProgress: ({ file }) => {
        files.push(file);
        controller.abort();
      },
    });
    await expect(fetched).rejects.toMatchObject({ code: 'interrupted' });
    expect(files[0]).toBe(names[0]);
  });
});

const filesOf = (entries: Iterable<readonly [string, Uint8Array<ArrayBuffer>]>) =>
  [...entries].map(([name, bytes]) => new File([bytes], name));

describe('files that the user has', () => {
  test('are a dataset, in any order, packed or not, among others', async () => {
    const packed = [...content].map(
      ([name, bytes]) => [`${name}.gz`, new Uint8Array(gzipSync(bytes))] as const,
    );
    const note = new File(['a note'], 'notes.txt');
    const { classNames: _, ...unnamed } = expected;
    const mine = { ...unnamed, name: 'mine' };
    expect(await datasetFromFiles('mine', [note, ...filesOf(content).reverse()])).toEqual(mine);
    expect(await datasetFromFiles('mine', filesOf(packed))).toEqual(mine);
  });

  test('are read as their names tell: those of EMNIST transposed, with letters from 1', async () => {
    const letters = [...content].map(([name, bytes]) => {
      const set = name.startsWith('train') ? 'train' : 'test';
      const shifted = name.includes('labels') ? bytes.map((byte, i) => (i < 8 ? byte : byte + 1)) : bytes;
      return [name.replace(/^(train|t10k)/, `emnist-letters-${set}`), shifted] as const;
    });
    const data = await datasetFromFiles('letters', filesOf(letters));
    expect(data.classNames?.[0]).toBe('A');
    expect(data.train.labels).toEqual(expected.train.labels);
    expect(data.train.images[1]).toBe(expected.train.images[4]);
  });

  test('that lack one are refused by its name', async () => {
    const some = filesOf(content).slice(0, 3);
    await expect(datasetFromFiles('mine', some)).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringMatching(/^What was chosen \(train-images.*\) lacks t10k-labels-idx1-ubyte\.$/),
    });
    await expect(datasetFromFiles('mine', [])).rejects.toMatchObject({
      message: expect.stringContaining('What was chosen (nothing) lacks'),
    });
  });

  test('are the published dataset only if they are its files', async () => {
    expect(await officialDataset(tiny(), filesOf(content))).toEqual(expected);
    const other = new Map(content).set(
      'train-labels-idx1-ubyte',
      new Uint8Array(encodeIdx([3], Uint8Array.of(0, 0, 0))),
    );
    await expect(officialDataset(tiny(), filesOf(other))).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining('is not the official train-labels-idx1-ubyte'),
    });
  });
});
