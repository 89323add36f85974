import { describe, expect, test } from 'vitest';
import { axisScale, numberAxis } from '../../src/sweep/charts/axis-scale.ts';
import { bestChart } from '../../src/sweep/charts/best.ts';
import { lossesChart } from '../../src/sweep/charts/losses.ts';
import { parallelChart } from '../../src/sweep/charts/parallel.ts';
import { sweepPictures } from '../../src/sweep/charts/pictures.ts';
import { seedsChart } from '../../src/sweep/charts/seeds.ts';
import { mergeSweeps } from '../../src/sweep/report.ts';
import { formatSweep } from '../../src/sweep/text.ts';
import { outside, overlaps, svgTexts, unbalanced } from '../support/svg.ts';
import { madeFolder, madeMerge, madeSweep } from '../support/sweeps.ts';

const AXES: Readonly<Record<string, object>> = {
  'four networks, one axis': { learningRate: [0.0003, 0.001, 0.003, 0.01] },
  '48 networks, two axes and seeds': {
    learningRate: [0.0003, 0.001, 0.003, 0.6],
    hidden: [[], [64], [128, 64]],
    seed: [1, 2, 3, 4],
  },
  'five axes and seeds': {
    learningRate: [0.0003, 0.003, 0.6],
    hidden: [[32], [128, 64]],
    batchSize: [32, 64],
    optimizer: ['adam', 'adamw'],
    weightDecay: [0, 0.01],
    seed: [1, 2],
  },
  'many layers and rates': {
    learningRate: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6],
    epochs: [3],
    hidden: [[], [16], [32], [64], [512], [32, 32], [64, 32, 16]],
  },
  'datasets with long names': {
    data: ['auto', '/a/long/path/to/a/folder/of/pictures', 'fashion-mnist', 'kmnist'],
    seed: [1, 2, 3],
  },
};
const FILES: readonly (readonly [string, object])[] = [
  ...Object.entries(AXES).map(([name, axes]) => [name, { axes }] as const),
  [
    '48 samples',
    {
      axes: {
        learningRate: { from: 1e-4, to: 1, scale: 'log' },
        hidden: { from: 16, to: 512, scale: 'log' },
        batchSize: [16, 32, 64, 128],
        schedule: ['constant', 'cosine'],
      },
      sample: { method: 'random', count: 48, seed: 1 },
      objective: 'validationLoss',
    },
  ],
  ['seeds alone', { axes: { seed: { from: 1, to: 24 } } }],
  ['one network', { axes: {} }],
];

test.each(FILES)('%s: no text is cut off, and none covers another', async (_, file) => {
  const { report } = await madeMerge(file);
  for (const [name, svg] of Object.entries(await sweepPictures(report))) {
    const texts = svgTexts(svg);
    expect({ name, outside: outside(svg, texts), overlaps: overlaps(texts), open: unbalanced(svg) }).toEqual({
      name,
      outside: [],
      overlaps: [],
      open: null,
    });
    expect(svg).toContain('fill="#ffffff"');
  }
});

test('the same report gives the same bytes', async () => {
  const { sweep, tasks } = await madeSweep({ axes: { learningRate: [0.01, 0.001], seed: [1, 2] } });
  const draw = () => sweepPictures(mergeSweeps([madeFolder(sweep, tasks)], tasks).report);
  expect(await draw()).toEqual(await draw());
});

describe('pictures', () => {
  const names = async (axes: object) => Object.keys(await sweepPictures((await madeMerge({ axes })).report));

  test('are those that there is something to draw for', async () => {
    expect(await names({})).toEqual(['best-networks.svg']);
    expect(await names({ seed: [1, 2] })).toEqual(['seeds.svg', 'best-networks.svg']);
    expect(await names({ learningRate: [0.1, 0.01] })).toEqual([
      'parallel-coordinates.svg',
      'loss-by-setting.svg',
      'best-networks.svg',
    ]);
    expect(await names({ learningRate: [0.7, 0.8], seed: [1, 2] })).toEqual([]);
    const { report } = await madeMerge({ axes: { seed: [1, 2] } });
    const networks = report.networks.map((network) => ({ ...network, status: 'stopped' as const }));
    const settings = report.settings.map((setting) => ({ ...setting, validation: null }));
    expect(await sweepPictures({ ...report, networks, settings })).toEqual({});
  });
});

test('parallel coordinates have an axis for each setting and one for the objective, and end before it where a network diverged', async () => {
  const { report } = await madeMerge({ axes: AXES['five axes and seeds'] });
  const { parallelAxis, series } = parallelChart(report).option;
  expect([parallelAxis].flat().map((axis) => axis?.name)).toEqual([
    'Hidden layers',
    'Optimizer',
    'Learning rate',
    'Weight decay',
    'Batch size',
    'Validation accuracy (%)',
  ]);
  const [lines] = [series].flat();
  const data = (lines?.data ?? []) as { value: (number | string)[] }[];
  expect(data).toHaveLength(72);
  expect(data.filter(({ value }) => value[5] === '-')).toHaveLength(24);
  // The best one is drawn last. 0.003 is the second of the learning rates.
  expect(data.at(-1)?.value[2]).toBe(1);
  expect(data.at(-1)?.value[5]).toBe(100 * (report.networks[0]?.validation?.accuracy ?? 0));
});

test('losses have a panel for each setting, with each network in each, and crosses for those that diverged', async () => {
  const { report } = await madeMerge({ axes: AXES['48 networks, two axes and seeds'] });
  const { option } = lossesChart(report);
  expect([option.xAxis].flat().map((axis) => axis?.name)).toEqual(['Hidden layers', 'Learning rate']);
  const points = (name: string) =>
    [option.series].flat().flatMap((each) => (each?.name === name ? [each.data as [number, number][]] : []));
  expect(points('One network').map(({ length }) => length)).toEqual([36, 36]);
  expect(points('Diverged').map(({ length }) => length)).toEqual([12, 12]);
  expect(points('Median').map(({ length }) => length)).toEqual([3, 3]);
  const [axis] = [option.yAxis].flat();
  expect(points('Diverged')[1]?.every(([x, y]) => x === 3 && y === axis?.max)).toBe(true);
});

test('the best have training in the middles of the epochs, of which it is a mean, and validation at their ends', async () => {
  const { report } = await madeMerge({ axes: { seed: [1] } });
  const { option } = bestChart(report);
  const firsts = [option.series].flat().map((each) => {
    const data = each?.data as [number, number][] | undefined;
    return data?.[0]?.[0];
  });
  // Of loss and of accuracy.
  expect(firsts).toEqual([0.5, 1, 0.5, 1]);
  expect([option.xAxis].flat()[0]).toMatchObject({ min: 0 });
});

test('seeds have a row for each setting that was trained, the best first, with mean and interval', async () => {
  const { report } = await madeMerge({ axes: AXES['48 networks, two axes and seeds'] });
  const { option } = seedsChart(report);
  const [rows] = [option.yAxis].flat();
  const names = rows && 'data' in rows ? rows.data : [];
  expect(names).toHaveLength(9);
  expect(names?.[0]).toBe('128,64 / 0.001');
  const series = new Map(
    [option.series].flat().map((each) => [each?.name, each?.data as [number, number][]]),
  );
  expect(series.get('One network')).toHaveLength(36);
  expect(series.get('Mean')).toHaveLength(9);
  const { mean = 0, interval } = report.settings[0]?.validation?.accuracy ?? {};
  expect(series.get('Mean')?.[0]).toEqual([100 * mean, 0]);
  expect(series.get('95 % interval of the mean')?.slice(0, 2)).toEqual([
    [100 * (interval?.[0] ?? 0), 0],
    [100 * (interval?.[1] ?? 0), 0],
  ]);
});

describe('networks that halving stopped, and seeds that diverged', async () => {
  const { report: all } = await madeMerge({ axes: { learningRate: [0.001, 0.003], seed: [1, 2, 3] } });
  const [first, second] = all.networks;
  const networks = all.networks.map((network) =>
    network === first ? { ...network, status: 'stopped' as const } : network,
  );
  const report = { ...all, networks };

  test('are no best networks', () => {
    const series = [bestChart(report).option.series].flat();
    expect(series).toHaveLength(5 * 4);
    expect(bestChart(report).option.title).toMatchObject({ text: expect.stringContaining('the best 5') });
  });

  test('are broken lines in parallel coordinates, and the best of the others is the thick one', () => {
    const { option } = parallelChart(report);
    const [lines] = [option.series].flat();
    const data = (lines?.data ?? []) as { lineStyle: { type?: string; width: number } }[];
    const styles = data.toReversed();
    expect(styles.map(({ lineStyle }) => lineStyle.type)).toEqual([
      'dashed',
      ...new Array(5).fill(undefined),
    ]);
    expect(styles[1]?.lineStyle.width).toBe(3);
    expect(option.title).toMatchObject({ subtext: expect.stringContaining('broken: stopped by halving') });
    expect(second?.status).toBe('trained');
  });

  test('are counted with their setting, and an interval that is cut has an arrow', async () => {
    const [best, ...others] = all.settings;
    if (!best?.validation) throw new Error('There is no best setting.');
    const { accuracy } = best.validation;
    const wide = { ...best.validation, accuracy: { ...accuracy, interval: [0.1, accuracy.mean] as const } };
    const counted = {
      ...report,
      settings: [{ ...best, trained: 2, diverged: 1, validation: wide }, ...others],
    };
    const { option } = seedsChart(counted);
    const [rows] = [option.yAxis].flat();
    expect(rows && 'data' in rows ? rows.data?.[0] : '').toMatch(/ \(2 of 3\)$/);
    const series = [option.series].flat();
    const [axis] = [option.xAxis].flat();
    const arrows = series.find((each) => each?.name === 'Interval beyond the picture')?.data as object[];
    expect(arrows[0]).toEqual({ value: [axis?.min, 0], symbolRotate: 90 });
    expect(formatSweep(counted)).toMatch(/^ *2 of 3 /m);
    for (const svg of Object.values(await sweepPictures(counted))) {
      const texts = svgTexts(svg);
      expect({ outside: outside(svg, texts), overlaps: overlaps(texts) }).toEqual({
        outside: [],
        overlaps: [],
      });
    }
  });
});

describe('an axis', () => {
  test('names few numbers, by size, and texts in the order of the file', () => {
    const rates = axisScale([0.01, 0.001, 0.01, 0.1], [0.1, 0.01, 0.001]);
    expect(rates.axis).toEqual({ type: 'category', data: ['0.001', '0.01', '0.1'] });
    expect(rates.place(0.1)).toBe(2);
    const names = axisScale(['sgd', 'adam'], ['adam', 'adamw', 'sgd']);
    expect(names.axis).toEqual({ type: 'category', data: ['adam', 'sgd'] });
    const layers = axisScale(['128,64', 64, 'none'], ['none', 64, '128,64']);
    expect(layers.axis).toMatchObject({ data: ['none', '64', '128,64'] });
  });

  test('is one of numbers where there are many', () => {
    const rates = axisScale(
      Array.from({ length: 20 }, (_, i) => 10 ** (-4 + i / 10)),
      [],
    );
    expect(rates.axis).toEqual({ type: 'log', min: 1e-4, max: 0.01 });
    expect(rates.place(0.0005)).toBe(0.0005);
  });

  test.each([
    [[], { type: 'value', min: 0, max: 1, interval: 0.2 }],
    [[0.5], { type: 'value', min: 0.5, max: 0.6, interval: 0.1 }],
    [[0], { type: 'value', min: 0, max: 0.2, interval: 0.2 }],
    [[97.23, 98.01], { type: 'value', min: 97.2, max: 98.2, interval: 0.2 }],
    [[-3, 4], { type: 'value', min: -4, max: 4, interval: 2 }],
    [[0.02, 0.3], { type: 'value', min: 0, max: 0.3, interval: 0.1 }],
    [[0.001, 0.3], { type: 'log', min: 0.001, max: 1 }],
    [[0, 1000], { type: 'value', min: 0, max: 1000, interval: 200 }],
  ])('of %j is %o', (numbers, axis) => {
    expect(numberAxis(numbers)).toEqual(axis);
  });

  test('ends where its numbers must', () => {
    expect(numberAxis([100, 100], 100)).toEqual({ type: 'value', min: 80, max: 100, interval: 20 });
    expect(numberAxis([99.97, 100], 100)).toEqual({ type: 'value', min: 99.97, max: 100, interval: 0.01 });
  });
});
