import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { eventually, longRun, press, reach, test } from '../support/demo.ts';

const sizes = [
  // A window of 1366 x 657 at 200 % and at 150 %.
  [683, 328],
  [911, 438],
  // Phones on their sides.
  [667, 375],
  [844, 390],
  [932, 430],
  [1366, 657],
  [1024, 768],
  [390, 844],
] as const;

describe('the bar with the buttons and the progress', () => {
  test('sticks and takes at most 15 % of the height, at any size', async ({ visit }) => {
    const page = await visit(longRun);
    await reach(page, 'ready');
    await press(page, 'Train');
    await eventually(() => page.locator('#speed').textContent()).toMatch(/\d/);
    // Nothing moves while it is measured.
    await press(page, 'Pause');
    await reach(page, 'paused');
    for (const [width, height] of sizes) {
      const size = `${width} x ${height}`;
      await page.setViewportSize({ width, height });
      await page.evaluate(() => scrollTo(0, 1500));
      for (const id of ['train', 'stop', 'status', 'progress']) {
        const box = await page.locator(`#${id}`).boundingBox();
        if (!box) expect.fail(`There is no ${id}.`);
        expect(box.y, `${id} at ${size}`).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width, `${id} at ${size}`).toBeLessThanOrEqual(width);
        expect(box.width, `${id} at ${size}`).toBeGreaterThan(40);
      }
      expect(await barHeight(page), size).toBeGreaterThan(0);
      expect(await barHeight(page), size).toBeLessThanOrEqual(0.15 * height);
    }
  });

  test('is one line at 200 %, with room for the status beside all of its buttons', async ({ trained }) => {
    await trained.setViewportSize({ width: 683, height: 328 });
    await press(trained, 'Start again');
    await reach(trained, 'done');
    const boxes = await Promise.all(
      ['10 more epochs', 'Start again', 'Reset', 'Undo'].map((name) =>
        trained.getByRole('button', { name, exact: true }).boundingBox(),
      ),
    );
    expect(new Set(boxes.map((box) => box?.y)).size).toBe(1);
    expect((await trained.locator('#status').boundingBox())?.width).toBeGreaterThan(120);
  });
});

test('nothing is wider than the window, and nothing scrolls within the page, but tables on phones', async ({
  trained,
}) => {
  await openAll(trained, true);
  for (const [width, height] of sizes) {
    await trained.setViewportSize({ width, height });
    // Charts follow a little later.
    await eventually(() => overflow(trained), `${width} x ${height}`).toBe(0);
    // On a phone wide tables do.
    const allowed = width < 560 ? 'table' : 'none';
    await eventually(() => scrolling(trained, allowed), `${width} x ${height}`).toEqual([]);
  }
});

test('the two columns of a trained page end close together', async ({ trained }) => {
  await trained.setViewportSize({ width: 1366, height: 657 });
  await openAll(trained, false);
  const bottoms = () =>
    trained
      .locator('.column')
      .evaluateAll((columns) =>
        columns.map((column) => column.lastElementChild?.getBoundingClientRect().bottom ?? 0),
      );
  await eventually(async () => {
    const [left = 0, right = 0] = await bottoms();
    return Math.abs(left - right);
  }, 'half a window at most').toBeLessThan(657 / 2);
});

/** How much wider the page is than the window. */
function overflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
}

/** Height of what stays at the top of a page that is scrolled. */
function barHeight(page: Page): Promise<number> {
  return page.evaluate(() =>
    Math.max(
      ...[...document.querySelectorAll('*')]
        .filter((element) => getComputedStyle(element).position === 'sticky')
        .map((element) => element.getBoundingClientRect().bottom),
    ),
  );
}

/** What has a scroll bar of its own, but for code. */
function scrolling(page: Page, allowed: string): Promise<string[]> {
  return page.evaluate(
    (allowed) =>
      [...document.querySelectorAll('body *')]
        .filter((element) => {
          const { overflowX, overflowY } = getComputedStyle(element);
          const isWider = element.scrollWidth > element.clientWidth && /auto|scroll/.test(overflowX);
          const isHigher = element.scrollHeight > element.clientHeight && /auto|scroll/.test(overflowY);
          return (isWider || isHigher) && element.tagName !== 'PRE' && !element.querySelector(allowed);
        })
        .map((element) => element.outerHTML.slice(0, 100)),
    allowed,
  );
}

/** Opens or closes all details at once: those that are opened bring others. */
function openAll(page: Page, open: boolean): Promise<void> {
  return page.locator('details').evaluateAll((all: HTMLDetailsElement[], open) => {
    for (const details of all) details.open = open;
  }, open);
}
