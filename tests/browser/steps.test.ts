import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { violations } from '../support/axe.ts';
import { eventually, longRun, press, quickRun, reach, test, train } from '../support/demo.ts';

/** With the share of the machine's best; or as fast as that, which was measured while others used the processor too. */
const WHOLE =
  /^Each step was 4 dispatches; [\d,.]+ steps a second, ([\d.]+ % of what this machine could do at best; limited by [a-z ]+|as fast as the best that was measured on this machine)\.$/;

describe('a training', () => {
  test('has a sentence with figures, and its share once the machine is looked at', async ({
    trained: page,
  }) => {
    expect(await sentence(page)).toMatch(/^Each step was 4 dispatches; [\d,.]+ steps a second\.$/);
    await page.locator('#machine').scrollIntoViewIfNeeded();
    await eventually(() => sentence(page)).toMatch(WHOLE);
  });

  test('shows the shader of each dispatch, with comments and in colours, by the keyboard', async ({
    trained: page,
  }) => {
    const first = page.locator('.dispatches > li').first();
    await first.locator('summary').first().focus();
    await page.keyboard.press('Enter');
    const kernel = await first.locator('summary code').first().textContent();
    const files = first.locator('.file');
    await eventually(() => files.count()).toBeGreaterThan(1);
    expect(await files.last().locator('summary').textContent()).toMatch(
      new RegExp(`^shaders/${kernel}\\.wgsl \\d+ lines$`),
    );
    const code = files.last().locator('pre');
    expect(await code.isVisible()).toBe(true);
    expect(await code.locator('.token.comment').first().textContent()).toMatch(/^\/\/ /);
    expect(await code.locator('.token.keyword').count()).toBeGreaterThan(5);
    expect(await files.first().locator('pre').isVisible(), 'parts are folded').toBe(false);
    expect(await first.locator('.constants div').allTextContents()).toContain('INPUTS784');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('SUMMARY');
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    // Once the charts are as narrow.
    await eventually(() => page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
      390,
    );
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  test('has its dispatches timed, and all of it copied as Markdown', async ({ trained: page }) => {
    await press(page, 'Time each dispatch');
    await eventually(() => page.locator('.took').allTextContents()).toEqual(
      Array.from({ length: 4 }, () => expect.stringMatching(/^[\d.,]+ (ns|µs|ms), \d+ %$/)),
    );
    expect(await page.locator('#times-text').textContent()).toMatch(
      /^Timed on .*swiftshader.* times in a pass of its own, medians of .* Alone they come to .* In the training a step took /i,
    );
    await page.locator('#copy-markdown').click();
    await eventually(() => page.locator('#step-said').textContent()).toBe('Copied.');
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied.split('\n')[0]).toBe(await sentence(page));
    expect(copied).toMatch(/^- Adapter: .*swiftshader/im);
    const rows = copied.split('\n').filter((line) => line.startsWith('| '));
    expect(rows.map((line) => line.split(/(?<!\\)\|/).length)).toEqual(rows.map(() => 9));
    expect(rows).toHaveLength(6);
    expect(await violations(page)).toEqual([]);
  });
});

test('without the clipboard the text is shown, and without the server that the shader is not to be had', async ({
  visit,
}) => {
  const page = await visit(quickRun, { provokes: /ERR_FAILED/ });
  await train(page);
  await page.evaluate(() =>
    Object.assign(navigator.clipboard, { writeText: () => Promise.reject(new Error()) }),
  );
  await page.locator('#copy-markdown').click();
  await eventually(() => page.locator('#step-markdown').textContent()).toContain('| Kernel |');
  await page.route(/\.wgsl$/, (route) => route.abort());
  expect(await violations(page)).toEqual([]);
  const first = page.locator('.dispatches > li').first();
  await first.locator('summary').first().click();
  await eventually(() => first.locator('.source').textContent()).toContain('are you offline?');
  await page.unroute(/\.wgsl$/);
  await first.locator('summary').first().click();
  await first.locator('summary').first().click();
  await eventually(() => first.locator('pre').count()).toBeGreaterThan(1);
});

test('where the code that shows shaders does not come, it says to load the page again', async ({ visit }) => {
  const page = await visit(quickRun, { provokes: /ERR_FAILED/ });
  await train(page);
  await page.route(/\/source-[^/]+\.js$/, (route) => route.abort());
  const first = page.locator('.dispatches > li').first();
  await first.locator('summary').first().click();
  await eventually(() => first.locator('.source').textContent()).toContain('load the page again');
});

test('what is measured beside gives way to a training, and is measured after it', async ({ visit }) => {
  const page = await visit(longRun);
  await reach(page, 'ready');
  await press(page, 'Train');
  await eventually(() => page.locator('#status').textContent()).toMatch(/epoch [2-9]/);
  await press(page, 'Stop');
  await reach(page, 'stopped');
  await page.locator('#machine').scrollIntoViewIfNeeded();
  await press(page, 'Time each dispatch');
  expect(await page.getByRole('button', { name: 'Stop timing' }).isVisible()).toBe(true);
  await press(page, 'Continue');
  await reach(page, 'training');
  await eventually(() => page.locator('#status').textContent()).toMatch(/^Training: epoch /);
  expect(await page.locator('#time-dispatches').isVisible(), 'while it trains').toBe(false);
  await press(page, 'Stop');
  await reach(page, 'stopped');
  await page.locator('#machine').scrollIntoViewIfNeeded();
  await eventually(() => sentence(page)).toMatch(WHOLE);
  expect(await page.locator('#times-wrong').isVisible()).toBe(false);
});

function sentence(page: Page): Promise<string | null> {
  return page.locator('#step-text').textContent();
}
