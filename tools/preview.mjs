// Makes demo/preview.png, the picture of the page that links to it show: the built page after a training on synthetic digits,
// with a digit drawn, in the Chromium that came with npm.
//
//     npm run build:demo && node tools/preview.mjs

import { writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { preview, runnerImport } from 'vite';

/** What those who show links ask for, in pixels. */
const SIZE = { width: 1200, height: 630 };
/** How much larger the window is, so that more of the page is in the picture. */
const SCALE = 1.25;
const MOST_BYTES = 100_000;
const SETTINGS = 'data=synthetic&train=6000&test=2000&epochs=8';

/** @type {{ module: typeof import('../tests/support/browser.ts') }} */
const { module } = await runnerImport('./tests/support/browser.ts');
const server = await preview({ mode: 'demo', preview: { host: '127.0.0.1', port: 0 } });
const browser = await module.launchBrowser();
try {
  const page = await browser.newPage({
    viewport: { width: SIZE.width * SCALE, height: Math.round(SIZE.height * SCALE) },
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  await page.goto(`${server.resolvedUrls?.local[0]}?${SETTINGS}`);
  await page.locator('[role=status][data-state=ready]').waitFor();
  await page.locator('#train').click();
  await page.locator('[role=status][data-state=done]').waitFor();
  await draw(page);
  await page.evaluate(() => scrollTo(0, 0));
  // A palette, so that it is small.
  const picture = await sharp(await page.screenshot())
    .resize(SIZE)
    .png({ palette: true, effort: 10 })
    .toBuffer();
  if (picture.length > MOST_BYTES) throw new Error(`${picture.length} bytes are more than ${MOST_BYTES}`);
  await writeFile(new URL('../demo/preview.png', import.meta.url), picture);
  console.log(`${picture.length} bytes`);
} finally {
  await browser.close();
  await server.close();
}

/**
 * A seven, on the pad.
 * @param {import('playwright-core').Page} page
 */
async function draw(page) {
  const box = await page.locator('#draw-canvas').boundingBox();
  if (!box) throw new Error('The page has no pad.');
  /** @type {(x: number, y: number) => [number, number]} */
  const at = (x, y) => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(0.25, 0.2));
  await page.mouse.down();
  await page.mouse.move(...at(0.7, 0.2), { steps: 8 });
  await page.mouse.move(...at(0.45, 0.85), { steps: 8 });
  await page.mouse.up();
  await page.locator('#verdict').filter({ hasText: /^A 7/ }).waitFor();
}
