import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { longRun, press, reach, test, testAccuracy, train } from '../support/demo.ts';

describe('an experiment of the guide', () => {
  test('sets the fields and the address, leads to the button that trains, and does what its answer says', async ({
    visit,
  }) => {
    const page = await visit();
    await reach(page, 'ready');
    await page.getByRole('link', { name: 'Set up: Remove the hidden layer' }).click();
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
    const link = page.getByRole('link', { name: 'Set up: Shuffled labels' });
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
    const link = page.getByRole('link', { name: 'Set up: Sixteen seeds' });
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
    'learning rate 0.001',
  ]);
  expect(await page.locator('#comparison tbody tr').last().textContent()).toMatch(/3\d\d\.\d\d %0\.\d{4}$/);
  expect(await page.locator('#curves').getAttribute('aria-label')).toContain(
    'To compare with: learning rate 0.001',
  );
  await checks.last().uncheck();
  expect(await page.locator('#comparison').isVisible()).toBe(false);
});

function networks(page: Page): Promise<string> {
  return page.getByLabel('Networks', { exact: true }).inputValue();
}
