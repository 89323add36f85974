import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initialModel } from '../../src/model/initialise.ts';
import { type ImageModel, readBatches, readImages, writeInput } from '../../src/node/images.ts';
import { expandPatterns } from '../../src/node/patterns.ts';
import { encodeIdx } from '../support/idx.ts';

const target: ImageModel = {
  model: initialModel({ inputs: 12, hidden: [], classes: 2 }, 1),
  image: { height: 3, width: 4 },
  traits: null,
};
const bytes = (count: number) => Uint8Array.from({ length: 12 * count }, (_, i) => i * 3);

let folder: string;
const path = (name: string) => join(folder, name);
const write = async (name: string, content: string | Uint8Array) => {
  await writeFile(path(name), content);
  return path(name);
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('images are read', () => {
  test('a picture as it is has the bytes of the file', async () => {
    const data = bytes(1);
    const file = await write('a.png', encode({ width: 4, height: 3, channels: 1, data }));
    const images = await readImages(file, target, { asIs: true });
    expect(images).toEqual([
      { file, index: null, shape: { height: 3, width: 4 }, pixels: data, notices: [] },
    ]);
  });

  test('a picture as it is must have the size', async () => {
    const file = await write('b.png', encode({ width: 2, height: 6, channels: 1, data: bytes(1) }));
    await expect(readImages(file, target, { asIs: true })).rejects.toThrow(
      'b.png have 2 x 6 pixels, but the model takes images of 4 x 3 pixels',
    );
  });

  test('a model whose images have no known size takes IDX files of as many pixels only', async () => {
    const unknown = { ...target, image: null };
    const idx = await write('c.idx', encodeIdx([2, 6, 2], bytes(2)));
    const images = await readImages(idx, unknown);
    expect(images.map(({ index, shape }) => [index, shape])).toEqual([
      [0, { height: 6, width: 2 }],
      [1, { height: 6, width: 2 }],
    ]);
    expect(images[1]?.pixels).toEqual(bytes(2).subarray(12));
    const png = await write('d.png', encode({ width: 4, height: 3, channels: 1, data: bytes(1) }));
    await expect(readImages(png, unknown)).rejects.toThrow('does not say to what size');
  });
});

describe('files are read in batches', () => {
  test('of so many images, in order, with errors in their places', async () => {
    const five = await write('five.idx', encodeIdx([5, 3, 4], bytes(5)));
    const one = await write('one.idx', encodeIdx([1, 3, 4], bytes(1)));
    const paths = [one, path('nowhere'), five, one];
    const seen: [number, number | null | string][][] = [];
    for await (const batch of readBatches(paths, target, 3)) {
      seen.push(batch.map((read) => [read.number, read.input ? read.input.index : read.error.code]));
    }
    expect(seen).toEqual([
      [
        [1, 0],
        [2, 'bad-data'],
        [3, 0],
      ],
      [
        [3, 1],
        [3, 2],
        [3, 3],
      ],
      [
        [3, 4],
        [4, 0],
      ],
    ]);
  });

  test('until they are interrupted', async () => {
    const one = await write('one.idx', encodeIdx([1, 3, 4], bytes(1)));
    const controller = new AbortController();
    const reading = readBatches([one, one, one], target, 1, { signal: controller.signal });
    expect((await reading.next()).done).toBe(false);
    controller.abort();
    await expect(reading.next()).rejects.toMatchObject({ code: 'interrupted' });
  });
});

test('an input is not written over a file that is to be read', async () => {
  const file = await write('0002-x.png', encode({ width: 4, height: 3, channels: 1, data: bytes(1) }));
  const [input] = await readImages(file, target, { asIs: true });
  if (!input) throw new Error('nothing was read');
  const renamed = { ...input, file: path('x.png') };
  await expect(writeInput(folder, 2, renamed, [file])).rejects.toMatchObject({ code: 'usage' });
  const inputs = path('inputs');
  await writeInput(inputs, 2, renamed, [file]);
  await writeInput(inputs, 12345, { ...renamed, index: 7 }, [file]);
  expect((await readdir(inputs)).sort()).toEqual(['0002-x.png', '12345-x-7.png']);
});

describe('patterns', () => {
  beforeAll(async () => {
    await mkdir(path('patterns'));
    await mkdir(path('patterns/folder.png'));
    for (const name of ['b.png', 'a.png', '.hidden.png', 'ab.jpg', 'a+.png', '[x].png']) {
      await write(join('patterns', name), '');
    }
  });

  test.each<[string, string[]]>([
    ['*.png', ['[x].png', 'a+.png', 'a.png', 'b.png']],
    ['?.png', ['a.png', 'b.png']],
    ['a*', ['a+.png', 'a.png', 'ab.jpg']],
    ['a+*', ['a+.png']],
    ['.*', ['.hidden.png']],
    ['*', ['[x].png', 'a+.png', 'a.png', 'ab.jpg', 'b.png']],
    ['*.gif', ['*.gif']],
    ['[x].png', ['[x].png']],
    ['a.png', ['a.png']],
  ])('%s stands for %j', async (pattern, names) => {
    const base = path('patterns');
    expect(await expandPatterns([join(base, pattern)])).toEqual(names.map((name) => join(base, name)));
  });

  test('a file of that very name comes first', async () => {
    const literal = await write(join('patterns', '*.jpg'), '');
    expect(await expandPatterns([literal])).toEqual([literal]);
  });

  test('paths are replaced where they stand', async () => {
    const base = path('patterns');
    const given = ['x', join(base, '?.png'), join(base, 'nowhere', '*.png')];
    expect(await expandPatterns(given)).toEqual(['x', join(base, 'a.png'), join(base, 'b.png'), given[2]]);
  });
});
