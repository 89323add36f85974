import { basename } from 'node:path';
import type { Page, Route } from 'playwright-core';
import { describe, expect } from 'vitest';
import {
  alertOf,
  confusionTable,
  eventually,
  press,
  type Query,
  quickRun,
  reach,
  reportOf,
  test,
  testAccuracy,
  train,
  troubleOf,
} from '../support/demo.ts';
import { digitFiles, mnistPaths } from '../support/mnist-files.ts';

/** The settings of a short training, with the data left to the page. */
const { data: _, train: __, test: ___, ...settings } = quickRun;
const shortRun: Query = { ...settings, hidden: '16', epochs: 1 };

const ownFiles = /^http:\/\/127\.0\.0\.1.*\/mnist\/[^/]*\.gz$/;
const mirror = 'https://ossci-datasets.s3.amazonaws.com/mnist/';
const mirrored = /^request to https:\/\/ossci-datasets/;
/** The browser's complaints about missing files at the page's host or the mirror. */
const notThere = /404 \(Not Found\)|amazonaws/;

describe('MNIST', () => {
  test("is the page's data from the first visit, from its own host, and is learned", async ({ visit }) => {
    const asked: string[] = [];
    const page = await visit(shortRun, { prepare: async (page) => noteRequests(page, asked) });
    await expectMnist(page);
    expect(asked).toHaveLength(4);
    await train(page);
    expect(await testAccuracy(page)).toBeGreaterThan(85);
    expect((await confusionTable(page)).flat().reduce((sum, count) => sum + count)).toBe(10_000);
    expect((await reportOf(page)).dataset).toMatchObject({ name: 'mnist', train: 60_000, test: 10_000 });
  });

  test('shows the worst mistakes of the network that comes with the page, once it is here, and not of other images', async ({
    visit,
  }) => {
    const page = await visit({ data: 'mnist' });
    await eventually(() => page.locator('#gallery-summary').textContent()).toMatch(
      /^60 wrong answers of 1\d\d, those that it was surest of\.$/,
    );
    const first = await page.locator('#gallery-images li').first().textContent();
    expect(first).toMatch(/^said \d /);
    await press(page, 'Train');
    await eventually(() => page.locator('#gallery-images').isVisible()).toBe(false);
    await press(page, 'Stop');
    await reach(page, 'stopped');
    await press(page, 'Reset');
    await eventually(() => page.locator('#gallery-images li').first().textContent()).toBe(first);

    const other = await visit();
    await reach(other, 'ready');
    await other.waitForTimeout(2000);
    expect(await other.locator('#gallery-summary').textContent()).toBe(
      'The images of MNIST are not here to be shown.',
    );
    const fours = (await confusionTable(other))[4]?.[9] ?? 0;
    expect(fours).toBeGreaterThan(0);
    await other.locator('#confusion-table [data-true="4"][data-predicted="9"]').click();
    await eventually(() => other.locator('#gallery-summary').textContent()).toBe(
      `${fours} test images of 4 taken for 9. The images of MNIST are not here to be shown.`,
    );
  });

  test('shows how far it has come, and can be trained on before it is here', async ({ visit }) => {
    let answer = () => {};
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const page = await visit(
      // Too long to end before "Stop" is pressed.
      { ...shortRun, epochs: 100 },
      {
        prepare: (page) =>
          page.route(ownFiles, async (route) => {
            if (!route.request().url().includes('train-images')) await asked;
            await route.continue();
          }),
      },
    );
    const bar = page.getByRole('progressbar', { name: 'Share of MNIST that has arrived' });
    // The share of the training images.
    await eventually(() => bar.evaluate((element: HTMLProgressElement) => element.value)).toBeCloseTo(
      0.86,
      2,
    );
    expect(await page.locator('#download-note').textContent()).toContain('train-images');
    await press(page, 'Train');
    await eventually(() => page.locator('#status').textContent()).toBe('Loading MNIST first');
    answer();
    await eventually(() => page.locator('#speed').textContent()).toMatch(/^[\d,]+$/);
    await press(page, 'Stop');
    await reach(page, 'stopped');
    expect((await reportOf(page)).dataset.name).toBe('mnist');
    expect(await bar.count(), 'a bar of what is here').toBe(0);
  });

  test('is kept for the next visit and for offline, and its address can be shared', async ({ visit }) => {
    const page = await visit({ data: 'mnist', train: 100, test: 50 });
    await expectMnist(page);
    const asked: string[] = [];
    noteRequests(page, asked);
    await page.reload();
    await expectMnist(page);
    await page.context().setOffline(true);
    await choose(page, 'Synthetic digits');
    await eventually(() => trainingImages(page)).toBe('100');
    await choose(page, 'MNIST');
    await expectMnist(page);
    expect(new URL(page.url()).searchParams.get('data')).toBe('mnist');
    expect(asked).toEqual([]);
  });

  test.for([
    ['calls them compressed for the way', 'gzip'],
    ['gives them as they are', undefined],
  ] as const)('arrives from a host that %s', async ([, encoding], { visit }) => {
    const page = await visit(
      { data: 'synthetic', train: 100, test: 50 },
      {
        // Vite's preview compresses the files for transport; for the other case the test answers in its place.
        prepare: (page) =>
          page.route(ownFiles, (route) =>
            encoding ? route.continue() : route.fulfill({ path: fileOf(route) }),
          ),
      },
    );
    await eventually(() => trainingImages(page)).toBe('100');
    const [response] = await Promise.all([page.waitForResponse(ownFiles), choose(page, 'MNIST')]);
    expect(response.headers()['content-encoding']).toBe(encoding);
    await expectMnist(page);
  });
});

describe('a host that does not carry MNIST', () => {
  test('leaves it to the mirror', async ({ visit }) => {
    const asked: string[] = [];
    const page = await visit(shortRun, {
      provokes: new RegExp(`${mirrored.source}|${notThere.source}`),
      prepare: async (page) => {
        await page.route(ownFiles, (route) => {
          asked.push('own host');
          return route.fulfill({ status: 404 });
        });
        await page.route(`${mirror}**`, (route) => {
          asked.push('mirror');
          return route.fulfill({
            headers: { 'access-control-allow-origin': '*' },
            path: fileOf(route),
          });
        });
      },
    });
    await expectMnist(page);
    // The mirror that had the first file is asked first for the others.
    expect(asked).toEqual(['own host', 'mirror', 'mirror', 'mirror', 'mirror']);
  });

  test('and no way to the mirror: synthetic digits, and why; the files come later', async ({ visit }) => {
    // Like a host that answers every address with its page.
    const page = await visit(shortRun, {
      provokes: new RegExp(`${mirrored.source}|${notThere.source}`),
      prepare: (page) =>
        page.route(ownFiles, (route) => route.fulfill({ body: '<!doctype html><title>App' })),
    });
    await expectDigitsInstead(page, /synthetic digits instead.*web page/s);
    await page.unroute(ownFiles);
    await choose(page, 'MNIST');
    await expectMnist(page);
    expect(await alertOf(page)).toBe('');
  });
});

test('files that are not those of MNIST are refused by their checksum, and not kept', async ({ visit }) => {
  const wrong = digitFiles();
  const asked: string[] = [];
  const page = await visit(shortRun, {
    provokes: new RegExp(`${mirrored.source}|${notThere.source}`),
    prepare: (page) =>
      page.route(ownFiles, (route) => {
        asked.push('own host');
        const file = wrong.find(({ name }) => route.request().url().endsWith(`/${name}`));
        return route.fulfill({ body: Buffer.from(file?.bytes ?? []) });
      }),
  });
  await expectDigitsInstead(page, /train-images.*sha256/s);
  await page.unroute(ownFiles);
  await choose(page, 'MNIST');
  await expectMnist(page);
  expect(asked.length).toBeGreaterThan(0);
});

function noteRequests(page: Page, asked: string[]): void {
  page.on('request', (request) => {
    if (ownFiles.test(request.url())) asked.push(request.url());
  });
}

/** The file that a request asks for. */
function fileOf(route: Route): string {
  const { pathname } = new URL(route.request().url());
  return mnistPaths.find((path) => path.endsWith(basename(pathname))) ?? '';
}

function choose(page: Page, data: 'MNIST' | 'Synthetic digits'): Promise<unknown> {
  return page.getByLabel('Data', { exact: true }).selectOption(data);
}

function trainingImages(page: Page): Promise<string | null> {
  return page.locator('#train-size').textContent();
}

async function expectMnist(page: Page): Promise<void> {
  await eventually(() => trainingImages(page)).toBe('60,000');
  await reach(page, 'ready');
  expect(await page.getByLabel('Data', { exact: true }).inputValue()).toBe('mnist');
}

async function expectDigitsInstead(page: Page, why: RegExp): Promise<void> {
  await eventually(() => trainingImages(page)).toBe('12,000');
  await eventually(() => troubleOf(page)).toMatch(why);
  await reach(page, 'ready');
  expect(await page.getByLabel('Data', { exact: true }).inputValue()).toBe('synthetic');
  expect(new URL(page.url()).searchParams.get('data')).toBe('synthetic');
}
