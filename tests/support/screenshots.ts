import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { difference, fileOf, type Picture, pictureOf, reduced, rounded } from './compare-screenshots.ts';
import { prependToWorkers } from './demo.ts';

const FOLDER = 'tests/browser/screenshots';

/** Where pictures of a page that is not as it was are put; Git ignores it. */
const DIFFERING = join(FOLDER, 'differing');

/** Whether the pictures are kept anew, in place of being compared. */
const KEEPING = process.env.SHADEGRAD_KEEP_SCREENSHOTS === '1';

/** How long a page may take to look as it did, and how often it is looked at: its charts are drawn by another thread. */
const PATIENCE_MILLISECONDS = 10_000;
const LEAST_LOOKS = 10;

/** A page is taken as it has looked for so long. */
const STILL_MILLISECONDS = 1000;

/** What a page looks like depends on nothing but these. */
export const plainContext: BrowserContextOptions = {
  viewport: { width: 1366, height: 657 },
  locale: 'en-GB',
  timezoneId: 'UTC',
  colorScheme: 'light',
  deviceScaleFactor: 1,
};

export interface Shot {
  /** The whole page, or only what is in its window; default false. */
  readonly whole?: boolean;
  /** Only this element, by its selector. */
  readonly only?: string;
}

/**
 * Expects that the page looks as on the picture that is kept by this name. A test goes on after one that does not, so
 * that it names them all.
 */
export async function expectAsKept(page: Page, name: string, shot: Shot = {}): Promise<void> {
  const path = join(FOLDER, `${name}.png`);
  const take = async () => pictureOf(await screenshot(page, shot));
  if (KEEPING) return writeFile(path, fileOf(rounded(await still(async () => reduced(await take())))));
  const kept = await readFile(path).then(pictureOf, () => undefined);
  if (!kept) expect.fail(`There is no ${path}. CONTRIBUTING.md says how pictures are kept.`);
  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  for (let look = 1; ; look++) {
    const actual = await take();
    const { text, picture } = difference(kept, reduced(actual));
    if (text === '') return;
    if (performance.now() < deadline || look < LEAST_LOOKS) {
      await setTimeout(100);
      continue;
    }
    const shown = join(DIFFERING, `${name}-actual.png`);
    const marked = join(DIFFERING, `${name}-difference.png`);
    await mkdir(DIFFERING, { recursive: true });
    await writeFile(shown, fileOf(actual));
    await writeFile(marked, fileOf(picture));
    expect.soft(text, `${name}: compare ${path} with ${shown} and ${marked}`).toBe('');
    return;
  }
}

/** Always from the page's top, where the bar that sticks is in its own place, and with the mouse on nothing. */
async function screenshot(page: Page, { whole = false, only }: Shot): Promise<Uint8Array> {
  await page.evaluate(() => scrollTo(0, 0));
  await page.mouse.move(0, 0);
  const how = { animations: 'disabled', caret: 'hide', scale: 'css' } as const;
  if (!only) return page.screenshot({ ...how, fullPage: whole });
  const clip = await page.locator(only).boundingBox();
  if (!clip) throw new Error(`There is no ${only} to be seen.`);
  return page.screenshot({ ...how, fullPage: true, clip });
}

/** The first picture that stays as it is, but for what an edge's antialiasing is by chance. */
async function still(take: () => Promise<Picture>): Promise<Picture> {
  let [before, since] = [await take(), performance.now()];
  while (performance.now() < since + STILL_MILLISECONDS) {
    await setTimeout(200);
    const next = await take();
    if (difference(before, next).most > 0) since = performance.now();
    before = next;
  }
  return before;
}

/** When all visits are: a run that ends a minute after another one is another run. */
export const now = (minute = 0): Date => new Date(Date.UTC(2026, 0, 2, 13, minute));

/**
 * Makes a page look the same whenever it is visited and however fast the machine is: by a time that stands still, a
 * speed of 25,000 images per second and of epochs of a tenth of a second, and one point an epoch in the curve of the
 * training as it goes. What the machine could do at best is not measured. It pauses after the given epoch, at the first training.
 */
export async function standStill(page: Page, { pauseAfter }: { pauseAfter: number }): Promise<void> {
  await page.clock.setFixedTime(now());
  await prependToWorkers(
    page,
    `{
      const { postMessage } = globalThis;
      const imagesPerSecond = 25_000;
      let paused = false;
      const timed = (record) => record && { ...record, seconds: 0.1 };
      const reported = ({ history, models, ...report }) => ({
        ...report,
        imagesPerSecond,
        history: history.map(timed),
        models: models.map((network) => ({ ...network, history: network.history.map(timed) })),
      });
      const steady = (reply) => {
        if (reply.kind === 'floor') return { ...reply, floor: null };
        if (reply.kind === 'epoch') return { ...reply, records: reply.records.map(timed) };
        if (reply.kind === 'result' && reply.report?.history) return { ...reply, report: reported(reply.report) };
        if (reply.kind !== 'progress') return reply;
        const { epoch, loss, accuracy, samples, samplesPerEpoch } = reply.progress;
        const point = samples === samplesPerEpoch ? { epoch, loss, accuracy } : null;
        return { ...reply, progress: { ...reply.progress, imagesPerSecond }, point };
      };
      globalThis.postMessage = (reply, transfer) => {
        postMessage.call(globalThis, steady(reply), transfer);
        if (paused || reply.kind !== 'epoch' || reply.epoch !== ${pauseAfter}) return;
        paused = true;
        globalThis.onmessage({ data: { kind: 'pause' } });
      };
    }`,
  );
}
