import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { initialModel } from '../../src/model/initialise.ts';
import { encodeModel } from '../../src/model/model-file.ts';
import { mlp } from '../../src/model/spec.ts';
import { eventually, longRun, press, quickRun, reach, test } from '../support/demo.ts';

describe('inside a trained network', () => {
  test('units are lit by the drawing and come in the order of their weight in the verdict', async ({
    trained: page,
  }) => {
    await inUnitOrder(page);
    await drawSeven(page);
    await eventually(() => page.locator('#evidence-title').textContent()).toMatch(/^Why it says \d$/);
    await inVerdictOrder(page);
    const tiles = await said(page);
    const spoken = (await page.locator('#evidence-units').textContent()) ?? '';
    const [loudest] = tiles;
    expect(spoken).toMatch(new RegExp(`\\b${loudest?.unit}\\b`));
    expect(new Set(tiles.map(({ lit }) => lit)).size, 'lit by their activations').toBeGreaterThan(3);

    await page.locator('#unit-order').selectOption('by number');
    expect(await numbers(page)).toEqual(upTo(tiles.length));
    await page.locator('#unit-order').selectOption('by weight in the verdict');
    expect((await numbers(page))[0]).toBe(loudest?.unit);
    await press(page, 'Clear');
    await inUnitOrder(page);
    expect(await page.locator('#evidence-units').textContent()).toMatch(/^Draw/);
  });

  test('what the pixels and biases say adds up to how far the verdict is ahead', async ({
    trained: page,
  }) => {
    await drawSeven(page);
    const sum = page.locator('#evidence-sum');
    await eventually(() => sum.textContent()).toMatch(/^\d is ahead of the others by/);
    const values = ((await sum.textContent()) ?? '').replaceAll('−', '-').match(/[-+]?\d+\.\d\d/g) ?? [];
    const [lead, on, against, biases] = values.map(Number);
    expect(values).toHaveLength(4);
    // Each of the four is rounded to two decimals.
    expect(Math.abs((on ?? 0) + (against ?? 0) + (biases ?? 0) - (lead ?? 0))).toBeLessThan(0.0201);
    expect(await page.locator('#evidence-canvas').getAttribute('aria-label')).toMatch(
      /^Your drawing, taken for \d: pixels for it \+/,
    );
    expect(await colours(page, '#evidence-canvas')).toBeGreaterThan(20);
    await press(page, 'Clear');
  });

  test('a click on a unit shows its weights, what it says to each class, and what excites it', async ({
    trained: page,
  }) => {
    await drawSeven(page);
    await inVerdictOrder(page);
    const number = (await numbers(page))[2];
    await page.locator('.unit').nth(2).click();
    const detail = page.locator('#unit-detail');
    await eventually(() => page.locator('#unit-exciting li').count()).toBe(5);
    expect(await page.locator('#unit-title').textContent()).toBe(`Unit ${number}`);
    expect(await page.locator('#unit-now').textContent()).toMatch(
      /^For your drawing: .*(active; speaks|off)/,
    );
    expect(await page.locator('#unit-outgoing .name').allTextContents()).toEqual(upTo(10, 0).map(String));
    for (const value of await page.locator('#unit-outgoing .value').allTextContents()) {
      expect(value).toMatch(/^[+−]?\d\.\d\d$/);
    }
    const excitations = async (list: string) =>
      (await page.locator(`${list} p`).allTextContents()).map((text) => {
        const [, label, sign, size] = /^(\d) ([+−]?)([\d.]+)$/.exec(text) ?? [];
        expect(label, text).toBeDefined();
        return (sign === '−' ? -1 : 1) * Number(size);
      });
    const [most, least] = [await excitations('#unit-exciting'), await excitations('#unit-unmoving')];
    expect(descending(most)).toBe(true);
    expect(descending(least.toReversed())).toBe(true);
    expect(Math.min(...most)).toBeGreaterThan(Math.max(...least));
    const box = await page.locator('#unit-weights').boundingBox();
    expect(((box?.width ?? 0) - 2) % 28, 'whole multiples of its size').toBe(0);
    await page.locator('.unit[aria-expanded=true]').click();
    expect(await detail.isVisible()).toBe(false);
    await press(page, 'Clear');
  });

  test('is there for the keyboard alone', async ({ trained: page }) => {
    await inUnitOrder(page);
    await page.locator('.unit').first().focus();
    expect(await page.locator('.unit[tabindex="0"]').count()).toBe(1);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowUp');
    expect(await focusedUnit(page)).toBe('0');
    await page.keyboard.press('ArrowUp');
    expect(await focusedUnit(page), 'stays in the grid').toBe('0');
    await page.keyboard.press('End');
    const last = await focusedUnit(page);
    expect(Number(last)).toBeGreaterThan(5);
    await page.keyboard.press('Enter');
    await eventually(() => page.locator('#unit-title').textContent()).toBe(`Unit ${Number(last) + 1}`);
    await page.locator('#unit-close').focus();
    await page.keyboard.press('Escape');
    expect(await page.locator('#unit-detail').isVisible()).toBe(false);
    expect(await focusedUnit(page), 'back where one came from').toBe(last);
  });

  test('shows all units where there are more than fit into three rows', async ({ trained: page }) => {
    await inUnitOrder(page);
    const few = await page.locator('.unit').count();
    expect(few).toBeLessThan(32);
    await press(page, 'Show all 32');
    expect(await numbers(page)).toEqual(upTo(32));
    await press(page, 'Show fewer');
    expect(await page.locator('.unit').count()).toBe(few);
  });
});

test('softmax regression has a template for each class, labelled, with what excites it', async ({
  visit,
}) => {
  const page = await visit();
  await load(page, []);
  expect(await page.locator('.unit-name').allTextContents()).toEqual(upTo(10, 0).map(String));
  expect(await page.locator('#unit-order-line').isVisible()).toBe(false);
  await drawSeven(page);
  await eventually(() => page.locator('#evidence-units').textContent()).toMatch(/^No hidden units/);
  await page.getByRole('button', { name: /^Template of 4: [+−]?\d\.\d\d, \d+ %$/ }).click();
  await eventually(() => page.locator('#unit-exciting li').count()).toBe(5);
  expect(await page.locator('#unit-title').textContent()).toBe('Template of 4');
  expect(await page.locator('#unit-says').isVisible()).toBe(false);
});

test('a network with more layers says what a unit does to each class once there is a drawing', async ({
  visit,
}) => {
  const page = await visit();
  await load(page, [16, 12]);
  await page.locator('.unit').first().click();
  await eventually(() => page.locator('#unit-outgoing-note').textContent()).toMatch(/^Draw first/);
  await drawSeven(page);
  await eventually(() => page.locator('#unit-outgoing').isVisible()).toBe(true);
  expect(await page.locator('#unit-outgoing li').count()).toBe(10);
  expect(await page.locator('#inside-note').textContent()).toContain('of the first of 2 hidden layers');
});

test('nothing jumps while the network learns, and the focus stays', async ({ visit }) => {
  const page = await visit(longRun);
  await reach(page, 'ready');
  await press(page, 'Train');
  await eventually(() => page.locator('.unit').count()).toBeGreaterThan(5);
  await drawSeven(page);
  await page.locator('.unit').nth(1).click();
  await eventually(() => page.locator('#unit-exciting li').count()).toBe(5);
  await page.locator('.unit').nth(3).focus();
  const places = () =>
    page.evaluate(() =>
      ['#inside', '#unit-grid', '#unit-detail', '#unit-images', '.unit:last-child'].map((selector) => {
        const { height, width } = document.querySelector(selector)?.getBoundingClientRect() ?? {};
        return [selector, height, width];
      }),
    );
  const [before, unit] = [await places(), await focusedUnit(page)];
  for (let look = 0; look < 3; look++) {
    const weights = await picture(page);
    await eventually(() => picture(page)).not.toBe(weights);
    expect(await places()).toEqual(before);
    expect(await focusedUnit(page)).toBe(unit);
  }
});

test('a phone shows it without scrolling sideways, with long names of classes too', async ({ visit }) => {
  const names = upTo(10, 0).map((label) => `A class with a name that is longer than any other, ${label}`);
  const page = await visit(quickRun, { context: { viewport: { width: 390, height: 844 } } });
  await load(page, [], names);
  expect(await page.locator('.unit-name').allTextContents()).toEqual(names);
  await page.locator('.unit').nth(2).click();
  await eventually(() => page.locator('#unit-exciting li').count()).toBe(5);
  await drawSeven(page);
  await eventually(() => page.locator('#evidence-title').textContent()).toContain('A class with a name');
  const [content, screen] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth];
  });
  expect(content).toBe(screen);
});

/** Gives the page a network that was never trained. */
async function load(page: Page, hidden: readonly number[], classNames = upTo(10, 0).map(String)) {
  const bytes = encodeModel(initialModel(mlp({ inputs: 784, hidden, classes: 10 }), 1), {
    image: { height: 28, width: 28 },
    dataset: 'clothes',
    classNames,
  });
  await reach(page, 'ready');
  await page.getByLabel('Load model').setInputFiles({
    name: 'model.safetensors',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(bytes),
  });
  await reach(page, 'done');
}

function upTo(count: number, first = 1): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** The numbers on the tiles, in their order. */
async function numbers(page: Page): Promise<number[]> {
  return (await page.locator('.unit-name').allTextContents()).map(Number);
}

/** Waits until the tiles are in the order that they have without a drawing. */
async function inUnitOrder(page: Page): Promise<void> {
  const units = await page.locator('.unit').count();
  await eventually(() => numbers(page)).toEqual(upTo(units));
}

/** Waits until the tiles are lit by a drawing and in the order of their weight in the verdict. */
async function inVerdictOrder(page: Page): Promise<void> {
  await eventually(async () => {
    const sizes = (await said(page)).map(({ by }) => by);
    return descending(sizes) && Math.max(...sizes) > 0;
  }).toBe(true);
}

/** What each tile says to those who do not see it: how much, in either direction, and how bright it is. */
function said(page: Page): Promise<{ unit: number; by: number; lit: string }[]> {
  return page.locator('.unit').evaluateAll((tiles) =>
    tiles.map((tile) => {
      const label = tile.getAttribute('aria-label') ?? '';
      const [, by = '0'] = / by ([\d.]+)$/.exec(label) ?? [];
      const [, unit] = /^Unit (\d+)/.exec(label) ?? [];
      const lit = tile instanceof HTMLElement ? tile.style.getPropertyValue('--lit') : '';
      return { unit: Number(unit), by: Number(by), lit };
    }),
  );
}

function descending(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value <= (values[i - 1] ?? value));
}

function focusedUnit(page: Page): Promise<string | null> {
  return page.evaluate(() => document.activeElement?.getAttribute('data-unit') ?? null);
}

/** The picture of the chosen unit's weights. */
function picture(page: Page): Promise<string> {
  return page
    .locator('#unit-weights')
    .evaluate((canvas) => (canvas instanceof HTMLCanvasElement ? canvas.toDataURL() : ''));
}

function colours(page: Page, selector: string): Promise<number> {
  return page.locator(selector).evaluate((canvas) => {
    if (!(canvas instanceof HTMLCanvasElement)) return 0;
    const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
    return new Set(new Uint32Array(Uint8Array.from(data).buffer)).size;
  });
}

async function drawSeven(page: Page): Promise<void> {
  const pad = page.locator('#draw-canvas');
  await pad.scrollIntoViewIfNeeded();
  const box = await pad.boundingBox();
  if (!box) throw new Error('There is nothing to draw on.');
  const at = (x: number, y: number) => [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(0.25, 0.2));
  await page.mouse.down();
  await page.mouse.move(...at(0.7, 0.2), { steps: 8 });
  await page.mouse.move(...at(0.45, 0.85), { steps: 8 });
  await page.mouse.up();
}
