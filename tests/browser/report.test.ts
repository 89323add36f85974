import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { classificationReport, formatClassificationReport } from '../../src/report/classification.ts';
import {
  confusionTable,
  eventually,
  press,
  quickRun,
  reportOf,
  test,
  train,
  visitAgain,
} from '../support/demo.ts';

const labels = Array.from({ length: 10 }, (_, label) => label);

test('the heatmap is drawn for the width that it has, also when that changes', async ({ trained, visit }) => {
  const page = await visit(quickRun, { context: { viewport: { width: 1440, height: 900 } } });
  await train(page);
  // Not a screenshot: the bar that stays in sight covers a part of the heatmap, and says how fast the training was.
  const drawn = (of: Page) =>
    of.locator('#heatmap canvas').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const wide = await drawn(page);
  await page.setViewportSize(trained.viewportSize() ?? { width: 0, height: 0 });
  await eventually(async () => (await drawn(page)) === (await drawn(trained))).toBe(true);
  expect(await drawn(page)).not.toBe(wide);
});

test('bars of colours are not shown where the system colours the cells', async ({ trained: page }) => {
  const clip = () => page.locator('#heatmap canvas').evaluate((canvas) => getComputedStyle(canvas).clipPath);
  expect(await clip()).toBe('none');
  await page.emulateMedia({ forcedColors: 'active' });
  expect(await clip()).toMatch(/^inset\(/);
  await page.emulateMedia({ forcedColors: null });
});

describe('the report', () => {
  test('counts in every cell of the confusion matrix what the saved report counts', async ({
    trained: page,
  }) => {
    const table = await confusionTable(page);
    const report = await reportOf(page);
    expect(table).toEqual(report.confusionMatrix);
    expect(table.flat().reduce((sum, count) => sum + count)).toBe(quickRun.test);
  });

  test('shows as table, and copies, what scikit-learn says of these predictions', async ({
    trained: page,
  }) => {
    const table = await confusionTable(page);
    const cells = table.flatMap((row, label) =>
      row.flatMap((count, predicted) => Array.from({ length: count }, () => ({ label, predicted }))),
    );
    const expected = classificationReport(
      cells.map(({ label }) => label),
      cells.map(({ predicted }) => predicted),
      { labels },
    );

    await press(page, 'Copy as text');
    await eventually(() => page.locator('#copied').textContent()).toBe('Copied.');
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toBe(formatClassificationReport(expected));

    const rows = await page
      .locator('#report-table tbody tr')
      .evaluateAll((elements) =>
        elements.map((row) => Array.from(row.children, (cell) => cell.textContent ?? '')),
      );
    const row = (name: string, { precision, recall, f1Score, support }: typeof expected.macroAvg) => [
      name,
      ...[precision, recall, f1Score].map((score) => score.toFixed(2)),
      String(support),
    ];
    expect(rows).toEqual([
      ...expected.classes.map((scores) => row(scores.name, scores)),
      ['Accuracy', '', '', expected.accuracy?.toFixed(2), String(quickRun.test)],
      row('Macro average', expected.macroAvg),
      row('Weighted average', expected.weightedAvg),
    ]);
  });

  test('shows just the test images of a cell that is chosen, twelve at a time, in one height', async ({
    trained: page,
  }) => {
    const table = await confusionTable(page);
    const gallery = page.locator('.gallery');
    const heights = new Set<number | undefined>();
    for (const [label, predicted] of [[3, 3], mostConfused(table)] as const) {
      const count = table[label]?.[predicted] ?? 0;
      expect(count).toBeGreaterThan(0);
      await page.locator(`#confusion-table [data-true="${label}"][data-predicted="${predicted}"]`).click();
      await eventually(() => place(page)).toBe(`1 to ${Math.min(12, count)} of ${count}`);
      for (let from = 1; from <= count; from += 12) {
        const to = Math.min(count, from + 11);
        expect(await place(page)).toBe(`${from} to ${to} of ${count}`);
        expect(await page.locator('#gallery-images').locator('canvas, img').count()).toBe(to - from + 1);
        heights.add((await gallery.boundingBox())?.height);
        if (to < count) await press(page, 'Next images');
      }
    }
    expect(heights.size).toBe(1);
    await page.getByLabel('Worst mistakes').check();
    expect(await gallery.getByRole('heading').textContent()).toBe('Worst mistakes');
  });

  test('turns the gallery by keyboard, and the focus stays on its button at both ends', async ({
    trained: page,
  }) => {
    const count = (await confusionTable(page))[3]?.[3] ?? 0;
    expect(count).toBeGreaterThan(12);
    await page.locator('#confusion-table [data-true="3"][data-predicted="3"]').click();
    await eventually(() => place(page)).toBe(`1 to 12 of ${count}`);
    const next = page.getByRole('button', { name: 'Next images' });
    await next.focus();
    for (let pages = 0; pages < 9; pages++) await page.keyboard.press('Enter');
    expect(await place(page)).toMatch(new RegExp(`^\\d+ to ${count} of ${count}$`));
    expect(await next.getAttribute('aria-disabled')).toBe('true');
    expect(await next.evaluate((button) => button === document.activeElement)).toBe(true);
    await page.keyboard.press('Home');
    expect(await place(page)).toBe(`1 to 12 of ${count}`);
    await page.keyboard.press('ArrowRight');
    expect(await place(page)).toMatch(/^13 to /);
    expect(await page.locator('#gallery-place').getAttribute('aria-live')).toBe('polite');
    await page.getByLabel('Worst mistakes').check();
  });

  test('lists the worst mistakes, surest first, with their probabilities', async ({ trained: page }) => {
    const wrong = (await confusionTable(page)).flatMap((row, i) => row.filter((_, j) => i !== j));
    const count = wrong.reduce((sum, each) => sum + each);
    expect(await place(page)).toBe(`1 to ${Math.min(12, count)} of ${count}`);
    const texts = await page.locator('#gallery-images li').allTextContents();
    expect(texts.length).toBeGreaterThan(0);
    const sureness = texts.map((text) => Number.parseFloat(/([\d.]+) ?%/.exec(text)?.[1] ?? ''));
    expect(sureness.every((percent) => percent > 10 && percent <= 100)).toBe(true);
    expect(sureness).toEqual(sureness.toSorted((a, b) => b - a));
  });
});

test('the axis of losses is logarithmic where that is asked for, also at the next visit', async ({
  visit,
}) => {
  const page = await visit(quickRun);
  await train(page);
  const drawn = () => page.locator('#curves').screenshot();
  await eventually(async () => (await drawn()).equals(await drawn())).toBe(true);
  const linear = await drawn();
  await page.getByLabel('Logarithmic loss').check();
  await eventually(async () => (await drawn()).equals(linear)).toBe(false);
  await visitAgain(page);
  await eventually(() => page.getByLabel('Logarithmic loss').isChecked()).toBe(true);
});

/** What the gallery says of its place. */
function place(page: Page): Promise<string | null> {
  return page.locator('#gallery-place').textContent();
}

/** The cell off the diagonal with the greatest count. */
function mostConfused(table: readonly (readonly number[])[]): [number, number] {
  const cells = table.flatMap((row, label) => row.map((count, predicted) => ({ label, predicted, count })));
  const worst = cells
    .filter(({ label, predicted }) => label !== predicted)
    .reduce((most, cell) => (cell.count > most.count ? cell : most));
  return [worst.label, worst.predicted];
}
