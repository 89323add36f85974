import type { Locator } from 'playwright-core';
import { describe, expect } from 'vitest';
import { eventually, quickRun, reach, reportOf, test, train } from '../support/demo.ts';

/** A field, a bad value, and a good one after it. */
const values = [
  ['Training images', '3', '100'],
  ['Hidden layers', '0', '32'],
  ['Hidden layers', '32, many', '32, 16'],
  ['Hidden layers', '-5', ''],
  ['Hidden layers', '128 64', '128, 64'],
  ['Learning rate', '0', '0.01'],
  ['Learning rate', '-1', '1e-3'],
  ['Learning rate', '', '0.001'],
  ['Batch size', '0', '1'],
  ['Batch size', '2.5', '64'],
  ['Epochs', '0', '1'],
  ['Epochs', '1.5', '2'],
  ['Seed', '-1', '0'],
  ['Networks', '0', '32'],
  ['Networks', '33', '1'],
  ['Networks', '1.5', '2'],
  ['Networks', '', '1'],
  ['Seed', '9007199254740993', '9007199254740991'],
  ['Validation share', '1', '0.25'],
] as const;

describe('a bad value', () => {
  test('is told at its field and cannot be trained', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    const button = page.getByRole('button', { name: 'Train', exact: true });
    for (const [label, bad, good] of values) {
      const field = page.locator('#setup').getByLabel(label, { exact: true });
      await field.fill(bad);
      await field.blur();
      expect(await field.getAttribute('aria-invalid'), `${label} "${bad}"`).toBe('true');
      expect(await complaintOf(field), `${label} "${bad}"`).toMatch(/^Use /);
      expect(await button.isVisible(), `${label} "${bad}"`).toBe(false);

      await field.fill(good);
      await field.blur();
      expect(await field.getAttribute('aria-invalid'), `${label} "${good}"`).not.toBe('true');
      expect(await button.isVisible(), `${label} "${good}"`).toBe(true);
    }
  });
});

describe('the address', () => {
  test('follows the fields, so that it can be shared at any time', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    await page.getByLabel('Epochs').fill('5');
    await page.getByLabel('Epochs').blur();
    await eventually(() => new URL(page.url()).searchParams.get('epochs')).toBe('5');
  });

  test('with nonsense in it leads to a page that says so at the fields, and trains when they are mended', async ({
    visit,
  }) => {
    const page = await visit({ ...quickRun, hidden: '<b>', epochs: -3, lr: Number.NaN });
    const status = page.getByRole('status').first();
    await eventually(() => status.textContent()).toContain('Correct the marked fields');
    for (const [label, value] of [
      ['Hidden layers', '16'],
      ['Epochs', '2'],
      ['Learning rate', '0.001'],
    ] as const) {
      const field = page.getByLabel(label);
      await eventually(() => field.getAttribute('aria-invalid')).toBe('true');
      await field.fill(value);
      await field.blur();
    }
    await train(page);
    expect((await reportOf(page)).config).toMatchObject({ hidden: [16], epochs: 2, learningRate: 0.001 });
  });
});

/** What a screen reader reads first with the field, beside its label. */
function complaintOf(field: Locator): Promise<string> {
  return field.evaluate((element) => {
    const [id = ''] = element.getAttribute('aria-describedby')?.split(' ') ?? [];
    return document.getElementById(id)?.textContent ?? '';
  });
}
