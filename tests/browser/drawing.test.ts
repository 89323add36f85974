import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { eventually, press, quickRun, reach, test, train } from '../support/demo.ts';

/** A little more than the quick run: what is drawn by hand is not what the network was trained on. */
const drawingRun = { ...quickRun, train: 4000, epochs: 4 };

describe('drawing', () => {
  test('says before training that the network knows nothing yet', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    await drawOne(page, 0.5);
    await eventually(() => page.locator('main').textContent()).toMatch(/knows nothing yet/i);
  });

  test('shows the network a "1" that is drawn, and its answer', async ({ visit }) => {
    const page = await visit(drawingRun);
    await train(page);
    await drawOne(page, 0.5);
    await eventually(() => mostProbable(page)).toBe(1);
    const sum = (await probabilities(page)).reduce((total, probability) => total + probability);
    expect(sum).toBeCloseTo(1, 2);
  });

  test('answers while the pen is still down', async ({ visit }) => {
    const page = await visit(drawingRun);
    await train(page);
    await startStroke(page, 0.5);
    await eventually(() => mostProbable(page)).toBe(1);
    await page.mouse.up();
  });

  test('centres what is drawn by mass, as MNIST is', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    await drawOne(page, 0.15);
    await eventually(async () => (await seen(page)).mass).toBeGreaterThan(0);
    const { width, height, x, y } = await seen(page);
    expect([width, height]).toEqual([28, 28]);
    expect(Math.abs(x - 13.5)).toBeLessThanOrEqual(1);
    expect(Math.abs(y - 13.5)).toBeLessThanOrEqual(1);
  });

  test('takes a finger for a pen', async ({ visit }) => {
    const page = await visit(drawingRun, {
      context: { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } },
    });
    await train(page);
    await page.locator('#draw-canvas').scrollIntoViewIfNeeded();
    const scrolled = await page.evaluate(() => scrollY);
    await drawWithFinger(page);
    await eventually(() => mostProbable(page)).toBe(1);
    expect(await page.evaluate(() => scrollY), 'drawing does not scroll the page').toBe(scrolled);
  });

  test('clears the drawing', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    await drawOne(page, 0.5);
    await eventually(async () => (await seen(page)).mass).toBeGreaterThan(0);
    await press(page, 'Clear');
    await eventually(async () => (await seen(page)).mass).toBe(0);
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

/** What the network sees: the size of the image, its ink and where the middle of that is, in pixels. */
function seen(page: Page) {
  return page.locator('#seen-canvas').evaluate((canvas) => {
    if (!(canvas instanceof HTMLCanvasElement)) throw new Error('#seen-canvas is no canvas.');
    const { width, height } = canvas;
    const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
    const sums = { mass: 0, x: 0, y: 0 };
    for (let i = 0; i < width * height; i++) {
      const ink = 255 - (pixels[4 * i] ?? 255);
      sums.mass += ink;
      sums.x += ink * (i % width);
      sums.y += ink * Math.floor(i / width);
    }
    return { width, height, mass: sums.mass, x: sums.x / sums.mass, y: sums.y / sums.mass };
  });
}
