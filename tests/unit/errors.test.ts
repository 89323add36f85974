import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { ShadegradError } from '../../src/errors.ts';

const cause = new Error('no such file');
const error = new ShadegradError('io', 'The file is gone.', 'Get it again.', cause);

test('an error names cause and next step, alone and together', () => {
  expect(error.message).toBe('The file is gone.');
  expect(error.nextStep).toBe('Get it again.');
  expect(`${error}`).toBe('The file is gone. Get it again.');
  expect(error.cause).toBe(cause);
});

test('what consoles print of an error that nobody caught has the next step in its first line', () => {
  const [first, second] = (error.stack ?? '').split('\n');
  expect(first).toBe('ShadegradError: The file is gone. Get it again.');
  expect(second).toMatch(/^ {4}at .*errors\.test\.ts/);
  expect(inspect(error)).toMatch(/^ShadegradError: The file is gone\. Get it again\.\n {4}at /);
  expect(Object.keys(error)).not.toContain('stack');
});

test('an error without a next step ends with its cause', () => {
  const { stack } = new ShadegradError('usage', 'It is gone.', '');
  expect(stack?.split('\n')[0]).toBe('ShadegradError: It is gone.');
});
