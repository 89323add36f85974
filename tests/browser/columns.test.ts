import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { eventually, quickRun, test } from '../support/demo.ts';

test('a narrow window has the curves first and all panels in one column, and a wider one has two again', async ({
  visit,
}) => {
  const page = await visit(quickRun, { context: { viewport: { width: 1366, height: 700 } } });
  const wide = await panels(page);
  expect(wide.map(({ part }) => part)).toEqual([
    ...['setup', 'inside', 'keep', 'history'],
    ...['curves', 'matrix', 'mistakes', 'report'],
  ]);
  await page.locator('#lr').focus();

  await page.setViewportSize({ width: 390, height: 700 });
  await eventually(async () => (await panels(page))[0]?.part).toBe('curves');
  const narrow = await panels(page);
  expect(narrow.length).toBe(wide.length);
  const seen = narrow.filter(({ height }) => height > 0);
  expect(seen.map(({ top }) => top)).toEqual(seen.map(({ top }) => top).sort((a, b) => a - b));
  expect(new Set(seen.map(({ left }) => left)).size).toBe(1);
  expect(await page.evaluate(() => document.activeElement?.id), 'keeps the focus').toBe('lr');

  await page.setViewportSize({ width: 1366, height: 700 });
  await eventually(async () => (await panels(page)).map(({ part }) => part)).toEqual(
    wide.map(({ part }) => part),
  );
});

/** The panels in the order of the document, and where they lie. */
function panels(page: Page) {
  return page.locator('.column > [data-part]').evaluateAll((elements) =>
    elements.map((element) => {
      const { left, top, height } = element.getBoundingClientRect();
      return { part: element.getAttribute('data-part'), left, top, height };
    }),
  );
}
