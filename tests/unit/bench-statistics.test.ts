import { describe, expect, test } from 'vitest';
import { LOOK_TAIL, repeat, scaled, spread } from '../../src/bench/statistics.ts';
import { CounterRandom } from '../../src/data/random.ts';

describe('spread', () => {
  test.each([
    [[7], { median: 7, low: null, high: null, p95: 7, min: 7, samples: 1 }],
    [[3, 1], { median: 2, low: null, high: null, p95: 3, min: 1, samples: 2 }],
    [[5, 1, 3], { median: 3, low: null, high: null, p95: 5, min: 1, samples: 3 }],
    [[10, 9, 1, 2], { median: 5.5, low: null, high: null, p95: 10, min: 1, samples: 4 }],
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

// The table of the sign test.
test.each([
  [5, null, null],
  [6, 1, 6],
  [8, 1, 8],
  [9, 2, 8],
  [11, 2, 10],
  [20, 6, 15],
  [25, 8, 18],
  [100, 40, 61],
  [5000, 2431, 2570],
])('of %i values the interval of the median is from rank %j to rank %j', (count, low, high) => {
  const ranks = Array.from({ length: count }, (_, i) => count - i);
  expect(spread(ranks)).toMatchObject({ low, high });
});

test('the interval has the median in 95 % of the cases, also of a skewed distribution', () => {
  const random = new CounterRandom(1, 0);
  let inside = 0;
  for (let i = 0; i < 4000; i++) {
    const values = Array.from({ length: 12 }, () => -Math.log(1 - random.uniform()));
    const { low, high } = spread(values);
    if (low !== null && high !== null && low <= Math.LN2 && Math.LN2 <= high) inside++;
  }
  // Ranks 3 and 10 of 12: 96.1 %, and six standard errors.
  expect(Math.abs(inside / 4000 - 0.961)).toBeLessThan(0.019);
});

describe('repeat', () => {
  const of = (values: readonly number[]) => {
    const left = [...values];
    return () => Promise.resolve(left.shift() ?? Number.NaN);
  };

  test('ends with the seventh value where all are within 3 % of the median', async () => {
    const values = [100, 97.5, 102, 101, 99, 100, 100, 100];
    const measured = await repeat(of(values), () => false);
    expect(measured).toEqual({ values: values.slice(0, 7), ended: 'precise' });
  });

  test('leaves out what is far off once there are enough others', async () => {
    const measured = await repeat(of([100, 150, 100, 101, 99, 50, ...new Array(20).fill(100)]), () => false);
    expect(measured).toMatchObject({ values: { length: 15 }, ended: 'precise' });
  });

  test('ends where the time is over, with one value if need be', async () => {
    const far = [100, 150, 50, 100, 150, 50, 100];
    expect(await repeat(of(far), (count) => count === 7)).toEqual({ values: far, ended: 'time' });
    expect(await repeat(of(far), () => true)).toEqual({ values: [100], ended: 'time' });
  });

  test('ends with an interval that has the median as often as it should', async () => {
    const random = new CounterRandom(1, 0);
    const log2 = Math.LN2;
    for (const scale of [0.01, 0.05, 0.1]) {
      let inside = 0;
      for (let i = 0; i < 2000; i++) {
        // Skewed, with a median of 1.
        const time = () => Promise.resolve(1 - scale * log2 - scale * Math.log(1 - random.uniform()));
        const { low, high } = spread((await repeat(time, (count) => count === 20)).values, LOOK_TAIL);
        if (low !== null && high !== null && low <= 1 && 1 <= high) inside++;
      }
      // 95 % at least: it is more.
      expect(inside / 2000).toBeGreaterThan(0.95);
    }
  });

  test('is never precise about what is no number', async () => {
    const measured = await repeat(of([]), (count) => count === 20);
    expect(measured.ended).toBe('time');
  });
});

test('scaled keeps the number of samples', () => {
  const given = { median: 2, low: 1.5, high: 2.5, p95: 3, min: 1, samples: 9 };
  const expected = { median: 20, low: 15, high: 25, p95: 30, min: 10, samples: 9 };
  expect(scaled(given, 10)).toEqual(expected);
  expect(scaled({ ...given, low: null, high: null }, 10)).toEqual({ ...expected, low: null, high: null });
});
