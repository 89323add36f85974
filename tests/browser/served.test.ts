import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect } from 'vitest';
import { violations } from '../support/axe.ts';
import { eventually, quickRun, reach, test } from '../support/demo.ts';

describe('where the program does not run, the page says so, and what to do', () => {
  test('opened from a folder', async ({ browser }) => {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(resolve('dist-demo/index.html')).href);
    const told = page.locator('#unserved');
    await eventually(() => told.evaluate((element) => getComputedStyle(element).visibility)).toBe('visible');
    expect(await told.textContent()).toMatch(/from a folder.*npm run demo/s);
    const box = await told.boundingBox();
    expect(box?.y).toBeLessThan(100);
    expect(box?.height).toBeGreaterThan(20);
    await page.close();
  });

  test('from a server that does not give it, after a while', async ({ visit }) => {
    const page = await visit(quickRun, {
      provokes: /Failed to load resource/,
      prepare: (page) => page.route(/assets\/index-.*\.js$/, (route) => route.abort()),
    });
    const told = page.locator('#unserved');
    const style = (name: 'visibility' | 'animationDuration') =>
      told.evaluate((element, name) => getComputedStyle(element)[name], name);
    expect(await style('animationDuration')).toBe('4s');
    await eventually(() => style('visibility')).toBe('visible');
    expect(await told.textContent()).toMatch(/load it again/);
  });

  test('and where it runs, it never says so', async ({ trained }) => {
    expect(await trained.locator('#unserved').count()).toBe(0);
  });
});

describe('the last line', () => {
  test('names version and licence, and leads to the documents beside the page', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    const line = page.locator('footer');
    expect(await line.textContent()).toMatch(/^\s*Shadegrad \d+\.\d+\.\d+.*MIT licence/s);
    await line.getByRole('link', { name: 'Documentation' }).click();
    await page.getByRole('link', { name: 'docs/page.md' }).click();
    await page.getByRole('heading', { name: 'The demo page' }).waitFor();
    expect(new URL(page.url()).pathname).toMatch(/\/documents\/docs\/page\.html$/);
    expect(await violations(page)).toEqual([]);
    await page.getByRole('link', { name: 'The demo page' }).click();
    await reach(page, 'ready');
    const licence = await fetch(new URL('documents/LICENSE.txt', page.url().replace(/index\.html.*/, '')));
    expect(await licence.text()).toMatch(/^MIT License/);
  });
});
