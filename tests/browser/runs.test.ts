import type { Page } from 'playwright-core';
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
  withoutTimes,
} from '../support/demo.ts';

/** Long enough for a test to stop it and to reload the page, and to its end in seconds. */
const run = { ...quickRun, train: 5000, epochs: 12 };

describe('a training goes on', () => {
  test('after a stop, and after a reload in its middle, to the bits of one that nothing interrupted', async ({
    visit,
  }) => {
    const undisturbed = await visit(run);
    await train(undisturbed);
    const expected = withoutTimes(await reportOf(undisturbed));
    await undisturbed.close();

    const page = await visit(run);
    await reach(page, 'ready');
    await press(page, 'Train');
    await eventually(async () => (await confusionTable(page)).length).toBe(10);
    await press(page, 'Stop');
    await reach(page, 'stopped');
    const { history } = await reportOf(page);
    await press(page, 'Continue');
    // By then the browser has kept a state of one epoch more, or of two.
    const later = history.length + 3;
    await eventually(() => epochOf(page)).toBeGreaterThanOrEqual(later);
    await page.reload();
    await eventually(() => epochOf(page)).toBeGreaterThanOrEqual(later - 1);
    await reach(page, 'done');
    expect(withoutTimes(await reportOf(page))).toEqual(expected);
  });

  test('by ten more epochs at its end', async ({ visit }) => {
    const page = await visit(quickRun);
    await train(page);
    const { history } = await reportOf(page);
    await press(page, '10 more epochs');
    await reach(page, 'done');
    const longer = await reportOf(page);
    expect(longer.history).toHaveLength(13);
    expect(longer.history.slice(0, 3)).toEqual(history);
    expect(longer.config.epochs).toBe(13);
  });
});

describe('what a press took off the page comes back', () => {
  test('after Reset and after Start again', async ({ visit }) => {
    const page = await visit(quickRun);
    await train(page);
    const before = [await testAccuracy(page), await confusionTable(page)];
    await press(page, 'Reset');
    await eventually(() => page.locator('#origin').textContent()).toMatch(
      /^The network that comes with this page/,
    );
    await press(page, 'Undo');
    await reach(page, 'done');
    expect([await testAccuracy(page), await confusionTable(page)]).toEqual(before);

    await page.getByLabel('Learning rate').fill('0.1');
    await page.getByLabel('Learning rate').blur();
    await press(page, 'Start again');
    await reach(page, 'done');
    expect(await confusionTable(page)).not.toEqual(before[1]);
    await press(page, 'Undo');
    await eventually(() => testAccuracy(page)).toBe(before[0]);
    expect(await confusionTable(page)).toEqual(before[1]);
  });
});

describe('a training is steered', () => {
  test('step by step, in slow motion and by its rate, which the report tells', async ({ visit }) => {
    const page = await visit(longRun);
    await reach(page, 'ready');
    await press(page, 'Train');
    await eventually(async () => (await confusionTable(page)).length).toBe(10);
    await page.getByLabel('Slow motion').check();
    await page.getByLabel('Rate from now on').fill('0.002');
    await press(page, 'Change');
    await press(page, 'Pause');
    await reach(page, 'paused');
    await press(page, 'One batch');
    await reach(page, 'paused');
    await press(page, 'Stop');
    await reach(page, 'stopped');
    const { config } = await reportOf(page);
    expect(config.rateChanges?.map(({ learningRate }) => learningRate)).toEqual([0.002]);
    expect(await page.locator('#curves').getAttribute('aria-label')).toMatch(
      /Learning rate changed to 0\.002 after [\d.]+ epochs/,
    );
  });

  test('and gone back through its epochs', async ({ trained: page }) => {
    const last = await confusionTable(page);
    const slider = page.getByLabel('Epoch shown');
    await slider.focus();
    await page.keyboard.press('Home');
    await eventually(() => page.locator('#epoch-viewed').textContent()).toBe('1 of 3');
    await eventually(() => confusionTable(page)).not.toEqual(last);
    await page.keyboard.press('End');
    await eventually(() => confusionTable(page)).toEqual(last);
  });
});

/** The epoch that the page says it trains; NaN where it trains none. */
async function epochOf(page: Page): Promise<number> {
  const [, epoch] = /epoch (\d+) of/.exec((await page.locator('#status').textContent()) ?? '') ?? [];
  return Number(epoch);
}
