import { gunzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { alertOf, drop, eventually, quickRun, reach, reportOf, test, train } from '../support/demo.ts';
import { digitFiles, mnistPaths, type NamedFile } from '../support/mnist-files.ts';

describe("files of one's own", () => {
  test('are dropped unpacked and in any order, learned, and can be chosen again', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    await drop(page, digitFiles().map(unpacked).toReversed());
    await expectImages(page, 'files', '3,000');
    await train(page);
    const { dataset, test: tested } = await reportOf(page);
    expect(dataset).toMatchObject({ name: 'your files', train: 3000, test: 500 });
    expect(tested.accuracy).toBeGreaterThan(0.8);

    await page.getByLabel('Data', { exact: true }).selectOption('Synthetic digits');
    await expectImages(page, 'synthetic', '2,000');
    await page.getByLabel('Data', { exact: true }).selectOption('Your files');
    await expectImages(page, 'files', '3,000');
  });

  test('are called MNIST where they are the official ones, gzipped', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    await page.getByLabel('Choose files').setInputFiles(mnistPaths);
    await expectImages(page, 'mnist', '60,000');
    expect(await alertOf(page)).toBe('');
  });
});

describe('files that are no dataset are refused, with what is wrong with them', () => {
  const good = digitFiles();
  const html = new TextEncoder().encode('<!DOCTYPE html>\n<html><title>404 Not Found</title></html>\n');
  const cases: readonly (readonly [string, readonly NamedFile[], RegExp])[] = [
    ['a web page in the place of images', replaced(good, 0, () => html), /train-images.*(HTML|web page)/i],
    [
      'gzip that was cut',
      replaced(good, 0, (bytes) => bytes.subarray(0, bytes.length >> 1)),
      /train-images.*(cut|truncated|incomplete|damaged|ends)/i,
    ],
    ['three files of four', good.slice(0, 3), /t10k-labels|test labels/i],
    [
      'images and labels that swapped names',
      good.map(({ name }, i) => ({ name, bytes: good[i ^ 1]?.bytes ?? html })),
      /train-(images|labels).*(labels|images)/i,
    ],
    [
      'test labels of another number than the images',
      replaced(good, 3, () => good[1]?.bytes ?? html),
      /3,?000.*500|500.*3,?000/,
    ],
  ];

  test('and the images before them stay', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    for (const [name, files, reason] of cases) {
      await choose(page, files);
      await eventually(() => alertOf(page), name).toMatch(reason);
      await expectImages(page, 'synthetic', '2,000');
    }
    await train(page);
    expect((await reportOf(page)).dataset).toMatchObject({ name: 'synthetic', train: 2000 });

    await page.getByLabel('Training images', { exact: true }).fill('500');
    await page.getByLabel('Training images', { exact: true }).blur();
    await expectImages(page, 'synthetic', '500');
    expect(await alertOf(page)).toBe('');
  });

  test('and the images that were on their way come nevertheless', async ({ visit }) => {
    let answer = () => {};
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const page = await visit(
      { ...quickRun, data: 'mnist' },
      {
        prepare: (page) =>
          page.route('**/mnist/*.gz', async (route) => {
            await asked;
            await route.continue();
          }),
      },
    );
    await choose(page, good.slice(0, 3));
    await eventually(() => alertOf(page)).toMatch(/t10k-labels|test labels/i);
    answer();
    await expectImages(page, 'mnist', '60,000');
    expect(await alertOf(page)).toMatch(/t10k-labels|test labels/i);
  });
});

async function expectImages(page: Page, data: string, count: string): Promise<void> {
  await eventually(() => page.locator('#train-size').textContent()).toBe(count);
  await eventually(() => page.getByLabel('Data', { exact: true }).inputValue()).toBe(data);
  expect(new URL(page.url()).searchParams.get('data')).toBe(data);
}

function unpacked({ name, bytes }: NamedFile): NamedFile {
  return { name: name.replace(/\.gz$/, ''), bytes: new Uint8Array(gunzipSync(bytes)) };
}

function replaced(
  files: readonly NamedFile[],
  index: number,
  by: (bytes: Uint8Array) => Uint8Array,
): NamedFile[] {
  return files.map(({ name, bytes }, i) => ({ name, bytes: i === index ? by(bytes) : bytes }));
}

async function choose(page: Page, files: readonly NamedFile[]): Promise<void> {
  await page
    .getByLabel('Choose files')
    .setInputFiles(
      files.map(({ name, bytes }) => ({ name, mimeType: 'application/gzip', buffer: Buffer.from(bytes) })),
    );
}
