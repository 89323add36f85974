import { describe, expect, test } from 'vitest';
import { CounterRandom, streams } from '../../src/data/random.ts';
import { shuffledIndices, validationSplit } from '../../src/data/shuffle.ts';

describe('shuffledIndices', () => {
  test('is the same order on every machine', () => {
    expect([...shuffledIndices(12, new CounterRandom(1, streams.epochOrder(0)))]).toEqual([
      1, 5, 0, 6, 7, 3, 8, 11, 2, 4, 10, 9,
    ]);
  });

  test.each([0, 1, 2, 1000])('has each of %d indices once', (count) => {
    const shuffled = shuffledIndices(count, new CounterRandom(5, 0));
    expect([...shuffled].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  test('makes each order of three equally likely', () => {
    const random = new CounterRandom(6, 0);
    const counts = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = shuffledIndices(3, random).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const chiSquared = [...counts.values()].reduce((sum, n) => sum + (n - 2000) ** 2 / 2000, 0);
    // The 99.9th percentile of chi-squared with 5 degrees of freedom.
    expect(chiSquared).toBeLessThan(20.52);
  });
});

describe('validationSplit', () => {
  test('puts each sample into exactly one part, each part in ascending order', () => {
    const { train, validation } = validationSplit(1000, 0.2, 1);
    expect(validation).toHaveLength(200);
    expect(train).toHaveLength(800);
    expect(new Set([...train, ...validation]).size).toBe(1000);
    for (const part of [train, validation]) expect([...part]).toEqual([...part].sort((a, b) => a - b));
  });

  test('takes its share from every class of a file sorted by class', () => {
    const { validation } = validationSplit(1000, 0.2, 1);
    const perClass = Array.from(
      { length: 10 },
      (_, label) => validation.filter((i) => Math.floor(i / 100) === label).length,
    );
    expect(Math.min(...perClass)).toBeGreaterThan(5);
  });

  test('depends on the seed only', () => {
    expect(validationSplit(100, 0.3, 4)).toEqual(validationSplit(100, 0.3, 4));
    expect(validationSplit(100, 0.3, 4)).not.toEqual(validationSplit(100, 0.3, 5));
  });

  test.each([0, 0.1])('calls an empty training set so, at a share of %f', (share) => {
    expect(() => validationSplit(0, share, 1)).toThrow(
      expect.objectContaining({ code: 'bad-data', message: 'The training set is empty.' }),
    );
  });

  test('keeps all samples for training at a share of 0', () => {
    const { train, validation } = validationSplit(3, 0, 1);
    expect([...train]).toEqual([0, 1, 2]);
    expect(validation).toHaveLength(0);
  });

  test.each([
    [10, 1, 'not a share'],
    [10, -0.1, 'not a share'],
    [10, Number.NaN, 'not a share'],
    [10, 0.01, 'none to validate with'],
    [10, 0.99, 'none to train on'],
  ])('refuses to split %d samples at %d', (count, fraction, message) => {
    expect(() => validationSplit(count, fraction, 1)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(message) }),
    );
  });
});
