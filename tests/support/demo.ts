import type { Browser, BrowserContext, BrowserContextOptions, Download, Page } from 'playwright-core';
import { type PreviewServer, preview } from 'vite';
import { test as base, expect } from 'vitest';
import type { RunReport } from '../../src/report/run-report.ts';
import { insecureHost, launchBrowser } from './browser.ts';
import type { NamedFile } from './mnist-files.ts';

/** The folder that the demo is served from. It was not built for this one, because it must work from any. */
const SUBPATH = '/any/folder/';

/** Settings that the page's query can hold. */
export interface Query {
  readonly data?: 'synthetic' | 'mnist';
  /** Numbers of synthetic images. */
  readonly train?: number;
  readonly test?: number;
  readonly hidden?: string;
  readonly lr?: number;
  readonly batch?: number;
  readonly epochs?: number;
  readonly seed?: number;
  /** Trained side by side. */
  readonly networks?: number;
  /** Share of the training images that is kept to validate with. */
  readonly val?: number;
  /** As a part of another page. */
  readonly embed?: '';
  /** Parts to leave out. */
  readonly hide?: string;
}

/** Reaches 93 % on its 300 test images in about a second of training on two cores. */
export const quickRun: Query = {
  data: 'synthetic',
  train: 2000,
  test: 300,
  hidden: '32',
  epochs: 3,
  seed: 1,
  val: 0,
};

export const populationRun: Query = { ...quickRun, networks: 4 };

/** Trains long enough for a test to do something in the middle: a minute and more. */
export const longRun: Query = { ...quickRun, epochs: 300 };

export interface Visit {
  readonly context?: BrowserContextOptions;
  /** Visits by a name that makes no secure context. */
  readonly insecure?: boolean;
  /** Called before the page is loaded. */
  readonly prepare?: (page: Page) => Promise<unknown>;
  /** Complaints of the browser that the test provokes. */
  readonly provokes?: RegExp;
}

type State = 'loading' | 'ready' | 'training' | 'paused' | 'stopped' | 'done' | 'error';

/**
 * `visit` opens the demo page, each time in a fresh profile, and waits until it is loaded, though perhaps not ready.
 * `trained` is a page that has made the quick run, for all tests of a file: for those that look and do not touch; so is
 * `population`, with four networks.
 * A test fails where a page throws, logs an error (what the content security policy refuses is one) or asks anything of
 * another host; what goes wrong on the page that is shared fails the file.
 */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: Vitest insists on a pattern.
  .extend('browser', { scope: 'file' }, async ({}, { onCleanup }) => {
    const browser = await launchBrowser();
    onCleanup(() => browser.close());
    return browser;
  })
  // biome-ignore lint/correctness/noEmptyPattern: Vitest insists on a pattern.
  .extend('port', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await serveDemo();
    onCleanup(() => server.close());
    return portOf(server);
  })
  .extend('visit', async ({ browser, port }, { onCleanup }) => {
    const { visit, end } = visits(browser, port);
    onCleanup(end);
    return visit;
  })
  .extend('trained', { scope: 'file' }, async ({ browser, port }, { onCleanup }) => {
    const { visit, end } = visits(browser, port);
    onCleanup(end);
    return trainedPage(visit, quickRun);
  })
  .extend('population', { scope: 'file' }, async ({ browser, port }, { onCleanup }) => {
    const { visit, end } = visits(browser, port);
    onCleanup(end);
    return trainedPage(visit, populationRun);
  });

async function trainedPage(visit: ReturnType<typeof visits>['visit'], query: Query): Promise<Page> {
  const page = await visit(query, { context: { permissions: ['clipboard-read', 'clipboard-write'] } });
  await train(page);
  return page;
}

/** Visits to the page, until `end` closes all and fails where something went wrong in one. */
function visits(browser: Browser, port: number) {
  const contexts: BrowserContext[] = [];
  const problems: string[] = [];
  const visit = async (query: Query = quickRun, options: Visit = {}): Promise<Page> => {
    const origin = `http://${options.insecure ? insecureHost : '127.0.0.1'}:${port}`;
    const context = await browser.newContext(options.context);
    contexts.push(context);
    const note = (problem: string) => {
      if (!options.provokes?.test(problem)) problems.push(problem);
    };
    const page = await context.newPage();
    watch(page, origin, note);
    await options.prepare?.(page);
    await page.goto(demoUrl(origin, query));
    return page;
  };
  const end = async (): Promise<void> => {
    const pages = contexts.flatMap((context) => context.pages());
    await Promise.all(pages.map((page) => page.unrouteAll({ behavior: 'ignoreErrors' })));
    await Promise.all(contexts.map((context) => context.close()));
    expect(problems, 'what went wrong in the browser').toEqual([]);
  };
  return { visit, end };
}

/** Serves the built demo page on a free port of this machine, as any static host would. */
export function serveDemo(): Promise<PreviewServer> {
  return preview({
    configFile: false,
    logLevel: 'error',
    appType: 'mpa',
    base: SUBPATH,
    build: { outDir: 'dist-demo' },
    preview: { host: '127.0.0.1', port: 0, allowedHosts: true },
  });
}

export function portOf(server: PreviewServer): number {
  const address = server.httpServer.address();
  if (address === null || typeof address === 'string') throw new Error('The preview server has no port.');
  return address.port;
}

export function demoUrl(origin: string, query: Query): string {
  const parameters = Object.entries(query).map(([name, value]) => [name, String(value)]);
  return `${origin}${SUBPATH}?${new URLSearchParams(parameters)}`;
}

function watch(page: Page, origin: string, note: (problem: string) => void): void {
  page.on('pageerror', (error) => note(`page error: ${error.name}: ${error.message}\n${error.stack}`));
  page.on('console', (message) => {
    if (message.type() === 'error') note(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.origin !== origin) note(`request to ${url.href}`);
  });
}

/**
 * Waits until the page says that it is in `state`. Where it reports an error instead, fails with the page's message.
 *
 * @param timeout in milliseconds
 */
export async function reach(page: Page, state: State, timeout = 60_000): Promise<void> {
  const status = (wanted: State) => page.locator(`[role=status][data-state=${wanted}]`);
  const waited = status(state).or(status('error')).waitFor({ state: 'attached', timeout });
  const isThere = await waited.then(
    () => true,
    () => false,
  );
  const shown = page.locator('[role=status][data-state]');
  const reached = await shown.getAttribute('data-state');
  if (isThere && reached === state) return;
  const alerts = await page.getByRole('alert').allTextContents();
  const says = [await shown.textContent(), ...alerts].join(' ').trim();
  expect.fail(`The page is in the state "${reached}", not "${state}", and says: ${says}`);
}

export async function press(page: Page, button: string): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).click();
}

/** Waits until the page is ready, and trains to the end. */
export async function train(page: Page): Promise<void> {
  await reach(page, 'ready');
  await page.getByRole('button', { name: /^(Train|Start again)$/ }).click();
  await reach(page, 'done');
}

/** Shows the run of an earlier visit that ended last. */
export async function restoreLast(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^Show the run/ })
    .first()
    .click();
}

/** Waits until the page says that it keeps the run, and loads it anew. */
export async function visitAgain(page: Page): Promise<void> {
  await page.getByText('This run is kept for your next visit.').waitFor();
  await page.reload();
  await reach(page, 'ready');
}

/** The test accuracy that the page shows, in percent. */
export async function testAccuracy(page: Page): Promise<number> {
  const text = await page.locator('#test-accuracy').textContent();
  expect(text).toMatch(/^\d+(\.\d+)? %$/);
  return Number.parseFloat(text ?? '');
}

/** The counts of the confusion table: [true class][predicted class]. */
export async function confusionTable(page: Page): Promise<number[][]> {
  const cells = await page.locator('#confusion-table [data-true][data-predicted]').evaluateAll((elements) =>
    elements.map((element) => ({
      row: Number(element.getAttribute('data-true')),
      column: Number(element.getAttribute('data-predicted')),
      count: Number((element.textContent ?? '').replaceAll(/[\s,]/g, '')),
    })),
  );
  const table: number[][] = [];
  for (const { row, column, count } of cells) {
    table[row] ??= [];
    const counts = table[row];
    counts[column] = count;
  }
  return table;
}

/** Presses a button that saves a file, and returns the file. */
export async function save(page: Page, button: string): Promise<{ name: string; bytes: Uint8Array }> {
  const [download] = await Promise.all([page.waitForEvent('download'), press(page, button)]);
  return { name: download.suggestedFilename(), bytes: await bytesOf(download) };
}

async function bytesOf(download: Download): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** The report that "Save report" saves. */
export async function reportOf(page: Page): Promise<RunReport> {
  const { bytes } = await save(page, 'Save report');
  return JSON.parse(new TextDecoder().decode(bytes)) as RunReport;
}

/** What of a report is the same wherever the same is trained. */
export function withoutTimes({ history, models, imagesPerSecond, ...report }: RunReport) {
  const timeless = (records: RunReport['history']) => records.map(({ seconds, ...rest }) => rest);
  return {
    ...report,
    history: timeless(history),
    models: models.map((network) => ({ ...network, history: timeless(network.history) })),
  };
}

/** Runs code in the page's workers before their own. */
export function prependToWorkers(page: Page, code: string): Promise<unknown> {
  return page.route(/worker[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${code}\n${await response.text()}` });
  });
}

/** A place on the pad, as shares of its width and height. */
export type Place = readonly [number, number];

/** Draws a stroke on the pad with the mouse. */
export async function drawLine(page: Page, [first, ...others]: readonly Place[]): Promise<void> {
  const pad = page.locator('#draw-canvas');
  await pad.scrollIntoViewIfNeeded();
  const box = await pad.boundingBox();
  if (!box) throw new Error('There is nothing to draw on.');
  const at = ([x, y]: Place) => [box.x + x * box.width, box.y + y * box.height] as const;
  if (first) await page.mouse.move(...at(first));
  await page.mouse.down();
  for (const place of others) await page.mouse.move(...at(place), { steps: 12 });
  await page.mouse.up();
}

/** Drops files on the page as from a file manager. */
export async function drop(page: Page, files: readonly NamedFile[]): Promise<void> {
  const encoded = files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }));
  const dataTransfer = await page.evaluateHandle((files) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of files) {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      transfer.items.add(new File([bytes], name));
    }
    return transfer;
  }, encoded);
  for (const event of ['dragenter', 'dragover', 'drop']) {
    await page.locator('main').dispatchEvent(event, { dataTransfer });
  }
}

/** The page's alerts, or ''. */
export async function alertOf(page: Page): Promise<string> {
  return (await page.getByRole('alert').allTextContents()).join(' ').trim();
}

/** What the page tells of a trouble, with the details that it folds; or ''. */
export async function troubleOf(page: Page): Promise<string> {
  return (await page.locator(':not([hidden]) > .saying').allTextContents()).join(' ').trim();
}

/** `expect.poll` with a timeout for training in software on two busy cores. */
export const eventually = <T>(read: () => T | Promise<T>, message = '') =>
  expect.poll(read, { timeout: 20_000, interval: 50, message });
