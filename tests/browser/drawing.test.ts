import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { drawLine, eventually, type Place, press, quickRun, test, train } from '../support/demo.ts';

/** A little more than the quick run: hand-drawn digits are unlike those that the network was trained on. */
const drawingRun = { ...quickRun, train: 4000, epochs: 4 };

describe('drawing', () => {
  test('is answered at once, before any training, by the network that comes with the page', async ({
    visit,
  }) => {
    const page = await visit();
    await drawOne(page, 0.5);
    await eventually(() => page.locator('#verdict').textContent()).toMatch(/^A 1, (over )?[\d.]+ % sure/);
    expect(await page.locator('#reading').textContent()).toBe('1');
    expect(await page.locator('#origin').textContent()).toMatch(
      /^The network that comes with this page: 784 – [\d – ]+ – 10, 9\d\.\d\d % right on MNIST/,
    );
  });

  test('shows the network a "1", its answer while the pen is down and after, and is cleared', async ({
    visit,
  }) => {
    const page = await visit(drawingRun);
    await train(page);
    await startStroke(page, 0.5);
    await eventually(() => mostProbable(page)).toBe(1);
    await page.mouse.up();
    await seenAtLast(page);
    expect(await mostProbable(page)).toBe(1);
    const sum = (await probabilities(page)).reduce((total, probability) => total + probability);
    expect(sum).toBeCloseTo(1, 2);
    await press(page, 'Clear');
    await eventually(async () => (await seen(page)).mass).toBe(0);
    expect(await page.locator('#verdict').textContent()).toMatch(/^Draw a digit/);
  });

  test('centres what is drawn by mass, as MNIST is', async ({ visit }) => {
    const page = await visit();
    await drawOne(page, 0.15);
    const { width, height, x, y } = await seenAtLast(page);
    expect([width, height]).toEqual([28, 28]);
    expect(Math.abs(x - 13.5)).toBeLessThanOrEqual(1);
    expect(Math.abs(y - 13.5)).toBeLessThanOrEqual(1);
  });

  test('shows the network the same digit, drawn small or large', async ({ visit }) => {
    const page = await visit();
    const seven = [
      [0, 0],
      [0.6, 0],
      [0.2, 1],
    ] as const;
    const drawn = (size: number, left: number, top: number) =>
      seven.map(([x, y]): Place => [left + size * x, top + size * y]);
    await drawLine(page, drawn(0.8, 0.1, 0.1));
    const large = await seenAtLast(page);
    await press(page, 'Clear');
    await drawLine(page, drawn(0.1, 0.7, 0.6));
    const small = await seenAtLast(page);
    expect(small.mass / large.mass).toBeGreaterThan(0.95);
    expect(small.mass / large.mass).toBeLessThan(1.05);
    expect(small.rows).toBe(20);
    expect(large.rows).toBe(20);
  });

  test('ends a stroke at the edge of the pad: what is beside it is not drawn', async ({ visit }) => {
    const page = await visit();
    await drawLine(page, [
      [0.6, 0.1],
      [0.6, 0.9],
      [2.5, 0.9],
    ]);
    expect((await seenAtLast(page)).rows).toBe(20);
  });

  test('takes a finger for a pen', async ({ visit }) => {
    const page = await visit(quickRun, {
      context: { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } },
    });
    await page.locator('#draw-canvas').scrollIntoViewIfNeeded();
    const scrolled = await page.evaluate(() => scrollY);
    await drawWithFinger(page);
    await eventually(async () => (await seen(page)).rows).toBe(20);
    const { rows, mass } = await seenAtLast(page);
    expect(rows).toBe(20);
    expect(mass / 255).toBeLessThan(60);
    expect(await page.evaluate(() => scrollY), 'drawing does not scroll the page').toBe(scrolled);
  });

  test('takes a tap for a dot', async ({ visit }) => {
    const page = await visit();
    await page.locator('#draw-canvas').click();
    await eventually(async () => (await seen(page)).rows).toBe(3);
  });
});

/** @param across where the stroke is, as a share of the canvas's width */
async function startStroke(page: Page, across: number): Promise<void> {
  const canvas = page.locator('#draw-canvas');
  await canvas.scrollIntoViewIfNeeded();
  const box = await boxOf(page);
  await page.mouse.move(box.x + across * box.width, box.y + 0.2 * box.height);
  await page.mouse.down();
  await page.mouse.move(box.x + across * box.width, box.y + 0.8 * box.height, { steps: 12 });
}

async function drawOne(page: Page, across: number): Promise<void> {
  await startStroke(page, across);
  await page.mouse.up();
}

async function drawWithFinger(page: Page): Promise<void> {
  const box = await boxOf(page);
  const at = (down: number) => ({
    touchPoints: [{ x: box.x + 0.5 * box.width, y: box.y + down * box.height }],
  });
  const session = await page.context().newCDPSession(page);
  await session.send('Input.dispatchTouchEvent', { type: 'touchStart', ...at(0.2) });
  for (let step = 1; step <= 12; step++) {
    await session.send('Input.dispatchTouchEvent', { type: 'touchMove', ...at(0.2 + 0.05 * step) });
  }
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}

async function boxOf(page: Page) {
  const box = await page.locator('#draw-canvas').boundingBox();
  if (box === null) throw new Error('There is nothing to draw on.');
  return box;
}

function probabilities(page: Page): Promise<number[]> {
  return page.locator('#probabilities [data-class]').evaluateAll((bars) => {
    const values: number[] = [];
    for (const bar of bars) {
      values[Number(bar.getAttribute('data-class'))] = Number(bar.getAttribute('data-probability'));
    }
    return values;
  });
}

async function mostProbable(page: Page): Promise<number> {
  const values = await probabilities(page);
  return values.indexOf(Math.max(...values));
}

/**
 * What the network sees of a drawing that is done. The pad looks at a drawing a while after each move, so what it shows
 * when the pen is lifted may be a part of it.
 */
async function seenAtLast(page: Page) {
  // Timers end in the order of their times: the pad's was set before this one and is shorter.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 200)));
  return seen(page);
}

/** What the network sees: the size of the image, its ink, the ink's centre, and how many rows have any. */
function seen(page: Page) {
  return page.locator('#seen-canvas').evaluate((canvas) => {
    if (!(canvas instanceof HTMLCanvasElement)) throw new Error('#seen-canvas is no canvas.');
    const { width, height } = canvas;
    const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
    const sums = { mass: 0, x: 0, y: 0 };
    const rows = new Set<number>();
    for (let i = 0; i < width * height; i++) {
      const ink = 255 - (pixels[4 * i] ?? 255);
      sums.mass += ink;
      if (ink > 0) rows.add(Math.floor(i / width));
      sums.x += ink * (i % width);
      sums.y += ink * Math.floor(i / width);
    }
    return { width, height, rows: rows.size, mass: sums.mass, x: sums.x / sums.mass, y: sums.y / sums.mass };
  });
}
