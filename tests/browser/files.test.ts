import { gunzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import {
  alertOf,
  confusionTable,
  drop,
  eventually,
  press,
  quickRun,
  reach,
  test,
  testAccuracy,
  train,
} from '../support/demo.ts';
import { mnistStandIn, type NamedFile, realMnist } from '../support/mnist-files.ts';

describe('MNIST', () => {
  // Where the real files are not at hand, digits drawn by rule stand in for them, in files of the same kind.
  test('is loaded by dropping its gzipped files, and learned', async ({ visit }) => {
    const { files, train: trained, test: tested } = (await realMnist()) ?? mnistStandIn();
    const page = await visit({ ...quickRun, hidden: '16', epochs: 1 });
    await reach(page, 'ready');
    await drop(page, files);
    await expectTrainingImages(page, trained);
    await train(page);
    expect(await testAccuracy(page)).toBeGreaterThan(80);
    expect((await confusionTable(page)).flat().reduce((sum, count) => sum + count)).toBe(tested);
  });

  test('is loaded by choosing its files, unpacked and in any order', async ({ visit }) => {
    const { files, train: trained } = mnistStandIn();
    const page = await visit();
    await reach(page, 'ready');
    await choose(page, files.map(unpacked).toReversed());
    await expectTrainingImages(page, trained);
    await train(page);
    expect(await testAccuracy(page)).toBeGreaterThan(80);
  });
});

describe('files that are no dataset are refused, with what is wrong with them', () => {
  const good = mnistStandIn().files;
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

  test.for(cases)('%s', async ([, files, reason], { visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    await choose(page, files);
    await eventually(() => alertOf(page)).toMatch(reason);
    expect(await page.getByRole('button', { name: 'Train', exact: true }).isDisabled()).toBe(true);
    await chooseSyntheticDigits(page);
  });
});

describe('fetching MNIST', () => {
  const mirrors = /amazonaws|googleapis/;

  test('offline: the page says that the mirrors cannot be reached, and goes on', async ({ visit }) => {
    const page = await visit(quickRun, { provokes: mirrors });
    await reach(page, 'ready');
    await page.getByLabel('Data', { exact: true }).selectOption('MNIST');
    await press(page, 'Fetch MNIST');
    await eventually(() => alertOf(page)).toMatch(/could not be downloaded/);
    await chooseSyntheticDigits(page);
    await train(page);
  });

  test('refuses what is not MNIST by its checksum', async ({ visit }) => {
    const { files } = mnistStandIn();
    const page = await visit(quickRun, {
      provokes: mirrors,
      prepare: (page) =>
        page.route(mirrors, (route) => {
          const file = files.find(({ name }) => route.request().url().endsWith(`/${name}`));
          return route.fulfill({
            headers: { 'access-control-allow-origin': '*' },
            body: Buffer.from(file?.bytes ?? []),
          });
        }),
    });
    await reach(page, 'ready');
    await page.getByLabel('Data', { exact: true }).selectOption('MNIST');
    await press(page, 'Fetch MNIST');
    await eventually(() => alertOf(page)).toMatch(/sha256/);
  });
});

/** The way out of every failure. */
async function chooseSyntheticDigits(page: Page): Promise<void> {
  await page.getByLabel('Data', { exact: true }).selectOption('Synthetic digits');
  await reach(page, 'ready');
  expect(await alertOf(page)).toBe('');
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

async function expectTrainingImages(page: Page, count: number): Promise<void> {
  await eventually(() => page.locator('#train-size').textContent()).toContain(count.toLocaleString('en'));
}

async function choose(page: Page, files: readonly NamedFile[]): Promise<void> {
  await page
    .getByLabel('Choose MNIST files')
    .setInputFiles(
      files.map(({ name, bytes }) => ({ name, mimeType: 'application/gzip', buffer: Buffer.from(bytes) })),
    );
}
