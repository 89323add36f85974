import { describe, expect, test } from 'vitest';
import type { KernelResult } from '../../src/bench/kernels.ts';
import type { BenchReport } from '../../src/bench/report.ts';
import { benchSummary } from '../../src/bench/summary.ts';
import type { MeasuredTraining, TrainingResult } from '../../src/bench/train.ts';
import { floorReport, kernelsReport, trainingReport } from '../support/bench.ts';

/** All sentences, in the order in which they are read. */
function sentences(report: BenchReport): string[] {
  const { wrong, findings, remarks } = benchSummary(report);
  return [...wrong, ...findings, ...remarks];
}

const [dense, , relu, wrong, skipped] = kernelsReport.kernels as [
  KernelResult & { status: 'measured' },
  KernelResult,
  KernelResult & { status: 'measured' },
  KernelResult,
  KernelResult,
];

const ofKernels = (...kernels: KernelResult[]) => sentences({ ...kernelsReport, kernels });
const near = (share: number, given: Partial<typeof relu> = {}) => ({ ...relu, share, ...given });

const [fused] = trainingReport.training as [MeasuredTraining];
const ofTraining = (...training: TrainingResult[]) => sentences({ ...trainingReport, training });
/** @param step in microseconds, precisely so */
const way = (step: number, given: Partial<MeasuredTraining> = {}): MeasuredTraining => {
  const { batchSize, models } = { ...fused, ...given };
  const time = { ...fused.step, median: step, low: 0.99 * step, high: 1.01 * step };
  return { ...fused, step: time, imagesPerSecond: (1e6 * models * batchSize) / step, ...given };
};

describe('the floor', () => {
  test('is what the machine does at its best, and what a step of dispatches takes', () => {
    expect(sentences(floorReport)).toEqual([
      'At its best this machine does 100 billion multiplications and additions a second and moves 500 MB/s through its memory.',
      'A dispatch takes 10.0 µs: no step of 4 dispatches can be faster than 40.0 µs.',
    ]);
  });

  test.each([
    [51.3e12, '51 trillion'],
    [1.04e9, '1.04 billion'],
    [38e9, '38 billion'],
    [250e6, '250 million'],
  ])('%d operations a second are %s', (rate, text) => {
    const fma = { ...floorReport.floor.fma, flops: 1e6 } as const;
    const time = { ...fma.time, min: 1e12 / rate };
    const floor = { ...floorReport.floor, fma: { ...fma, time } };
    expect(sentences({ ...floorReport, floor })[0]).toContain(`does ${text} multiplications`);
  });
});

describe('kernels', () => {
  test('how many come near, and which is the furthest', () => {
    const names = ['softmax', 'update', 'head'] as const;
    const others = names.map((kernel) => near(0.8, { kernel }));
    expect(ofKernels(...others, near(0.23, { kernel: 'gather', boundBy: 'memory' }))).toEqual([
      'Of 4 kernels, 3 reach more than half of what this machine can do.',
      'The furthest from it is gather at 3200, at 23 %: it takes 4.3 times as long as its reads and writes of memory need.',
    ]);
  });

  test.each([
    [[near(0.4), near(0.9)], 'Of 2 measurements of relu, 1 reaches'],
    [[near(0.4), near(0.3)], 'Of 2 measurements of relu, none reaches'],
    [[near(0.4), near(0.3), dense], 'Of 3 measurements of 2 kernels, none reaches'],
    [[near(0.8), near(0.9, { kernel: 'bias' })], 'Of 2 kernels, all reach'],
  ])('counted %#', (kernels, text) => {
    expect(ofKernels(...kernels)[0]).toBe(`${text} more than half of what this machine can do.`);
  });

  test.each([
    ['dispatch', 0.5, '2 times as long as an empty dispatch takes'],
    ['arithmetic', 0.97, '1.03 times as long as its multiplications and additions need'],
    ['memory', 0.008, '130 times as long as its reads and writes of memory need'],
  ] as const)('one alone, bound by %s', (boundBy, share, text) => {
    const [sentence, ...rest] = ofKernels(near(share, { boundBy }));
    expect(sentence).toMatch(/^relu at 3200 reaches (50|97|less than 1) % of what this machine can do: /);
    expect(sentence).toContain(`it takes ${text}.`);
    expect(rest).toEqual([]);
  });

  test('at the floor, or beyond it, nothing is far', () => {
    expect(ofKernels(near(1.35))).toEqual(['relu at 3200 is as fast as this machine allows.']);
    expect(ofKernels(near(1.35), near(1))).toEqual([
      'Of 2 measurements of relu, all reach more than half of what this machine can do.',
    ]);
  });

  test('another size of workgroups is named', () => {
    expect(ofKernels(near(0.2, { variant: 'workgroup 8 x 8' }))[0]).toMatch(
      /^relu at 3200, workgroup 8 x 8 /,
    );
  });

  test('what is void comes first, a few by name', () => {
    expect(ofKernels(near(1), wrong)).toEqual([
      'Void, because of wrong results: bias at 784-100@32.',
      'relu at 3200 is as fast as this machine allows.',
    ]);
    expect(ofKernels(wrong, wrong)[0]).toMatch(/: bias at 784-100@32 and bias at 784-100@32\.$/);
    const four = Array.from({ length: 4 }, () => wrong);
    expect(ofKernels(...four)[0]).toMatch(
      /: bias at \S+, bias at \S+, bias at \S+ and bias at 784-100@32\.$/,
    );
    expect(ofKernels(...four, wrong)[0]).toMatch(/: bias at \S+, bias at \S+, bias at \S+ and 2 more\.$/);
  });

  test('what is wrong is told apart from what was found', () => {
    const { wrong: told, findings } = benchSummary({ ...kernelsReport, kernels: [near(1), wrong] });
    expect([told.length, findings.length]).toEqual([1, 1]);
  });

  test('where nothing has a time, why', () => {
    expect(ofKernels(skipped)).toEqual(['Nothing could be measured: too long.']);
    const sentence = { ...skipped, reason: 'It is too large.' } as KernelResult;
    expect(ofKernels(sentence)).toEqual(['Nothing could be measured: It is too large.']);
    expect(ofKernels(wrong)).toEqual([
      'Void, because of wrong results: bias at 784-100@32.',
      'Nothing else was measured.',
    ]);
  });
});

describe('training', () => {
  test('the fastest way, how long MNIST takes, and how near that is', () => {
    const best = way(500, { plan: 'layered-quads', batchSize: 64, share: 0.41 });
    expect(ofTraining(way(1000), best, way(400))).toEqual([
      "layered-quads with batches of 64 is the fastest for 784-100-10: 128,000 images a second, MNIST once through in 469 ms, 41 % of what this machine's multiply-adds allow.",
    ]);
  });

  test('one alone', () => {
    const one = { batchSize: 1, share: 0.3, boundBy: 'dispatch' } as const;
    expect(ofTraining(way(100, one))).toEqual([
      'fused with single images trains 784-100-10: 10,000 images a second, MNIST once through in 6.00 s, 30 % of what empty dispatches allow here.',
    ]);
  });

  test('at the floor', () => {
    expect(ofTraining(way(100, { share: 1.2, boundBy: 'memory' }))[0]).toMatch(
      /, as fast as this machine's memory allows\.$/,
    );
  });

  test('whatever may be as fast is told', () => {
    const close = way(1005, { plan: 'unfused' });
    expect(ofTraining(way(1000), close, way(1030))[0]).toMatch(
      /allow\. Not clearly slower: unfused with batches of 32\.$/,
    );
    const unknown = { ...fused.step, median: 3000, low: null, high: null };
    expect(ofTraining(way(1000), way(3000, { plan: 'layered', step: unknown }))[0]).toMatch(
      /Not clearly slower: layered with batches of 32\.$/,
    );
  });

  test('the fastest of each network, if they are few', () => {
    const networks = [[], [64], [128, 64], [512], [1024]].map((hidden) => way(1000, { hidden }));
    expect(ofTraining(...networks.slice(0, 2)).map((sentence) => sentence.split(':')[0])).toEqual([
      'fused with batches of 32 trains 784-10',
      'fused with batches of 32 trains 784-64-10',
    ]);
    expect(ofTraining(...networks.slice(0, 4)).slice(2)).toEqual([
      expect.stringContaining('784-128-64-10'),
      'The table has 1 more network.',
    ]);
    expect(ofTraining(...networks).at(-1)).toBe('The table has 2 more networks.');
  });

  test('many networks at once are a network of their own', () => {
    const sentences = ofTraining(way(1000), way(2000, { models: 8 }));
    expect(sentences[1]).toMatch(
      / trains 8 networks of 784-100-10: 128,000 images a second, MNIST .* in 3\.75 s/,
    );
  });

  test('what is void comes first, with its network', () => {
    expect(sentences(trainingReport)[0]).toBe(
      'Void, because of wrong results: unfused with batches of 8 (2 networks of 784-10).',
    );
  });
});

describe('what the figures depend on', () => {
  const on = <R extends BenchReport>(
    report: R,
    software: boolean,
    clock: 'timestamp-query' | 'wall clock',
  ) => {
    const { adapter, timing } = report.environment;
    const environment = {
      ...report.environment,
      adapter: { ...adapter, software },
      timing: { ...timing, clock },
    };
    return sentences({ ...report, environment });
  };
  const SOFTWARE = 'A processor does all of this, in place of a GPU.';
  const WALL_CLOCK = "There is no GPU's clock here: part of a round trip of 80.0 µs is in every time.";

  test.each([floorReport, kernelsReport])('$bench, on a processor and by wall clock', (report) => {
    const rest = sentences(report);
    expect(on(report, true, 'timestamp-query')).toEqual([...rest, SOFTWARE]);
    expect(on(report, false, 'wall clock')).toEqual([...rest, WALL_CLOCK]);
    expect(on(report, true, 'wall clock')).toEqual([...rest, WALL_CLOCK, SOFTWARE]);
  });

  test('training is timed by wall clock anyway, and nothing has no time', () => {
    expect(on(trainingReport, true, 'wall clock')).toEqual([...sentences(trainingReport), SOFTWARE]);
    expect(on({ ...kernelsReport, kernels: [skipped] }, false, 'wall clock')).toHaveLength(1);
  });
});
