import { decode } from 'fast-png';
import { describe, expect } from 'vitest';
import { initialModel } from '../../src/model/initialise.ts';
import { decodeModel, encodeModel } from '../../src/model/model-file.ts';
import { mlp } from '../../src/model/spec.ts';
import { heatmapLayout, heatmapSize } from '../../src/report/heatmap-layout.ts';
import {
  alertOf,
  confusionTable,
  drop,
  eventually,
  quickRun,
  reach,
  reportOf,
  restoreLast,
  save,
  test,
  testAccuracy,
  train,
  visitAgain,
} from '../support/demo.ts';

const modelFile = (bytes: Uint8Array) => ({
  name: 'model.safetensors',
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(bytes),
});

describe('saving', () => {
  test('writes the model as the library reads it', async ({ trained: page }) => {
    const { name, bytes } = await save(page, 'Save model');
    expect(name).toMatch(/\.safetensors$/);
    const { model, image, metadata } = decodeModel(bytes);
    expect(model.spec).toEqual({ inputs: 784, hidden: [32], classes: 10 });
    expect(image).toEqual({ height: 28, width: 28 });
    expect(metadata['shadegrad.dataset']).toBe('synthetic');
  });

  test('writes the report of the run that the page shows', async ({ trained: page }) => {
    const report = await reportOf(page);
    expect(report.dataset).toMatchObject({ name: 'synthetic', train: quickRun.train, test: quickRun.test });
    expect(report.adapter).toMatchObject({ vendor: 'google', software: true, backend: 'webgpu' });
    expect(report.config).toMatchObject({
      hidden: [32],
      epochs: 3,
      batchSize: 32,
      learningRate: 0.001,
      seed: 1,
    });
    expect(report.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(100 * report.test.accuracy).toBeCloseTo(await testAccuracy(page), 1);
  });

  test('writes the heatmap as PNG and as SVG', async ({ trained: page }) => {
    const table = await confusionTable(page);
    const png = await save(page, 'Save heatmap as PNG');
    expect(png.name).toMatch(/\.png$/);
    const image = decode(png.bytes);
    expect(Math.min(image.width, image.height)).toBeGreaterThanOrEqual(400);
    expect(new Set(image.data).size).toBeGreaterThan(10);

    const svg = await save(page, 'Save heatmap as SVG');
    expect(svg.name).toMatch(/\.svg$/);
    const text = new TextDecoder().decode(svg.bytes);
    expect(text).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(text).toContain('Predicted label');
    const texts = textsOf(svg.bytes);
    for (const count of new Set(table.flat())) expect(texts).toContain(String(count));
  });

  test('writes the heatmap as it is shown: shares of rows, without the right answers', async ({
    trained: page,
  }) => {
    await page.getByLabel('Share of each row').check();
    const shares = textsOf((await save(page, 'Save heatmap as SVG')).bytes);
    await page.getByLabel('Right answers').uncheck();
    const mistakes = textsOf((await save(page, 'Save heatmap as SVG')).bytes);
    const [share] = (await confusionTable(page)).map((row, label) => {
      return ((row[label] ?? 0) / row.reduce((sum, count) => sum + count)).toFixed(2);
    });
    expect(shares).toContain(share);
    expect(mistakes).not.toContain(share);
    await page.getByLabel('Right answers').check();
    await page.getByLabel('Share of each row').uncheck();
  });
});

test('a heatmap of many classes is saved with all of its cells', async ({ visit }) => {
  const classes = 62;
  const labels = Array.from({ length: classes }, (_, label) => String(label));
  const untrained = initialModel(mlp({ inputs: 784, hidden: [8], classes }), 1);
  const page = await visit();
  await reach(page, 'ready');
  await page
    .getByLabel('Load model')
    .setInputFiles(modelFile(encodeModel(untrained, { image: { height: 28, width: 28 } })));
  await reach(page, 'done');
  const { bytes } = await save(page, 'Save heatmap as PNG');
  const { width, channels, data } = decode(bytes);
  const size = heatmapSize(labels, 'any');
  const { left, top, side, cell } = heatmapLayout(labels, 'any', size);
  const ratio = width / size.width;
  // A zero is written into each cell of the last row.
  const row = Math.round(ratio * (top + side - cell / 2)) * width;
  for (let column = 0; column < classes; column++) {
    const from = channels * (row + Math.round(ratio * (left + column * cell)));
    const pixels = data.slice(from, from + channels * Math.round(ratio * cell));
    expect(new Set(pixels).size, `cell ${column}`).toBeGreaterThan(8);
  }
});

describe('loading', () => {
  test('a saved model in a fresh profile gives the same test accuracy and confusion matrix', async ({
    trained: page,
    visit,
  }) => {
    const { bytes } = await save(page, 'Save model');
    const [accuracy, table] = [await testAccuracy(page), await confusionTable(page)];

    const other = await visit({ ...quickRun, hidden: '16' });
    await reach(other, 'ready');
    await other.getByLabel('Load model').setInputFiles(modelFile(bytes));
    await eventually(() => other.locator('#test-accuracy').textContent()).toBe(`${accuracy.toFixed(2)} %`);
    expect(await confusionTable(other)).toEqual(table);
    expect((await save(other, 'Save model')).bytes).toEqual(bytes);
  });

  test('a model that is dropped on the page shows what it knows', async ({ trained, visit }) => {
    const file = await save(trained, 'Save model');
    const page = await visit();
    await reach(page, 'ready');
    expect(await page.locator('#test-accuracy').textContent()).not.toMatch(/%/);
    await drop(page, [file]);
    await eventually(() => page.locator('#test-accuracy').textContent()).toMatch(/%/);
  });

  test('of what is no model is refused, whatever it is, and the page goes on', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    for (const [what, bytes] of [
      ['a web page', new TextEncoder().encode('<!doctype html><title>Not found</title>')],
      ['nothing', new Uint8Array()],
      ['noise', Uint8Array.from({ length: 500 }, (_, i) => (i * 37) % 251)],
    ] as const) {
      const said = await alertOf(page);
      await page.getByLabel('Load model').setInputFiles(modelFile(bytes));
      await eventually(() => alertOf(page), what).not.toBe(said);
      await eventually(() => alertOf(page), what).toMatch(/safetensors/i);
      expect(await page.getByRole('button', { name: 'Train', exact: true }).isVisible(), what).toBe(true);
    }
    expect(await page.getByRole('button', { name: /^Show the run/ }).count(), 'nothing was trained').toBe(0);
  });
});

describe('a reload', () => {
  test('is called safe once the run is kept; offers it back then, and gives it', async ({ visit }) => {
    const page = await visit(quickRun, { prepare: (page) => page.addInitScript(holdStorage) });
    await train(page);
    const kept = page.getByText('This run is kept for your next visit.');
    expect(await kept.isVisible()).toBe(false);
    const [accuracy, table] = [await testAccuracy(page), await confusionTable(page)];
    const { bytes } = await save(page, 'Save model');
    expect(await kept.isVisible()).toBe(false);
    await page.evaluate('held = false');
    await visitAgain(page);
    await page.evaluate('held = false');
    await page.getByLabel('Hidden layers').fill('16');
    await page.getByLabel('Hidden layers').blur();
    await restoreLast(page);
    await eventually(() => page.locator('#test-accuracy').textContent()).toBe(`${accuracy.toFixed(2)} %`);
    expect(await page.getByLabel('Hidden layers').inputValue()).toBe('32');
    expect(await confusionTable(page)).toEqual(table);
    expect((await save(page, 'Save model')).bytes).toEqual(bytes);
  });
});

/** Code for a page that completes nothing that it writes to its storage while `held` is true. */
const holdStorage = `
  globalThis.held = true;
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (...given) {
    const hold = () => {
      if (held) this.count().onsuccess = hold;
    };
    const request = put.apply(this, given);
    hold();
    return request;
  };`;

/** All texts that an SVG shows. */
function textsOf(svg: Uint8Array): string[] {
  const texts = new TextDecoder().decode(svg).matchAll(/<text[^>]*>([^<]*)<\/text>/g);
  return Array.from(texts, ([, text = '']) => text);
}
