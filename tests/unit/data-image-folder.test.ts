import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LoadOptions, type LoadProgress, loadDataset } from '../../src/node/datasets.ts';
import { greyOf } from '../../src/pictures/grey.ts';
import { pngFile } from '../support/png.ts';

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'shadegrad-images-'));
  folder = join(parent, 'shapes');
});
afterEach(() => rm(parent, { recursive: true }));

/** A grey PNG of one value everywhere. */
const png = (value: number, width = 3, height = 2) =>
  pngFile({ width, height, data: new Uint8Array(width * height).fill(value) });

async function write(files: Record<string, Uint8Array | string>): Promise<void> {
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
}
const load = (options?: LoadOptions) => loadDataset(folder, options);

describe('a folder of pictures', () => {
  test('is read class by class, in the order of the folders and files, and classes are called by their folders', async () => {
    await write({
      'train/round/b.png': png(2),
      'train/round/a.PNG': png(1),
      'train/Square/1.png': png(3),
      'test/round/x.png': png(4),
      'test/Square/x.png': png(5),
    });
    const bytes = (...values: number[]) => Uint8Array.from(values.flatMap((v) => Array(6).fill(v)));
    expect(await load()).toEqual({
      name: 'shapes',
      shape: { height: 2, width: 3 },
      classes: 2,
      classNames: ['Square', 'round'],
      train: { count: 3, labels: Uint8Array.of(0, 1, 1), images: bytes(3, 1, 2) },
      test: { count: 2, labels: Uint8Array.of(0, 1), images: bytes(5, 4) },
    });
  });

  test('has its classes sorted by code points, as Python sorts', async () => {
    // JavaScript sorts by UTF-16 units, which would swap the last two.
    const names = ['10', '9', 'B', 'a', 'é', '\uff41', '\u{1f600}'];
    for (const name of names.toReversed())
      await write({ [`train/${name}/a.png`]: png(1), [`test/${name}/a.png`]: png(1) });
    expect((await load()).classNames).toEqual(names);
  });

  test('passes over what is hidden, other files and links that lead nowhere, and follows the others', async () => {
    await write({
      'train/a/1.png': png(1),
      'train/a/.hidden.png': 'no',
      'train/a/.cache/2.png': 'no',
      'train/a/Thumbs.db': 'no',
      'train/a/below/2.png': png(2),
      'train/.DS_Store': 'no',
      'train/.git/1.png': 'no',
      'train/README.md': 'no',
      'test/a/1.png': png(1),
      'labels.csv': 'no',
    });
    await symlink(join(parent, 'nowhere'), join(folder, 'train', 'lost'));
    await symlink(join(folder, 'train', 'a'), join(folder, 'train', 'b'));
    const { classNames, train } = await load();
    expect(classNames).toEqual(['a', 'b']);
    expect(train.count).toBe(4);
  });

  test('may be of JPEG files', async () => {
    const jpeg = await sharp(new Uint8Array(6).fill(90), { raw: { width: 3, height: 2, channels: 1 } })
      .toColourspace('b-w')
      .jpeg()
      .toBuffer();
    await write({ 'train/a/1.jpg': jpeg, 'train/a/2.JPEG': jpeg, 'test/a/1.jpeg': jpeg });
    expect(await load()).toMatchObject({ train: { count: 2, images: new Uint8Array(12).fill(90) } });
  });

  test('of several sizes is refused with two of them, and taken with an image size', async () => {
    await write({ 'train/a/1.png': png(1), 'train/a/2.png': png(9, 5, 4), 'test/a/1.png': png(200, 60, 2) });
    await expect(load()).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringMatching(/1\.png has 3 x 2 pixels, .*\.png (5 x 4|60 x 2)/),
      nextStep: expect.stringContaining('--image-size 3x2'),
    });
    expect(await load({ imageSize: { width: 4, height: 3 } })).toMatchObject({
      shape: { height: 3, width: 4 },
      train: { images: Uint8Array.from([...Array(12).fill(1), ...Array(12).fill(9)]) },
      test: { images: new Uint8Array(12).fill(200) },
    });
  });

  test('is stretched to the size by the mean over what each pixel covers', async () => {
    const picture = pngFile({ width: 4, height: 2, data: Uint8Array.of(0, 10, 20, 31, 0, 10, 20, 31) });
    await write({ 'train/a/1.png': picture, 'test/a/1.png': picture });
    const { train } = await load({ imageSize: { width: 2, height: 1 } });
    expect(train.images).toEqual(Uint8Array.of(5, 26));
  });

  test('tells how far the reading has come', async () => {
    const pictures = Object.fromEntries(
      Array.from({ length: 450 }, (_, i) => [`train/a/${i}.png`, png(i % 256)]),
    );
    await write({ ...pictures, 'test/a/1.png': png(1) });
    const progress: LoadProgress[] = [];
    await load({ onProgress: (step) => progress.push(step) });
    expect(progress).toEqual([200, 400, 451].map((images) => ({ folder, images, total: 451 })));
  });

  test('is left where it is aborted, before it is read or meanwhile', async () => {
    const pictures = Array.from({ length: 450 }, (_, i) => [`train/a/${i}.png`, png(i % 256)] as const);
    await write({ ...Object.fromEntries(pictures), 'test/a/1.png': png(1) });
    await expect(load({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'interrupted' });
    const controller = new AbortController();
    const progress: LoadProgress[] = [];
    const onProgress = (step: LoadProgress) => {
      progress.push(step);
      controller.abort();
    };
    await expect(load({ signal: controller.signal, onProgress })).rejects.toMatchObject({
      code: 'interrupted',
    });
    expect(progress).toHaveLength(1);
  });
});

describe('what is not such a folder is refused with what is expected', () => {
  const refused = (reason: RegExp) => ({ code: 'bad-data', message: expect.stringMatching(reason) });

  test('a damaged picture, by name', async () => {
    await write({
      'train/a/1.png': png(1),
      'train/a/bad.png': png(1).subarray(0, 50),
      'test/a/1.png': png(1),
    });
    await expect(load()).rejects.toMatchObject(refused(/train\/a\/bad\.png is/));
  });

  test('pictures without folders of classes', async () => {
    await write({ 'train/1.png': png(1), 'test/1.png': png(1) });
    await expect(load()).rejects.toMatchObject(
      refused(/are in .*train itself: it needs a folder for each class/),
    );
  });

  test('no test set, but one to validate with', async () => {
    await write({ 'train/a/1.png': png(1), 'valid/a/1.png': png(1) });
    await expect(load()).rejects.toMatchObject({
      ...refused(/has no folder "test", but one that is called "valid"/),
      nextStep: expect.stringContaining('"test"'),
    });
  });

  test('no test set', async () => {
    await write({ 'train/a/1.png': png(1) });
    await expect(load()).rejects.toMatchObject(refused(/has no folder "test"\./));
  });

  test('a class without pictures', async () => {
    await write({ 'train/a/1.png': png(1), 'train/b/1.gif': 'GIF89a', 'test/a/1.png': png(1) });
    await expect(load()).rejects.toMatchObject(refused(/train\/b holds no PNG or JPEG/));
  });

  test('a class that is only tested', async () => {
    await write({ 'train/a/1.png': png(1), 'test/a/1.png': png(1), 'test/b/1.png': png(1) });
    await expect(load()).rejects.toMatchObject(refused(/test has the class "b"/));
  });

  test('too many classes', async () => {
    await mkdir(join(folder, 'train'), { recursive: true });
    await Promise.all(Array.from({ length: 257 }, (_, i) => mkdir(join(folder, 'train', `c${i}`))));
    await write({ 'test/c0/1.png': png(1) });
    await expect(load()).rejects.toMatchObject(refused(/has 257 classes/));
  });

  test('a folder with nothing that can be used', async () => {
    await write({ 'notes.txt': 'hello' });
    await expect(load()).rejects.toMatchObject(refused(/neither IDX files nor a folder "train"/));
  });

  test('an image size where there are no pictures', async () => {
    const imageSize = { width: 28, height: 28 };
    await write({ 'notes.txt': 'hello' });
    for (const source of [folder, 'synthetic', 'mnist'])
      await expect(loadDataset(source, { imageSize })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('greyOf', () => {
  const size = { width: 2, height: 1 };
  test.each([
    ['grey as it is', 1, [0, 255], [0, 255]],
    ['three equal channels exactly', 3, [77, 77, 77, 254, 254, 254], [77, 254]],
    ['colours by Rec. 601', 3, [255, 0, 0, 0, 255, 0], [76, 150]],
    ['what is transparent over white', 2, [0, 0, 100, 255], [255, 100]],
    ['what is half transparent half over white', 4, [0, 0, 0, 128, 0, 0, 255, 255], [127, 29]],
  ] as const)('gives %s', (_, channels, data, expected) => {
    expect([...greyOf({ ...size, channels, data: Uint8Array.from(data) })]).toEqual(expected);
  });
});
