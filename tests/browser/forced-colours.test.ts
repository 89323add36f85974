import { decode } from 'fast-png';
import type { Locator } from 'playwright-core';
import { expect } from 'vitest';
import { eventually, test } from '../support/demo.ts';

type Colour = readonly number[];

test.for(['light', 'dark'] as const)(
  'in forced colours all that has a meaning by its colour is seen, on a %s ground',
  async (colorScheme, { trained }) => {
    await trained.emulateMedia({ forcedColors: 'active', colorScheme });
    const ground = await styleOf(trained.locator('body'), 'background-color');

    for (const id of ['progress', 'download', 'bench-progress']) {
      // One beside the other, since the page hides those that have nothing to tell.
      await trained.locator(`#${id}`).evaluate((element: HTMLProgressElement, name) => {
        const shown = document.createElement('progress');
        shown.className = element.className;
        shown.title = name;
        shown.value = 0.5;
        document.querySelector('.standing')?.append(shown);
      }, id);
      const row = await middleRow(trained.locator(`progress[title=${id}]`).last());
      const [done, left] = [row[Math.round(row.length / 4)], row[Math.round((row.length * 3) / 4)]];
      expect(contrast(done, left), `${id}: what is done beside what is left`).toBeGreaterThan(3);
      const edge = Math.max(...row.slice(-4).map((pixel) => contrast(pixel, left)));
      expect(edge, `${id}: its edge`).toBeGreaterThan(3);
    }

    await trained.locator('#draw-canvas').click();
    await eventually(() => trained.locator('#verdict').textContent()).toMatch(/^An? \d/);
    const pad = await middleRow(trained.locator('#draw-canvas'));
    expect(contrast(pad[Math.round(pad.length / 2)], pad[20]), 'ink on paper').toBeGreaterThan(3);
    const bar = trained.locator('#probabilities .best .bar');
    const filled = await styleOf(bar.locator('span'), 'background-color');
    expect(
      contrast(filled, await styleOf(bar, 'background-color')),
      'the bar of the verdict',
    ).toBeGreaterThan(3);
    expect(contrast(await styleOf(bar, 'border-top-color'), ground), 'its edge').toBeGreaterThan(3);

    const unit = trained.locator('.unit[aria-expanded=false]').first();
    const edge = await styleOf(unit, 'border-top-color');
    await unit.click();
    const chosen = trained.locator('.unit[aria-expanded=true]');
    expect(await chosen.evaluate((element) => getComputedStyle(element).outlineStyle)).toBe('solid');
    expect(contrast(await styleOf(chosen, 'outline-color'), ground), 'the chosen unit').toBeGreaterThan(3);
    expect(contrast(edge, ground), 'a unit').toBeGreaterThan(3);
    await trained.locator('#unit-close').click();

    const cell = trained.locator('#confusion-table button').first();
    expect(contrast(await styleOf(cell, 'color'), await styleOf(cell, 'background-color'))).toBeGreaterThan(
      4.5,
    );
    expect(contrast(await styleOf(cell, 'border-top-color'), ground), 'a cell').toBeGreaterThan(3);

    const badge = trained.locator('.badge');
    expect(contrast(await styleOf(badge, 'border-top-color'), ground), 'a badge').toBeGreaterThan(3);
    const run = trained.locator('.runs [aria-current]');
    expect(contrast(await styleOf(run, 'border-left-color'), ground), 'the run on show').toBeGreaterThan(3);
    const primary = trained.locator('#train');
    expect(contrast(await styleOf(primary, 'background-color'), ground), 'the first button').toBeGreaterThan(
      3,
    );
    expect(
      contrast(await styleOf(primary, 'color'), await styleOf(primary, 'background-color')),
    ).toBeGreaterThan(4.5);
  },
);

/** A colour of an element's style. */
async function styleOf(locator: Locator, property: string): Promise<Colour> {
  const text = await locator.evaluate(
    (element, name) => getComputedStyle(element).getPropertyValue(name),
    property,
  );
  return (text.match(/[\d.]+/g) ?? []).map(Number);
}

/** The pixels halfway down what a screen shows of an element: [width][channels]. */
async function middleRow(locator: Locator): Promise<Colour[]> {
  const { width, height, channels, data } = decode(await locator.screenshot());
  const row = Math.floor(height / 2) * width;
  return Array.from({ length: width }, (_, x) =>
    Array.from({ length: channels }, (__, c) => data[(row + x) * channels + c] ?? 0),
  );
}

/** Of two colours, after WCAG 2.2: 1 to 21. */
function contrast(one: Colour = [], other: Colour = []): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.slice(0, 3).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
