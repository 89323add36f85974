import { expect, test } from 'vitest';
import { floorFma, floorFmaShared } from '../../src/reference/floor.ts';

test('the twin of multiply-adds is the closed form a^n v + b (a^n - 1) / (a - 1)', () => {
  const [a, b, start, rounds] = [0.99, 0.25, 3, 64];
  const power = a ** rounds;
  const sum = [0, 1, 2, 3, 4, 5]
    .map((j) => power * (start + j) + (b * (power - 1)) / (a - 1))
    .reduce((total, value) => total + value);
  const [value] = floorFma({ rounds, vectors: 6 }, a, b, [start]);
  expect(value).toBeCloseTo(sum, 10);
});

test('the twin of shared multiply-adds is the sum times each number', () => {
  expect([...floorFmaShared([1, -4, 2.5], [2, 0, -1])]).toEqual([-1, 0, 0.5]);
});
