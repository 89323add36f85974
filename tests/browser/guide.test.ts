import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { violations } from '../support/axe.ts';
import { eventually, longRun, press, quickRun, reach, test, testAccuracy, train } from '../support/demo.ts';

describe('an experiment of the guide', () => {
  test('sets the fields and the address, leads to the button that trains, and does what its answer says', async ({
    visit,
  }) => {
    const page = await visit();
    await reach(page, 'ready');
    await page.getByRole('link', { name: 'Set up Remove the hidden layer' }).click();
    await reach(page, 'ready');
    expect(await page.getByLabel('Hidden layers').inputValue()).toBe('');
    expect(await page.getByLabel('Training images', { exact: true }).inputValue()).toBe('6000');
    expect(new URL(page.url()).searchParams.get('train')).toBe('6000');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('train');
    await train(page);
    const accuracy = await testAccuracy(page);
    expect(accuracy).toBeGreaterThan(94);
    expect(accuracy).toBeLessThan(95);
    await page.getByText('What is the hidden layer worth?').click();
    expect(await page.getByText('94.2 to 94.7 %').isVisible()).toBe(true);
  });

  test('shows settings that are folded, as its address does', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    const link = page.getByRole('link', { name: 'Set up Shuffled labels' });
    await link.click();
    expect(await page.getByLabel('Label noise').isVisible()).toBe(true);
    expect(await page.getByLabel('Label noise').inputValue()).toBe('0.9');
    const href = await link.getAttribute('href');
    await page.goto(new URL(href ?? '', page.url()).href);
    await reach(page, 'ready');
    expect(await page.getByLabel('Label noise').isVisible()).toBe(true);
    expect(await page.getByLabel('Training images', { exact: true }).inputValue()).toBe('1000');
  });

  test('waits while a training runs, and says so', async ({ visit }) => {
    const page = await visit(longRun);
    await reach(page, 'ready');
    await press(page, 'Train');
    await reach(page, 'training');
    const link = page.getByRole('link', { name: 'Set up Sixteen seeds' });
    expect(await link.getAttribute('aria-disabled')).toBe('true');
    await link.click({ force: true });
    expect(await page.locator('#guide-note').textContent()).toBe('Stop the training first.');
    expect(await networks(page)).toBe('1');
    await press(page, 'Stop');
    await reach(page, 'stopped');
    await link.click();
    expect(await networks(page)).toBe('16');
    expect(await page.evaluate(() => document.activeElement?.id), 'the button that begins anew').toMatch(
      /^(anew|train)$/,
    );
  });
});

test('runs are compared: as ghost curves, and in a table with what differs', async ({ visit }) => {
  const page = await visit();
  await train(page);
  await page.getByLabel('Learning rate', { exact: true }).fill('0.01');
  await page.getByLabel('Learning rate', { exact: true }).blur();
  await press(page, 'Start again');
  await reach(page, 'done');
  const checks = page.getByRole('checkbox', { name: /^Compare the run/ });
  expect(await checks.count()).toBe(2);
  expect(await page.locator('#comparison').isVisible()).toBe(false);
  await checks.last().check();
  expect(await page.locator('#comparison tbody th').allTextContents()).toEqual([
    'Shown: learning rate 0.01',
    'A: learning rate 0.001',
  ]);
  expect(await page.locator('#comparison tbody tr').last().textContent()).toMatch(/3\d\d\.\d\d %0\.\d{4}$/);
  expect(await page.locator('#curves').getAttribute('aria-label')).toContain('To compare with: A');
  await press(page, 'Copy link');
  for (const answer of await page.locator('.experiment summary').all()) await answer.click();
  expect(await violations(page)).toEqual([]);
  await checks.last().uncheck();
  expect(await page.locator('#comparison').isVisible()).toBe(false);
});

function networks(page: Page): Promise<string> {
  return page.getByLabel('Networks', { exact: true }).inputValue();
}

describe('a page within another one', () => {
  test('leaves out the masthead, the guide and the like, and the parts that its address names; and stays so', async ({
    visit,
  }) => {
    const page = await visit();
    await page.goto(`${page.url()}&embed&hide=setup,report`);
    await reach(page, 'ready');
    for (const gone of ['#chip', '#guide', '#machine', '#benchmark', '#setup', '#report-title']) {
      expect(await page.locator(gone).isVisible(), gone).toBe(false);
    }
    for (const there of ['#draw-canvas', '#train', '#curves', '#matrix-title']) {
      expect(await page.locator(there).isVisible(), there).toBe(true);
    }
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Shadegrad');
    await train(page);
    expect(await page.locator('#history').isVisible()).toBe(false);
    expect(await violations(page)).toEqual([]);
  });

  test('is not empty where it is narrow and all of the first column is left out', async ({ visit }) => {
    const page = await visit();
    await page.setViewportSize({ width: 800, height: 700 });
    await page.goto(`${page.url()}&embed&hide=setup,inside,keep`);
    await reach(page, 'ready');
    for (const there of ['#curves', '#matrix-title', '#report-title']) {
      expect(await page.locator(there).isVisible(), there).toBe(true);
    }
    await page.setViewportSize({ width: 1280, height: 720 });
    await eventually(async () => (await page.locator('#curves').boundingBox())?.width).toBeGreaterThan(900);
  });

  test('keeps what is left out where the address changes', async ({ visit }) => {
    const page = await visit();
    await page.goto(`${page.url()}&hide=matrix,report,curves,mistakes`);
    await reach(page, 'ready');
    await page.getByRole('link', { name: 'Set up Sixteen seeds' }).click();
    await eventually(() => new URL(page.url()).searchParams.get('networks')).toBe('16');
    expect(new URL(page.url()).searchParams.get('hide')).toBe('curves,matrix,mistakes,report');
    const { width } = (await page.locator('.setup').boundingBox()) ?? { width: 0 };
    expect(width, 'the only column').toBeGreaterThan(900);
  });
});

describe('Copy link', () => {
  test('copies the address of what ran, whatever the fields say by now', async ({ visit }) => {
    const page = await visit(quickRun, {
      context: { permissions: ['clipboard-read', 'clipboard-write'] },
    });
    await train(page);
    await page.getByLabel('Seed', { exact: true }).fill('9');
    await page.getByLabel('Seed', { exact: true }).blur();
    expect(new URL(page.url()).searchParams.get('seed')).toBe('9');
    await press(page, 'Copy link');
    await page.getByText('Link copied.').waitFor();
    const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
    expect(link.pathname).toBe(new URL(page.url()).pathname);
    const settings = Object.entries(quickRun).map(([name, value]) => [name, String(value)]);
    expect(Object.fromEntries(link.searchParams)).toMatchObject(Object.fromEntries(settings));
  });

  test('shows the link where the browser does not let the page copy', async ({ visit }) => {
    const page = await visit(quickRun, {
      prepare: (page) =>
        page.addInitScript(() => {
          navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'));
        }),
    });
    await reach(page, 'ready');
    await press(page, 'Copy link');
    const link = await page.locator('#link-text').textContent();
    expect(new URL(link ?? '').searchParams.get('train')).toBe('2000');
    expect(await page.evaluate(() => String(getSelection()))).toBe(link);
  });
});

test('a link to the page shows its picture', async ({ visit }) => {
  const page = await visit();
  const image = await page.locator('meta[property="og:image"]').getAttribute('content');
  const response = await page.request.get(new URL(image ?? '', page.url()).href);
  expect(response.headers()['content-type']).toBe('image/png');
  expect((await response.body()).length).toBeLessThanOrEqual(100_000);
});
