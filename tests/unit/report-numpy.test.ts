import { expect, test } from 'vitest';
import { average, formatFixed, pairwiseSum } from '../../src/report/numpy.ts';

test.each([
  [0.125, 2, '0.12'],
  [0.375, 2, '0.38'],
  [0.5, 0, '0'],
  [1.5, 0, '2'],
  [2.5, 0, '2'],
  [0.285, 2, '0.28'],
  [1.005, 2, '1.00'],
  [0.995, 2, '0.99'],
  [0.9995, 3, '1.000'],
  [0, 3, '0.000'],
  [1, 0, '1'],
  [2 / 3, 20, '0.66666666666666662966'],
  [5e-324, 4, '0.0000'],
])('formatFixed(%d, %d) rounds the binary value half to even, as Python does', (value, digits, text) => {
  expect(formatFixed(value, digits)).toBe(text);
});

test('formatFixed differs from toFixed in exact ties only', () => {
  for (let n = 1; n <= 64; n++) {
    for (let k = 0; k <= n; k++) {
      for (let digits = 0; digits <= 6; digits++) {
        const tie = Number.isInteger((k / n) * 2 * 10 ** digits) && !Number.isInteger((k / n) * 10 ** digits);
        if (!tie || Math.floor((k / n) * 10 ** digits) % 2 === 1) {
          expect(formatFixed(k / n, digits)).toBe((k / n).toFixed(digits));
        }
      }
    }
  }
});

test('pairwiseSum adds every value once at every length', () => {
  for (const count of [1, 7, 8, 9, 127, 128, 129, 136, 257, 1000]) {
    const values = Array.from({ length: count }, (_, i) => i);
    expect(pairwiseSum(values)).toBe((count * (count - 1)) / 2);
  }
});

test('average weights its values', () => {
  expect(average([1, 3])).toBe(2);
  expect(average([1, 3], [3, 1])).toBe(1.5);
});
