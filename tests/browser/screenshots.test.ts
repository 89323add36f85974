import type { Page } from 'playwright-core';
import { describe } from 'vitest';
import {
  drawLine,
  drop,
  eventually,
  type Place,
  populationRun,
  press,
  quickRun,
  reach,
  test,
} from '../support/demo.ts';
import { expectAsKept, now, plainContext, standStill } from '../support/screenshots.ts';

// Each visit is to several states: most of a visit's time is the page's start and training.

const context = plainContext;

const seven: readonly Place[] = [
  [0.25, 0.2],
  [0.7, 0.2],
  [0.45, 0.85],
];

/** Neither a 4 nor a 5, for the network that comes with the page. */
const slash: readonly Place[] = [
  [0.3, 0.3],
  [0.7, 0.7],
];

// Keeping pictures takes longer than comparing them.
describe('the page looks as it did', { timeout: 300_000 }, () => {
  test('before any training, in windows of all widths', async ({ visit }) => {
    const page = await visit({}, { context });
    await reach(page, 'ready');
    await shippedNetwork(page);
    // Its worst mistakes come some time after it.
    await page.locator('#gallery-images li').first().waitFor();
    await expectAsKept(page, 'first-visit');
    await drawLine(page, seven);
    await eventually(() => page.locator('#verdict').textContent()).toMatch(/^A 7, (over )?[\d.]+ % sure/);
    await expectAsKept(page, 'answer');
    await press(page, 'Clear');
    await drawLine(page, slash);
    await eventually(() => page.locator('#verdict').textContent()).toMatch(/^A \d \([\d.]+ %\) or a \d/);
    await expectAsKept(page, 'hesitation', { only: '.draw' });
    await press(page, 'Clear');
    await page.setViewportSize({ width: 1024, height: 768 });
    await expectAsKept(page, 'tablet', { whole: true });
    await drop(page, [{ name: 'notes.txt', bytes: new TextEncoder().encode('no dataset') }]);
    await eventually(() => page.locator('#refusal').isVisible()).toBe(true);
    await expectAsKept(page, 'refusal');
    await page.locator('#refusal-close').click();
    await page.setViewportSize({ width: 390, height: 700 });
    await expectAsKept(page, 'phone');
    await expectAsKept(page, 'phone-whole', { whole: true });
  });

  test('in the middle of a training and after it, in all colours', async ({ visit }) => {
    const page = await visit(quickRun, {
      context: { ...context, viewport: { width: 1366, height: 1100 } },
      prepare: (page) => standStill(page, { pauseAfter: 2 }),
    });
    await reach(page, 'ready');
    await press(page, 'Train');
    await reach(page, 'paused');
    await expectAsKept(page, 'training');
    await press(page, 'Resume');
    await reach(page, 'done');
    await page.getByText('This run is kept for your next visit.').waitFor();
    await expectAsKept(page, 'trained', { whole: true });
    await page.emulateMedia({ colorScheme: 'dark' });
    await expectAsKept(page, 'trained-dark', { whole: true });
    await page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' });
    await expectAsKept(page, 'trained-forced-colours', { whole: true });
    await page.emulateMedia({ forcedColors: 'none' });
    await drawLine(page, seven);
    await eventually(() => page.locator('#evidence-title').textContent()).toBe('Why it says 7');
    // The one that says the most for it, by its number: the tiles change their places a moment later.
    await page.locator('.unit[data-unit="4"]').click();
    await eventually(() => page.locator('#unit-exciting li').count()).toBe(5);
    await expectAsKept(page, 'unit', { only: '#inside' });
    await page.locator('#unit-close').click();

    await page.clock.setFixedTime(now(1));
    await page.getByLabel('Networks', { exact: true }).fill(String(populationRun.networks));
    await page.getByLabel('Networks', { exact: true }).blur();
    await press(page, 'Start again');
    await reach(page, 'done');
    await page
      .getByRole('checkbox', { name: /^Compare the run/ })
      .last()
      .check();
    await expectAsKept(page, 'population', { whole: true });
  });

  test('as a part of another page', async ({ visit }) => {
    const page = await visit(
      { ...quickRun, embed: '', hide: 'setup' },
      { context: { ...context, viewport: { width: 800, height: 1100 } } },
    );
    await reach(page, 'ready');
    await shippedNetwork(page);
    await expectAsKept(page, 'embed');
  });

  test('where it cannot train', async ({ visit }) => {
    const page = await visit(quickRun, { insecure: true, context });
    await reach(page, 'error');
    await shippedNetwork(page);
    await expectAsKept(page, 'trouble');
  });
});

/** Waits for the network that comes with the page. */
function shippedNetwork(page: Page): Promise<void> {
  return page.getByText(/^The network that comes with this page/).waitFor();
}
