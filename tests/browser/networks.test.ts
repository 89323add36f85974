import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { modelChecksum } from '../../src/model/checksum.ts';
import { decodeModel } from '../../src/model/model-file.ts';
import { decodeModels } from '../../src/model/population-file.ts';
import type { RunReport } from '../../src/report/run-report.ts';
import {
  alertOf,
  confusionTable,
  drawLine,
  eventually,
  populationRun,
  prependToWorkers,
  press,
  reach,
  reportOf,
  restoreLast,
  save,
  test,
  train,
  visitAgain,
  withoutTimes,
} from '../support/demo.ts';

/** Four networks whose state takes 0.8 MB, and images that take 0.4, on a device that takes 0.5. */
const small = { run: { ...populationRun, train: 500 }, room: 500_000 };

/** The same with 3.2, 1.6 and 2 MB: its first epoch is long enough for a test to pause in it. */
const long = { run: { ...populationRun, hidden: '128', batch: 1 }, room: 2_000_000 };

describe('several networks', () => {
  test('are trained by an address to the same bits, each to what it learns alone', async ({
    population,
    trained,
    visit,
  }) => {
    const other = await visit();
    await other.goto(population.url());
    await train(other);
    const report = await reportOf(population);
    expect(withoutTimes(await reportOf(other))).toEqual(withoutTimes(report));
    expect(report.models.map(({ seed }) => seed)).toEqual([1, 2, 3, 4]);

    const { models, networks } = decodeModels((await save(population, 'Save all models')).bytes);
    expect(networks?.map(({ seed }) => seed)).toEqual([1, 2, 3, 4]);
    expect(models[0]).toEqual(decodeModel((await save(trained, 'Save model')).bytes).model);
    const best = decodeModel((await save(population, 'Save best model')).bytes).model;
    expect(best).toEqual(models[report.best]);
    expect(report.model.sha256).toBe(await modelChecksum(best));
  });

  test('are shown by their mean and spread, and together where one network is shown else', async ({
    population: page,
  }) => {
    const { ensemble, summary, best } = await reportOf(page);
    const { mean = 0, least = 0, most = 0 } = summary?.accuracy ?? {};
    const together = percent(ensemble?.test.accuracy ?? 0);
    expect(await figures(page)).toEqual([
      percent(mean),
      `from ${(100 * least).toFixed(2)} to ${(100 * most).toFixed(2)}`,
      together,
    ]);
    const status = await page.locator('#status').textContent();
    expect(status).toBe(`Done: ${together} right together, ${percent(mean)} on average`);
    for (const id of ['matrix-title', 'mistakes-title', 'report-title']) {
      expect(await page.locator(`#${id}`).textContent()).toMatch(/, 4 networks together$/);
    }
    expect(await confusionTable(page)).toEqual(ensemble?.confusionMatrix);
    expect(await page.locator('#report-table .total').textContent()).toContain(
      ensemble?.classificationReport.accuracy?.toFixed(2),
    );
    const svg = new TextDecoder().decode((await save(page, 'Save heatmap as SVG')).bytes);
    expect(svg).toContain(`synthetic digits: 4 networks together, ${together} of 300 test images right`);
    expect(await page.locator('#inside-note').textContent()).toContain(
      `of network ${best + 1}, the best of 4,`,
    );
    expect(await page.locator('#curves').getAttribute('aria-label')).toMatch(
      /^Curves of loss and accuracy. Epoch 3, means of 4 networks: loss \d/,
    );
  });

  test('each say what they take a drawing for', async ({ population: page }) => {
    const chips = page.locator('#votes li');
    expect(await chips.count()).toBe(4);
    expect(await chips.first().getAttribute('title')).toBe('Network 1 (seed 1) has not voted yet');
    await drawOne(page);
    await eventually(() => page.locator('#verdict').textContent()).toMatch(
      /^An? (\d)( \(|, )[\d.]+ %.* [1-4] of 4 networks say \1\./,
    );
    const said = await chips.evaluateAll((items) => items.map((item) => item.getAttribute('title')));
    const shown = await chips.locator('[aria-hidden]').allTextContents();
    for (const [i, text] of said.entries()) {
      expect(text).toMatch(
        new RegExp(`^Network ${i + 1} \\(seed ${i + 1}\\) says ${shown[i]}, [\\d.]+ % sure$`),
      );
      expect(await chips.nth(i).locator('.unseen').textContent()).toBe(text);
    }
    const [, agreeing] = /(\d) of 4/.exec((await page.locator('#verdict').textContent()) ?? '') ?? [];
    expect(await page.locator('#votes [data-agrees=true]').count()).toBe(Number(agreeing));
    await press(page, 'Clear');
    await eventually(() => chips.first().textContent()).toContain('has not voted yet');
  });

  test('are there again after a reload, and in another profile from their file', async ({
    population: page,
    visit,
  }) => {
    const [accuracies, table, file] = [await figures(page), await confusionTable(page), await allOf(page)];
    const report = await reportOf(page);
    const weights = await page.locator('#inside-note').textContent();
    await visitAgain(page);
    await restoreLast(page);
    await reach(page, 'done');
    expect([await figures(page), await confusionTable(page), await allOf(page)]).toEqual([
      accuracies,
      table,
      file,
    ]);
    expect(await page.locator('#inside-note').textContent()).toBe(weights);
    await drawOne(page);
    await eventually(() => page.locator('#verdict').textContent()).toMatch(/ of 4 networks say /);

    const other = await visit();
    await reach(other, 'ready');
    await other.getByLabel('Load model').setInputFiles({
      name: 'models.safetensors',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from(file),
    });
    await reach(other, 'done');
    expect([await figures(other), await confusionTable(other), await allOf(other)]).toEqual([
      accuracies,
      table,
      file,
    ]);
    const tested = ({ models, summary, ensemble }: Pick<RunReport, 'models' | 'summary' | 'ensemble'>) => ({
      models: models.map(({ seed, test }) => [seed, test]),
      summary,
      ensemble,
    });
    expect(tested(await reportOf(other))).toEqual(tested(report));
    expect(await other.getByRole('button', { name: 'Save best model' }).isVisible()).toBe(false);
    expect(await other.locator('#inside-note').textContent()).toContain('of network 1 of 4,');
  });
});

describe('networks that do not fit on the device side by side', () => {
  test('take turns, and learn the same', async ({ visit }) => {
    const { run, room } = small;
    const [page, roomy] = [await visit(run, { prepare: limitDevices(room) }), await visit(run)];
    for (const each of [page, roomy]) await train(each);
    const plan = (of: Page) => of.locator('#plan p').first().textContent();
    expect(await plan(page), 'buffers of two networks').not.toBe(await plan(roomy));
    const alike = ({ models, ensemble, model }: RunReport) => [
      models.map(({ history }) => history.map(({ loss }) => loss)),
      ensemble,
      model,
    ];
    expect(alike(await reportOf(page))).toEqual(alike(await reportOf(roomy)));
    expect(await allOf(page)).toEqual(await allOf(roomy));
  });

  test('all answer for a drawing, also in the middle of an epoch', async ({ visit }) => {
    const page = await visit(long.run, { prepare: limitDevices(long.room) });
    await reach(page, 'ready');
    await press(page, 'Train');
    await eventually(() => page.locator('#status').textContent()).toMatch(/^Training: epoch 1 /);
    await press(page, 'Pause');
    await reach(page, 'paused');
    await drawOne(page);
    await eventually(() => page.locator('#verdict').textContent()).toMatch(/ of 4 networks say /);
    expect(await page.locator('#status').textContent()).toBe('Paused in epoch 1 of 3');
  });
});

describe('at a learning rate that is far too large', () => {
  // One hidden unit: where it is never on, even this rate moves little.
  const ruinous = { ...populationRun, train: 10, test: 50, hidden: '1', lr: 1e30, batch: 10, epochs: 1 };

  test('those that their last update ruins cost the others nothing', async ({ visit }) => {
    const page = await visit(ruinous);
    await train(page);
    const { models, best, summary } = await reportOf(page);
    const sound = models.filter(({ diverged }) => diverged === null);
    expect(sound.length).toBeGreaterThan(0);
    expect(sound.length).toBeLessThan(4);
    expect(models[best]?.test).not.toBeNull();
    expect(summary?.accuracy.count).toBe(sound.length);
    expect(await page.locator('#status').textContent()).toContain(
      `; ${4 - sound.length} of 4 networks diverged`,
    );
    const { networks, models: saved } = decodeModels(await allOf(page));
    expect(networks?.map(({ seed }) => seed)).toEqual(sound.map(({ seed }) => seed));
    const bestSaved = decodeModel((await save(page, 'Save best model')).bytes).model;
    expect(bestSaved).toEqual(saved[sound.findIndex(({ seed }) => seed === models[best]?.seed)]);

    await drawOne(page);
    await eventually(() => page.locator('#verdict').textContent()).toContain(
      `of ${sound.length} networks say`,
    );
    for (const [i, { diverged }] of models.entries()) {
      const said = await page.locator('#votes li').nth(i).getAttribute('title');
      expect(said?.endsWith('diverged')).toBe(diverged !== null);
    }
  });

  test('so do those that diverged before a stop in the first epoch', async ({ visit }) => {
    const page = await visit({ ...ruinous, train: 10_000, batch: 1 });
    await reach(page, 'ready');
    await press(page, 'Train');
    await eventually(() => page.locator('#status').textContent()).toMatch(/^Training: epoch 1 /);
    await press(page, 'Stop');
    await reach(page, 'stopped');
    const { models, best } = await reportOf(page);
    expect(models.map(({ history }) => history.length)).toEqual([0, 0, 0, 0]);
    expect(models.some(({ diverged }) => diverged !== null)).toBe(true);
    expect(models[best]?.test).not.toBeNull();
    expect(await page.locator('#status').textContent()).toMatch(/; \d of 4 networks diverged$/);
  });

  test('all may diverge: the page says what to do, and trains again', async ({ visit }) => {
    const page = await visit({ ...ruinous, train: 100, hidden: '32' });
    await reach(page, 'ready');
    await press(page, 'Train');
    await eventually(() => alertOf(page)).toMatch(
      /^No network's loss is finite.* Use a learning rate well below/,
    );
    await page.getByLabel('Learning rate').fill('0.001');
    await page.getByLabel('Learning rate').blur();
    await press(page, 'Train');
    await reach(page, 'done');
    expect(await alertOf(page)).toBe('');
  });
});

/** Devices that say that they have little room, in bytes. */
function limitDevices(room: number) {
  return (page: Page) =>
    prependToWorkers(
      page,
      `const { requestDevice } = GPUAdapter.prototype;
      GPUAdapter.prototype.requestDevice = async function (descriptor) {
        const device = await requestDevice.call(this, descriptor);
        const { limits } = device;
        const get = (_, name) => (name === 'maxStorageBufferBindingSize' ? ${room} : limits[name]);
        Object.defineProperty(device, 'limits', { value: new Proxy({}, { get }) });
        return device;
      };`,
    );
}

function figures(page: Page): Promise<string[]> {
  return page.locator('#test-accuracy, #test-spread, #together-accuracy').allTextContents();
}

async function allOf(page: Page): Promise<Uint8Array> {
  return (await save(page, 'Save all models')).bytes;
}

function drawOne(page: Page): Promise<void> {
  return drawLine(page, [
    [0.5, 0.2],
    [0.5, 0.8],
  ]);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
