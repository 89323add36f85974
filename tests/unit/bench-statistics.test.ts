import { describe, expect, test } from 'vitest';
import { scaled, spread } from '../../src/bench/statistics.ts';

describe('spread', () => {
  test.each([
    [[7], { median: 7, p95: 7, min: 7, samples: 1 }],
    [[3, 1], { median: 2, p95: 3, min: 1, samples: 2 }],
    [[5, 1, 3], { median: 3, p95: 5, min: 1, samples: 3 }],
    [[10, 9, 1, 2], { median: 5.5, p95: 10, min: 1, samples: 4 }],
  ])('%j', (values, expected) => {
    expect(spread(values)).toEqual(expected);
  });

  test('p95 leaves out the worst of 20, and is the worst of 19', () => {
    const rising = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
    expect(spread(rising(20)).p95).toBe(19);
    expect(spread(rising(19)).p95).toBe(19);
    expect(spread(rising(100)).p95).toBe(95);
  });

  test('one value that is none spoils median and p95, and does not vanish', () => {
    const { median, p95, min } = spread([Number.NaN, Number.NaN]);
    expect([median, p95, min]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  test('leaves its input in order', () => {
    const values = [3, 1, 2];
    spread(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

test('scaled keeps the number of samples', () => {
  expect(scaled({ median: 2, p95: 3, min: 1, samples: 9 }, 10)).toEqual({
    median: 20,
    p95: 30,
    min: 10,
    samples: 9,
  });
});
