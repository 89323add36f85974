import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { violations } from '../support/axe.ts';
import { confusionTable, drop, eventually, longRun, press, quickRun, reach, test } from '../support/demo.ts';
import { digitFiles } from '../support/mnist-files.ts';

describe('axe finds nothing', () => {
  test.for([1, 8])('before, while and after training %i networks', async (networks, { visit }) => {
    const page = await visit({ ...longRun, networks });
    await reach(page, 'ready');
    expect(await violationsInAllColours(page), 'before').toEqual([]);
    await press(page, 'Train');
    await eventually(async () => (await confusionTable(page)).length).toBe(10);
    // Leaves the processor's time to axe.
    await press(page, 'Pause');
    await reach(page, 'paused');
    expect(await violationsInAllColours(page), 'while training').toEqual([]);
    await press(page, 'Stop');
    await reach(page, 'stopped');
    await page.locator('#draw-canvas').click();
    await eventually(() => page.locator('#verdict').textContent()).toMatch(/^An? \d/);
    await page.locator('#confusion-table [data-true="3"][data-predicted="3"]').click();
    await eventually(() => cellSummary(page)).toContain('of 3 recognised');
    await page.locator('.unit').first().click();
    await eventually(() => page.locator('#unit-exciting li').count()).toBeGreaterThan(0);
    expect(await violationsInAllColours(page), 'after').toEqual([]);
  });

  test('with all open that can be open, at an epoch gone back to', async ({ trained }) => {
    await trained.locator('#draw-canvas').click();
    await trained.getByRole('slider', { name: 'Epoch shown' }).press('ArrowLeft');
    await eventually(() => trained.locator('#epoch-viewed').textContent()).toMatch(/^3 of 3$/);
    await trained
      .getByRole('checkbox', { name: /^Compare the run/ })
      .first()
      .check();
    await trained.locator('#comparison').waitFor();
    await trained.locator('.unit').first().click();
    await eventually(() => trained.locator('#unit-exciting li').count()).toBeGreaterThan(0);
    await trained.getByLabel('Load model').setInputFiles({
      name: 'model.safetensors',
      mimeType: '',
      buffer: Buffer.from('<!doctype html>'),
    });
    await trained.locator('#keep-wrong').waitFor();
    await drop(trained, [
      { name: 'a.txt', bytes: new TextEncoder().encode('one') },
      { name: 'b.txt', bytes: new TextEncoder().encode('two') },
    ]);
    await trained.locator('#refusal').waitFor();
    await trained.locator('details').evaluateAll((all: HTMLDetailsElement[]) => {
      for (const details of all) details.open = true;
    });
    expect(await trained.locator('#refusal .details').isVisible()).toBe(true);
    expect(await violations(trained)).toEqual([]);
  });

  test('within another page, with a dataset of the user', async ({ visit }) => {
    const page = await visit(quickRun);
    await page.goto(`${page.url()}&embed`);
    await reach(page, 'ready');
    await drop(page, digitFiles());
    await eventually(() => page.locator('#train-size').textContent()).toBe('3,000');
    expect(await violations(page)).toEqual([]);
  });

  test('where something is wrong', async ({ visit }) => {
    const page = await visit(quickRun, { insecure: true });
    await reach(page, 'error');
    expect(await violations(page)).toEqual([]);
  });
});

describe('the keyboard alone', () => {
  test('is enough to train and to look into a cell of the confusion matrix', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    await tabTo(page, (element) => element.tagName === 'BUTTON' && element.textContent?.trim() === 'Train');
    await page.keyboard.press('Enter');
    await reach(page, 'done');
    await tabTo(page, (element) => element.closest('#confusion-table') !== null);
    await page.keyboard.press('Enter');
    await eventually(() => cellSummary(page)).toContain('of 0 recognised');
  });
});

const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 3 };

describe('a phone', () => {
  test.for([1, 32])(
    'shows the whole page without scrolling sideways, trains %i networks at a tap, and axe finds nothing',
    async (networks, { visit }) => {
      const page = await visit({ ...quickRun, networks }, { context: phone });
      await reach(page, 'ready');
      await expectNoSidewaysScroll(page);
      await page.getByRole('button', { name: 'Train', exact: true }).tap();
      await reach(page, 'done');
      await page.locator('#draw-canvas').tap();
      await eventually(() => page.locator('#verdict').textContent()).toMatch(/^An? \d/);
      await expectNoSidewaysScroll(page);
      expect(await violations(page)).toEqual([]);
      for (const label of ['Hidden layers', 'Learning rate', 'Batch size', 'Epochs', 'Seed', 'Networks']) {
        const box = await page.locator('#setup').getByLabel(label, { exact: true }).boundingBox();
        expect(box?.x, label).toBeGreaterThanOrEqual(0);
        expect((box?.x ?? 0) + (box?.width ?? 390), label).toBeLessThanOrEqual(390);
      }
    },
  );
});

describe('reduced motion', () => {
  test('leaves nothing moving by itself', async ({ visit }) => {
    const page = await visit(longRun, { context: { reducedMotion: 'reduce' } });
    await reach(page, 'ready');
    await press(page, 'Train');
    await eventually(async () => (await confusionTable(page)).length).toBe(10);
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  });
});

function cellSummary(page: Page): Promise<string | null> {
  return page.locator('#gallery-summary').textContent();
}

/** Presses Tab until the focus is on an element that `wanted` accepts. Each element on the way must show its focus. */
async function tabTo(page: Page, wanted: (element: Element) => boolean): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press('Tab');
    const focused = (await page.evaluate(
      `(() => {
        const element = document.activeElement;
        const { outlineStyle, boxShadow } = getComputedStyle(element);
        return {
          html: element.outerHTML.slice(0, 200),
          found: (${wanted})(element),
          shown: outlineStyle !== 'none' || boxShadow !== 'none',
        };
      })()`,
    )) as { html: string; found: boolean; shown: boolean };
    expect(focused.shown, `${focused.html} shows its focus`).toBe(true);
    if (focused.found) return;
  }
  expect.fail('80 presses of Tab do not lead there.');
}

async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [content, screen] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth];
  });
  expect(content, 'width of the page').toBe(screen);
}

async function violationsInAllColours(page: Page): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    found.push(...(await violations(page)));
  }
  return found;
}
