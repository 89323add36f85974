import type { Locator } from 'playwright-core';
import { describe, expect } from 'vitest';
import {
  confusionTable,
  eventually,
  longRun,
  press,
  quickRun,
  reach,
  reportOf,
  test,
  testAccuracy,
  train,
} from '../support/demo.ts';

describe('training', () => {
  test('reaches over 90 % on synthetic digits', async ({ visit }) => {
    const page = await visit({ data: 'synthetic', train: 2000, test: 300, epochs: 4 });
    await train(page);
    expect(await testAccuracy(page)).toBeGreaterThan(90);
  });

  test('shows progress, curves, the confusion matrix and the weights while the network learns', async ({
    visit,
  }) => {
    const page = await visit(longRun);
    await reach(page, 'ready');
    await press(page, 'Train');
    await reach(page, 'training');
    await eventually(() => page.locator('#speed').textContent()).toMatch(/^[\d,]+$/);
    await eventually(() => page.locator('#time-left').textContent()).toMatch(/\d/);
    await eventually(() => confusionTable(page).then(sum)).toBe(300);
    const table = await confusionTable(page);
    const pictures = ['#curves canvas', '#heatmap canvas', '#unit-grid canvas >> nth=0'].map((selector) =>
      page.locator(selector),
    );
    const before = await Promise.all(pictures.map(pixels));
    await eventually(() => confusionTable(page)).not.toEqual(table);
    for (const [i, picture] of pictures.entries()) {
      await eventually(() => pixels(picture)).not.toBe(before[i]);
    }
    expect(await page.locator('#status').getAttribute('data-state')).toBe('training');
  });

  test('pauses without losing anything, and resumes', async ({ trained, visit }) => {
    const uninterrupted = (await reportOf(trained)).history.map(({ loss }) => loss);

    const other = await visit(quickRun);
    await reach(other, 'ready');
    await press(other, 'Train');
    await reach(other, 'training');
    await press(other, 'Pause');
    await reach(other, 'paused');
    const standing = await other.getByRole('region', { name: 'Training' }).textContent();
    await other.waitForTimeout(500);
    expect(await other.getByRole('region', { name: 'Training' }).textContent()).toBe(standing);
    await press(other, 'Resume');
    await reach(other, 'done');
    expect((await reportOf(other)).history.map(({ loss }) => loss)).toEqual(uninterrupted);
  });

  test('stops in the middle and while it is paused, keeps what was learned and tests it; a reset begins from scratch', async ({
    trained,
    visit,
  }) => {
    const page = await visit(longRun);
    await reach(page, 'ready');
    await press(page, 'Train');
    await eventually(() => confusionTable(page).then(sum)).toBe(300);
    await press(page, 'Stop');
    await reach(page, 'stopped');
    expect(await testAccuracy(page)).toBeGreaterThan(50);
    const { history } = await reportOf(page);
    expect(history.length).toBeGreaterThan(0);
    expect(history.length).toBeLessThan(300);

    await press(page, 'Start again');
    await reach(page, 'training');
    await eventually(() => confusionTable(page).then(sum)).toBe(300);
    await press(page, 'Pause');
    await reach(page, 'paused');
    await press(page, 'Stop');
    await reach(page, 'stopped');
    expect(await testAccuracy(page)).toBeGreaterThan(50);

    await press(page, 'Continue');
    await reach(page, 'training');
    await press(page, 'Reset');
    await page.getByLabel('Epochs', { exact: true }).fill('3');
    await page.getByLabel('Epochs', { exact: true }).blur();
    await train(page);
    expect(numbersOf(await reportOf(page))).toEqual(numbersOf(await reportOf(trained)));
  });

  test('names the adapter that does the work, that it is software, and the plan that runs', async ({
    trained: page,
  }) => {
    expect(await page.locator('#adapter').getAttribute('data-software')).toBe('true');
    expect(await page.locator('#adapter').textContent()).toMatch(/swiftshader/i);
    const { config } = await reportOf(page);
    expect(await page.locator('#plan').textContent()).toContain(config.plan);
  });
});

function sum(table: number[][]): number {
  return table.flat().reduce((total, count) => total + count, 0);
}

function pixels(canvas: Locator): Promise<string> {
  return canvas
    .first()
    .evaluate((element) => (element instanceof HTMLCanvasElement ? element.toDataURL() : ''));
}

type Report = Awaited<ReturnType<typeof reportOf>>;

/** The part of a report that a seed decides: all but times. */
function numbersOf({ history, test: tested, confusionMatrix }: Report) {
  return { history: history.map(({ seconds, ...rest }) => rest), tested, confusionMatrix };
}
