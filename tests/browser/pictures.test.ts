import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import {
  alertOf,
  drop,
  eventually,
  press,
  reach,
  reportOf,
  test,
  train,
  visitAgain,
} from '../support/demo.ts';
import type { NamedFile } from '../support/mnist-files.ts';
import { pngFile } from '../support/png.ts';

const SIDE = 120;

/** A "1" in dark ink on light paper, as in a photograph. */
const one: NamedFile = { name: 'one.png', bytes: picture((x, y) => x >= 54 && x < 64 && y >= 20 && y < 100) };
const blank: NamedFile = { name: 'paper.png', bytes: picture(() => false) };
const pdf: NamedFile = { name: 'cat.pdf', bytes: new TextEncoder().encode('%PDF-1.7\n') };

describe('a picture is read as a digit', () => {
  test('where it is dropped, as a drawing is; Clear takes it away', async ({ visit }) => {
    const page = await visit();
    await answers(page);
    await drop(page, [one]);
    await eventually(() => verdict(page)).toMatch(/^A 1, (over )?[\d.]+ % sure\./);
    expect(await page.locator('#reading').textContent()).toBe('1');
    expect(await rowsOf(page, '#seen-canvas')).toEqual({ height: 28, rows: 20 });
    expect(await page.locator('#draw-canvas').getAttribute('aria-label')).toBe('The picture one.png');
    // The picture itself, as large as it fits.
    expect(await rowsOf(page, '#draw-canvas')).toEqual({ height: 280, rows: 280 });
    await press(page, 'Clear');
    await eventually(() => verdict(page)).toMatch(/^Draw a digit/);
    expect((await rowsOf(page, '#draw-canvas')).rows).toBe(0);
    expect(await page.locator('#draw-canvas').getAttribute('aria-label')).toBe('Draw a digit here');
  });

  test('where it is pasted, with what makes the answer doubtful; a stroke begins a drawing', async ({
    visit,
  }) => {
    const page = await visit();
    await answers(page);
    await paste(page, blank);
    await eventually(() => verdict(page)).toMatch(/Nothing in the picture stands out/);
    await page.locator('#draw-canvas').click();
    await eventually(() => verdict(page)).not.toMatch(/Nothing in the picture/);
    expect((await rowsOf(page, '#draw-canvas')).rows).toBeLessThan(40);
  });

  test('where it is chosen; what is no picture leaves it, and is called what it is', async ({ visit }) => {
    const page = await visit();
    await answers(page);
    await reach(page, 'ready');
    await choose(page, one);
    await eventually(() => verdict(page)).toMatch(/^A 1/);
    const [answer, images] = [await verdict(page), await page.locator('#train-size').textContent()];

    await drop(page, [pdf]);
    await eventually(() => alertOf(page)).toMatch(/^cat\.pdf is a PDF\./);
    await choose(page, { name: 'cut.png', bytes: one.bytes.subarray(0, 40) });
    await eventually(() => alertOf(page)).toMatch(/cut\.png cannot be read: it is damaged/);
    expect(await verdict(page)).toBe(answer);
    expect(await page.locator('#train-size').textContent()).toBe(images);
    await press(page, 'Close');
    expect(await alertOf(page)).toBe('');

    await drop(page, [pdf]);
    await eventually(() => alertOf(page)).toMatch(/PDF/);
    await choose(page, one);
    await eventually(() => alertOf(page)).toBe('');
  });
});

describe('a folder of pictures is a dataset', () => {
  test('with its own name and class names, and is there after a reload', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    await using folder = await signs();
    await page.getByLabel('Choose a folder').setInputFiles(folder.path);
    await eventually(() => page.locator('#train-size').textContent()).toBe('40');
    expect(await alertOf(page)).toMatch(/Every fifth picture .* all were brought to 28 x 28/);
    await train(page);
    expect((await reportOf(page)).dataset).toMatchObject({ name: 'signs', train: 40, test: 10 });
    expect(await page.locator('#origin').textContent()).toMatch(/ – 2, .* right on signs\./);
    const bars = page.locator('#probabilities .name');
    expect(await bars.allTextContents()).toEqual(['bar', 'plain']);

    await visitAgain(page);
    expect(await page.locator('#train-size').textContent()).toBe('40');
    expect(await page.getByLabel('Data', { exact: true }).inputValue()).toBe('files');
    expect(await chosenData(page)).toBe('signs (your files)');
    expect(await page.locator('#status').textContent()).toBe('Ready: 40 images of signs to learn from');
  });

  test('dropped too, with all that its folders hold', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    // A browser tells at most 100 entries of a folder at a time.
    await using folder = await signs({ each: 105 });
    await dropPath(page, folder.path);
    await eventually(() => page.locator('#train-size').textContent()).toBe('168');
    expect(await page.locator('#test-size').textContent()).toBe('42');
    expect(await chosenData(page)).toBe('signs (your files)');
    await page.getByLabel('Data', { exact: true }).selectOption('Synthetic digits');
    await page.getByLabel('Data', { exact: true }).selectOption('signs (your files)');
    await eventually(() => page.locator('#train-size').textContent()).toBe('168');
  });

  test('on which a training goes on only with the images that it was begun with', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    await using folder = await signs();
    const choose = page.getByLabel('Choose a folder');
    await choose.setInputFiles(folder.path);
    await eventually(() => page.locator('#train-size').textContent()).toBe('40');
    await train(page);
    const before = await reportOf(page);

    await using changed = await signs({ paper: 230 });
    await choose.setInputFiles(changed.path);
    await reach(page, 'ready');
    await press(page, '10 more epochs');
    await eventually(() => alertOf(page)).toMatch(
      /^The images of signs are not those that this training was begun with, .* Give the page those images to go on/,
    );
    await reach(page, 'ready');
    expect(await reportOf(page), 'nothing is lost').toEqual(before);
    await page.locator('#draw-canvas').click();
    await eventually(() => verdict(page)).toMatch(/bar|plain/);

    await choose.setInputFiles(folder.path);
    await eventually(() => alertOf(page), 'other images are on their way').toBe('');
    await reach(page, 'ready');
    await press(page, '10 more epochs');
    await reach(page, 'done');
    expect((await reportOf(page)).history).toHaveLength(13);
  });
});

/** A folder of pictures of two classes on a disk, which is gone when it is no longer used. */
async function signs({ each = 25, paper = 235 } = {}) {
  const root = await mkdtemp(join(tmpdir(), 'pictures-'));
  const strokes = { bar: (x: number) => x > 50 && x < 70, plain: () => false };
  for (const [name, isInk] of Object.entries(strokes)) {
    const folder = join(root, 'signs', name);
    await mkdir(folder, { recursive: true });
    const bytes = picture(isInk, paper);
    await Promise.all(Array.from({ length: each }, (_, i) => writeFile(join(folder, `${i}.png`), bytes)));
  }
  return { path: join(root, 'signs'), [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

/** Drops a file or folder of the disk, as a file manager does. */
async function dropPath(page: Page, path: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
  }
  await session.detach();
}

/** What the field of the images says. */
function chosenData(page: Page): Promise<string | null> {
  return page.locator('#data option:checked').textContent();
}

function picture(isInk: (x: number, y: number) => boolean, paper = 235): Uint8Array {
  const data = Uint8Array.from({ length: SIDE * SIDE }, (_, i) =>
    isInk(i % SIDE, Math.floor(i / SIDE)) ? 40 : paper,
  );
  return pngFile({ width: SIDE, height: SIDE, data });
}

/** Waits until the network that comes with the page can be asked. */
function answers(page: Page): Promise<void> {
  return eventually(() => verdict(page)).toMatch(/^Draw a digit/);
}

function verdict(page: Page): Promise<string | null> {
  return page.locator('#verdict').textContent();
}

function choose(page: Page, { name, bytes }: NamedFile): Promise<void> {
  return page
    .getByLabel('Read a picture')
    .setInputFiles({ name, mimeType: 'image/png', buffer: Buffer.from(bytes) });
}

function paste(page: Page, { name, bytes }: NamedFile): Promise<void> {
  return page.evaluate(
    ({ name, base64 }) => {
      const clipboardData = new DataTransfer();
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      clipboardData.items.add(new File([bytes], name, { type: 'image/png' }));
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
    },
    { name, base64: Buffer.from(bytes).toString('base64') },
  );
}

/** How many rows of a canvas have anything on them that is not white. */
function rowsOf(page: Page, canvas: string): Promise<{ height: number; rows: number }> {
  return page.locator(canvas).evaluate((element) => {
    if (!(element instanceof HTMLCanvasElement)) throw new Error('This is no canvas.');
    const { width, height } = element;
    const pixels = element.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
    const rows = new Set<number>();
    for (let i = 0; i < width * height; i++) {
      if ((pixels[4 * i + 3] ?? 0) > 0 && (pixels[4 * i] ?? 255) < 255) rows.add(Math.floor(i / width));
    }
    return { height, rows: rows.size };
  });
}
