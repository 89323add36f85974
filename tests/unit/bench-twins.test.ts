import { expect, test } from 'vitest';
import { floorFma } from '../../src/reference/floor.ts';

test('the twin of multiply-adds is the closed form a^n v + b (a^n - 1) / (a - 1)', () => {
  const [a, b, start, rounds] = [0.99, 0.25, 3, 64];
  const power = a ** rounds;
  const sum = [0, 1, 2, 3, 4, 5]
    .map((j) => power * (start + j) + (b * (power - 1)) / (a - 1))
    .reduce((total, value) => total + value);
  const [value] = floorFma(rounds, [a, 0, 0, 0], [b, 0, 0, 0], [start]);
  expect(value).toBeCloseTo(sum, 10);
});
