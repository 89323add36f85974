import { describe, expect, test } from 'vitest';
import { parseSweepFile } from '../../src/sweep/file.ts';
import { settingsFrom } from '../../src/sweep/samples.ts';
import { sobolPoint } from '../../src/sweep/sobol.ts';

const settings = (file: object) => settingsFrom(parseSweepFile('sweep.json', JSON.stringify(file)));

test("a Sobol sequence's points are SciPy's", () => {
  // scipy.stats.qmc.Sobol(8, scramble=False, bits=32), SciPy 1.17.1: points 1, 2, 3, 7, 20 and 63, times 64.
  const first = [
    [1, [32, 32, 32, 32, 32, 32, 32, 32]],
    [2, [48, 16, 16, 16, 48, 48, 16, 48]],
    [3, [16, 48, 48, 48, 16, 16, 48, 16]],
    [7, [8, 40, 24, 8, 8, 24, 40, 40]],
    [20, [30, 6, 54, 18, 10, 54, 58, 14]],
    [63, [1, 51, 23, 29, 55, 9, 37, 9]],
  ] as const;
  expect(sobolPoint(0, 8)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  for (const [index, point] of first) {
    expect(sobolPoint(index, 8)).toEqual(point.map((coordinate) => coordinate * 2 ** 26));
  }
  // The same, points 123456 and 123457, times 2^32.
  expect(sobolPoint(123456, 8)).toEqual([
    113803264, 784891904, 1319665664, 1934065664, 726630400, 872972288, 3074457600, 1993113600,
  ]);
  expect(sobolPoint(123457, 8)).toEqual([
    2261286912, 2932375552, 3467149312, 4081549312, 2874114048, 3020455936, 926973952, 4140597248,
  ]);
});

test('a grid has each value with each other, the last axis first', () => {
  const grid = settings({
    axes: { hidden: [[], [8, 4]], batchSize: [1, 2], learningRate: [0.1, 0.2], data: ['a', 'b'] },
  });
  expect(grid).toHaveLength(16);
  expect(grid[0]).toEqual({
    data: 'a',
    hidden: [],
    optimizer: 'adam',
    schedule: 'constant',
    epochs: 10,
    batchSize: 1,
    learningRate: 0.1,
  });
  expect(grid.slice(0, 4).map(({ batchSize, learningRate }) => [batchSize, learningRate])).toEqual([
    [1, 0.1],
    [1, 0.2],
    [2, 0.1],
    [2, 0.2],
  ]);
  expect(grid.slice(0, 8).map(({ hidden }) => hidden.length)).toEqual([0, 0, 0, 0, 2, 2, 2, 2]);
  expect(new Set(grid.map((setting) => JSON.stringify(setting))).size).toBe(16);
});

test('a long list keeps each of its values', () => {
  const seeds = Array.from({ length: 1000 }, (_, i) => i + 1);
  expect(settings({ axes: { epochs: seeds } }).map(({ epochs }) => epochs)).toEqual(seeds);
});

const AXES = {
  hidden: { from: 4, to: 7, scale: 'linear' },
  learningRate: { from: 1e-4, to: 1, scale: 'log' },
  weightDecay: { from: 0, to: 0.1, scale: 'linear' },
  batchSize: { from: 1, to: 256, scale: 'log' },
  optimizer: ['adamw', 'sgd'],
};

describe.each(['random', 'sobol'])('a %s sample', (method) => {
  const sample = (count: number, seed = 1) => settings({ axes: AXES, sample: { method, count, seed } });

  test('lies within its ranges, and is spread evenly over each', () => {
    const drawn = sample(512);
    const isEven = (values: readonly number[], bins: number): void => {
      const counts = Array.from({ length: bins }, (_, bin) => values.filter((value) => value === bin).length);
      // Of a fair draw, five standard deviations; a Sobol sequence is far closer.
      const expected = values.length / bins;
      for (const each of counts) expect(Math.abs(each - expected)).toBeLessThan(5 * Math.sqrt(expected));
    };
    isEven(
      drawn.map(({ hidden }) => (hidden[0] ?? 0) - 4),
      4,
    );
    isEven(
      drawn.map(({ learningRate = 0 }) => Math.floor(Math.log10(learningRate) + 4)),
      4,
    );
    isEven(
      drawn.map(({ weightDecay = 1 }) => Math.floor(weightDecay * 100)),
      10,
    );
    isEven(
      drawn.map(({ optimizer }) => (optimizer === 'sgd' ? 1 : 0)),
      2,
    );
    expect(
      drawn.every(({ batchSize }) => Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= 256),
    ).toBe(true);
    expect(
      drawn.some(({ batchSize }) => batchSize < 3) && drawn.some(({ batchSize }) => batchSize > 128),
    ).toBe(true);
  });

  test('is the same for a seed, another one for another, and begins like a smaller one', () => {
    expect(sample(20)).toEqual(sample(20));
    expect(sample(20).slice(0, 7)).toEqual(sample(7));
    expect(sample(20, 2)).not.toEqual(sample(20));
  });
});

test('what is drawn has six digits', () => {
  const [first] = settings({ axes: AXES, sample: { method: 'random', count: 1, seed: 1 } });
  expect(first).toEqual({
    data: 'auto',
    hidden: [expect.any(Number)],
    optimizer: expect.any(String),
    schedule: 'constant',
    epochs: 10,
    batchSize: expect.any(Number),
    learningRate: Number(first?.learningRate?.toPrecision(6)),
    weightDecay: Number(first?.weightDecay?.toPrecision(6)),
  });
});
