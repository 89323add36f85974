import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { initialModel } from '../../src/model/initialise.ts';
import { encodeModel } from '../../src/model/model-file.ts';
import { mlp } from '../../src/model/spec.ts';
import { eventually, quickRun, reach, save, test } from '../support/demo.ts';

const names = [
  'T-shirt/top',
  'Trouser',
  'Pullover with a name that is longer than any other',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/** A network that was never trained and only has names for its classes. */
const model = encodeModel(initialModel(mlp({ inputs: 784, hidden: [8], classes: 10 }), 1), {
  image: { height: 28, width: 28 },
  dataset: 'clothes',
  classNames: names,
});

describe('the names of the classes that a model brings', () => {
  test('are shown wherever the page speaks of a class, and stay in the model', async ({ visit }) => {
    const page = await visit();
    await load(page);
    expect(await page.locator('#probabilities .name').allTextContents()).toEqual(names);
    expect(await page.locator('#confusion-table tbody th').allTextContents()).toEqual(
      names.map((name) => `True ${name}`),
    );
    const svg = new TextDecoder().decode((await save(page, 'Save heatmap as SVG')).bytes);
    for (const name of names.filter(({ length }) => length < 20)) expect(svg).toContain(`>${name}<`);
    const mistake = await page.locator('#gallery-images li').first().textContent();
    expect(mistake).toMatch(new RegExp(`^said (${names.join('|')}) .*true (${names.join('|')}) `));

    await page.locator('#draw-canvas').click();
    await eventually(() => page.locator('#verdict').textContent()).toMatch(
      new RegExp(`^(${names.join('|')})( \\(|, )`),
    );
    const cell = page.locator('#confusion-table button:not(:text-is("0"))').first();
    const [row, column] = [await cell.getAttribute('data-true'), await cell.getAttribute('data-predicted')];
    await cell.click();
    await eventually(() => page.locator('#gallery-summary').textContent()).toContain(
      row === column
        ? `of ${names[Number(row)]} recognised`
        : `of ${names[Number(row)]} taken for ${names[Number(column)]}`,
    );
    expect((await save(page, 'Save model')).bytes).toEqual(model);
  });

  test('leave the page no wider than a phone, however long', async ({ visit }) => {
    const page = await visit(quickRun, { context: { viewport: { width: 390, height: 844 } } });
    await load(page);
    const [content, screen] = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return [scrollWidth, clientWidth];
    });
    expect(content).toBe(screen);
    const bar = await page.locator('#probabilities .bar').first().boundingBox();
    expect(bar?.width, 'room for the bars').toBeGreaterThan(80);
  });
});

async function load(page: Page): Promise<void> {
  await reach(page, 'ready');
  await page.getByLabel('Load model').setInputFiles({
    name: 'model.safetensors',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(model),
  });
  await reach(page, 'done');
}
