import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { drop, eventually, longRun, quickRun, reach, test } from '../support/demo.ts';

test('no button that disappears when it is pressed loses the focus of the keyboard', async ({ visit }) => {
  const page = await visit(longRun);
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  await reach(page, 'ready');

  await pressByKey(page, button('Train'), 'Pause');
  await reach(page, 'training');
  await eventually(() => page.locator('#speed').textContent()).toMatch(/\d/);
  await pressByKey(page, button('Pause'), 'Resume');
  await reach(page, 'paused');
  await pressByKey(page, button('One batch'), 'One batch');
  await reach(page, 'paused');
  // What is steered goes with the training.
  await pressByKey(page, button('Resume'), 'Pause');
  await eventually(() => page.locator('#rewind').isVisible()).toBe(true);
  await page.getByLabel('Slow motion').focus();
  await clickElsewhere(page, '#stop');
  await reach(page, 'stopped');
  expect(await focused(page)).toBe('Epoch shown');

  await page.keyboard.press('ArrowLeft');
  await eventually(() => page.locator('#epoch-viewed').textContent()).toMatch(/ of 300$/);
  expect(await focused(page)).toBe('Epoch shown');
  await pressByKey(page, button('Continue'), 'Pause');
  await pressByKey(page, button('Stop'), 'Continue', 'stopped');
  await pressByKey(page, button('Start again'), 'Pause');
  await pressByKey(page, button('Stop'), /^(Train|Continue)$/, 'stopped');
  await pressByKey(page, button('Reset'), 'Train');
  await reach(page, 'ready');
  await pressByKey(page, button('Undo'), /^(Train|Continue)$/);
  await reach(page, 'stopped');

  await pressByKey(
    page,
    page.getByRole('checkbox', { name: /^Compare the run/ }).first(),
    /^Compare the run/,
  );
  await pressByKey(page, page.getByRole('button', { name: /^Show the run/ }).last(), /^Show the run/);
  await reach(page, 'stopped');

  // The fields are locked as the training begins.
  await page.getByLabel('Epochs', { exact: true }).focus();
  await page.keyboard.press('Enter');
  await reach(page, 'training');
  expect(await focused(page)).toBe('Pause');
  await pressByKey(page, button('Stop'), /^(Train|Continue)$/, 'stopped');

  await page.locator('#draw-canvas').click();
  await pressByKey(page, button('Clear'), 'Read a picture');
  await pressByKey(page, page.locator('.unit').first(), /^Unit/);
  await pressByKey(page, page.locator('#unit-close'), /^Unit/);
  await pressByKey(page, button('Show all 32'), 'Show fewer');
  await pressByKey(page, button('Show fewer'), 'Show all 32');

  await page.getByLabel('Choose a folder').focus();
  await drop(page, [{ name: 'cat.pdf', bytes: new TextEncoder().encode('%PDF-1.7') }]);
  await pressByKey(page, page.locator('#refusal-close'), 'Choose a folder');
});

test('an error puts it on the button that mends it, and back', async ({ visit }) => {
  const page = await visit({ ...quickRun, hidden: '65536,65536' });
  await reach(page, 'ready');
  await page.getByRole('button', { name: 'Train', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.locator('#trouble').waitFor();
  expect(await focused(page)).toMatch(/^(Train|Restart)$/);
  const restart = page.getByRole('button', { name: 'Restart' });
  if (await restart.isVisible()) await pressByKey(page, restart, 'Train');
});

/** As voice control presses a button: the focus stays where it is. */
function clickElsewhere(page: Page, selector: string): Promise<void> {
  return page.locator(selector).evaluate((element: HTMLElement) => element.click());
}

/** Presses Enter or Space on a control, and expects the focus on the one of this name. */
async function pressByKey(
  page: Page,
  control: Locator,
  then: string | RegExp,
  state?: Parameters<typeof reach>[1],
): Promise<void> {
  await control.focus();
  const isCheckbox = await control.evaluate((element) => element.matches('[type=checkbox]'));
  await page.keyboard.press(isCheckbox ? 'Space' : 'Enter');
  if (state) await reach(page, state);
  await eventually(() => focused(page), `after ${control}`).toMatch(
    typeof then === 'string' ? new RegExp(`^${then}$`) : then,
  );
}

/** The name of what has the focus; '' where the page itself has it. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return '';
    const labels = element instanceof HTMLInputElement ? element.labels : null;
    return (
      element.getAttribute('aria-label') ??
      labels?.[0]?.textContent ??
      element.textContent ??
      ''
    ).trim();
  });
}
