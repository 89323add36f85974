import { describe, expect, test } from 'vitest';
import { compareBench, formatComparison } from '../../src/bench/compare.ts';
import { ratioOf, verdictOf } from '../../src/bench/ratio.ts';
import { spread } from '../../src/bench/statistics.ts';
import { CounterRandom } from '../../src/data/random.ts';
import { floorReport, kernelsReport, trainingReport } from '../support/bench.ts';

const exact = (median: number) => ({ median, low: median, high: median });

describe('a ratio', () => {
  test('of exact medians is exact', () => {
    expect(ratioOf(exact(6), exact(3))).toEqual({ ratio: 2, interval: { low: 2, high: 2 } });
  });

  test('has the uncertainty of the one that has some, and less than the sum of both', () => {
    const { interval } = ratioOf({ median: 10, low: 9, high: 12 }, exact(5));
    expect(interval?.low).toBeCloseTo(1.8, 12);
    expect(interval?.high).toBeCloseTo(2.4, 12);
    const both = ratioOf({ median: 10, low: 9, high: 12 }, { median: 5, low: 4, high: 6 }).interval;
    expect(both?.low).toBeGreaterThan(9 / 6);
    expect(both?.low).toBeLessThan(1.8);
    expect(both?.high).toBeLessThan(12 / 4);
  });

  test('has no interval where too little was measured', () => {
    expect(ratioOf(exact(1), { median: 2, low: null, high: null })).toEqual({ ratio: 0.5, interval: null });
  });

  test('lies in its interval in 95 % of the cases', () => {
    const random = new CounterRandom(1, 1);
    const sample = (median: number) =>
      spread(Array.from({ length: 15 }, () => median * (1 + (random.uniform() - 0.5) ** 3)));
    let inside = 0;
    for (let i = 0; i < 1000; i++) {
      const { interval } = ratioOf(sample(3), sample(2));
      if (interval && interval.low <= 1.5 && interval.high >= 1.5) inside++;
    }
    expect(inside).toBeGreaterThanOrEqual(950);
    expect(inside).toBeLessThan(1000);
  });
});

test.each([
  [1.2, 1.5, 'faster'],
  [0.6, 0.9, 'slower'],
  [0.95, 1.05, 'same'],
  [1.05, 1.15, 'undecided'],
  [0.5, 2, 'undecided'],
  [0.88, 1, 'undecided'],
  [Number.NaN, Number.NaN, 'undecided'],
])('a speed from %d to %d is %s', (low, high, verdict) => {
  expect(verdictOf({ ratio: 1, interval: { low, high } })).toBe(verdict);
});

describe('two reports', () => {
  const faster = {
    ...trainingReport,
    training: trainingReport.training.map((row) =>
      row.status === 'measured' && row.plan === 'fused'
        ? { ...row, step: spread(Array.from({ length: 20 }, () => row.step.median / 2)) }
        : row,
    ),
  };

  test('are compared row by row, the floor first', () => {
    const { rows, alone, different } = compareBench(trainingReport, faster);
    expect(different).toEqual([]);
    expect(rows[0]).toMatchObject({ what: 'dispatch after dispatch', speed: 1, verdict: 'same' });
    const verdicts = new Map(rows.map(({ what, verdict }) => [what, verdict]));
    expect(verdicts.get('fused, 784-100-10, batch 32')).toBe('faster');
    expect(verdicts.get('unfused, 784-100-10, batch 32')).toBe('same');
    expect(alone).toEqual([
      'multiply-add in float16: skipped: this device lacks the feature shader-f16',
      'unfused, 784-10, batch 8, 2 models: void: step 1 is wrong',
    ]);
    const back = compareBench(faster, trainingReport).rows;
    expect(back.find(({ what }) => what === 'fused, 784-100-10, batch 32')?.verdict).toBe('slower');
  });

  test('say which rows only one of them has', () => {
    const fewer = { ...kernelsReport, kernels: kernelsReport.kernels.slice(1) };
    expect(compareBench(kernelsReport, fewer).alone).toContain('dense, 784-100@32: after: not measured');
    expect(compareBench(fewer, kernelsReport).alone).toContain('dense, 784-100@32: before: not measured');
  });

  test('name what differs of their environments', () => {
    const { environment } = floorReport;
    const other = {
      ...floorReport,
      environment: {
        ...environment,
        adapter: { ...environment.adapter, description: 'Card B' },
        versions: { ...environment.versions, webgpu: '0.7.0' },
        toggles: [],
      },
    };
    expect(compareBench(floorReport, other).different).toEqual(['adapter', 'webgpu', 'toggles']);
    const text = formatComparison(compareBench(floorReport, other));
    expect(text).toContain('Different: adapter, webgpu, toggles');
    expect(text).toMatch(/dispatch after dispatch +12 +12 +1 +0\.97\d to 1\.03 +same/);
    expect(text).toContain('Card B');
  });

  test('of different kinds are not compared', () => {
    expect(() => compareBench(floorReport, kernelsReport)).toThrow(/different benchmarks: floor and kernels/);
  });

  test('compare multiply-adds by what they do, since the best of several cases counts', () => {
    const { fma } = floorReport.floor;
    const twice = { ...fma, flops: 2 * fma.flops, time: spread(Array.from({ length: 9 }, () => 24)) };
    const longer = { ...floorReport, floor: { ...floorReport.floor, fma: twice } };
    const row = compareBench(floorReport, longer).rows.find(({ what }) => what === 'multiply-add');
    expect(row?.speed).toBeCloseTo(1, 12);
  });
});
