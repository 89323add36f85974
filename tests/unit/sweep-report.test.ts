import { describe, expect, test } from 'vitest';
import { mergeSweeps, networksCsv, type SweepFolder } from '../../src/sweep/report.ts';
import type { NetworkResult, TaskResult } from '../../src/sweep/result.ts';
import type { SweepTask } from '../../src/sweep/tasks.ts';
import { differingText, formatSweep, missingText } from '../../src/sweep/text.ts';
import { failure } from '../support/failure.ts';
import { madeFolder, madeMerge, madeResult, madeSweep } from '../support/sweeps.ts';

/** 48 networks in twelve tasks. */
const FILE = {
  axes: {
    learningRate: [0.0003, 0.001, 0.003, 0.6],
    hidden: [[], [64], [128, 64]],
    seed: { from: 1, to: 4 },
  },
  networksPerTask: 4,
};
const { sweep, tasks } = await madeSweep(FILE);
const whole = madeFolder(sweep, tasks);
const [first, second] = tasks as readonly [SweepTask, SweepTask, ...SweepTask[]];

function merged(...folders: [SweepFolder, ...SweepFolder[]]) {
  return mergeSweeps(folders, tasks);
}

/** Every third task, beginning with one of the first three. */
function shard(index: number): SweepFolder {
  return madeFolder(
    sweep,
    tasks.filter((_, i) => i % 3 === index),
    `shard-${index}`,
  );
}

describe('the report', () => {
  const alone = JSON.stringify(merged(whole).report);

  test.each<[string, [SweepFolder, ...SweepFolder[]]]>([
    ['three shards', [shard(0), shard(1), shard(2)]],
    ['three shards in another order', [shard(2), shard(0), shard(1)]],
    ['a shard twice', [shard(1), shard(0), shard(1), shard(2)]],
    ['all twice', [whole, madeFolder(sweep, tasks, 'again')]],
    ['the results of a folder in another order', [{ ...whole, results: whole.results.toReversed() }]],
    [
      'other times, adapters and plans',
      [
        {
          ...whole,
          results: tasks.map((task) => madeResult(task, { adapter: 'another', plan: 'fused', seconds: 1 })),
        },
      ],
    ],
    [
      'a failure that a later attempt made good',
      [
        { ...shard(0), failures: [{ task: second.name, message: 'lost', exitCode: 6, when: '2026-11-26' }] },
        shard(1),
        shard(2),
      ],
    ],
  ])('of %s is that of one process, byte for byte', (_, folders) => {
    const { report, differing } = merged(...folders);
    expect(JSON.stringify(report)).toBe(alone);
    expect(differing).toEqual([]);
  });

  test('has all networks, best first, those that diverged last', () => {
    const { networks, missing } = merged(whole).report;
    expect(networks).toHaveLength(48);
    expect(missing).toEqual([]);
    const accuracies = networks.map(({ validation }) => validation?.accuracy ?? -1);
    expect(accuracies).toEqual(accuracies.toSorted((a, b) => b - a));
    expect(networks.slice(36).every(({ status }) => status === 'diverged')).toBe(true);
    expect(new Set(networks.map(({ task }) => task)).size).toBe(12);
  });

  test('has means over seeds, best first, with intervals', () => {
    const { settings } = merged(whole).report;
    expect(settings).toHaveLength(12);
    const [best] = settings;
    expect(best?.settings).toMatchObject({ learningRate: 0.001, hidden: [128, 64] });
    expect(best).toMatchObject({ trained: 4, stopped: 0, diverged: 0, missing: 0 });
    const own = whole.results
      .flatMap(({ networks }) => networks)
      .filter(({ settings: { learningRate, hidden } }) => learningRate === 0.001 && hidden.length === 2);
    const mean = own.reduce((sum, { validation }) => sum + (validation?.accuracy ?? 0), 0) / 4;
    expect(best?.validation?.accuracy.mean).toBeCloseTo(mean, 12);
    const { interval } = best?.validation?.accuracy ?? {};
    expect(interval?.[0]).toBeLessThan(mean);
    expect(interval?.[1]).toBeGreaterThan(mean);
    expect(settings.at(-1)).toMatchObject({ trained: 0, diverged: 4, validation: null, test: null });
  });

  test('ranks by what the sweep file optimises', async () => {
    const { report } = await madeMerge({ ...FILE, objective: 'validationLoss' });
    const losses = report.networks.flatMap(({ validation }) => validation?.loss ?? []);
    expect(losses).toHaveLength(36);
    expect(losses).toEqual(losses.toSorted((a, b) => a - b));
  });

  test('keeps networks that halving stopped out of the means', () => {
    const stopped = (network: NetworkResult): NetworkResult => ({
      ...network,
      status: 'stopped',
      validation: { loss: 100, accuracy: 0 },
    });
    const results = whole.results.map((result) => ({
      ...result,
      networks: result.networks.map((network) => (network.settings.seed === 1 ? stopped(network) : network)),
    }));
    const { settings } = merged({ ...whole, results }).report;
    expect(settings[0]).toMatchObject({ trained: 3, stopped: 1, validation: { accuracy: { count: 3 } } });
  });
});

describe('runs', () => {
  test('have each result with its folder, adapter, plan and time, and which of them is reported', () => {
    const again = { ...madeFolder(sweep, [first], 'again'), results: [madeResult(first, { seconds: 3 })] };
    const { runs } = merged(whole, again).runs;
    expect(runs).toHaveLength(13);
    expect(runs.filter(({ task }) => task === first.name)).toEqual([
      {
        task: first.name,
        folder: 'runs/all',
        adapter: 'SwiftShader Device (Subzero)',
        plan: 'layered-quads',
        seconds: 12.5,
        reported: true,
      },
      expect.objectContaining({ folder: 'again', seconds: 3, reported: false }),
    ]);
  });
});

describe('a task with different results in two folders', () => {
  const changed = (result: TaskResult, loss: number): TaskResult => ({
    ...result,
    adapter: 'NVIDIA H100',
    networks: result.networks.map((network) => ({ ...network, validation: { loss, accuracy: 0.9 } })),
  });
  const other = {
    ...madeFolder(sweep, [first], 'elsewhere'),
    results: [changed(madeResult(first), 0.5)],
  };

  test('is said with both adapters', () => {
    const { differing } = merged(whole, shard(0), other);
    expect(differing).toHaveLength(1);
    const text = differingText(differing);
    expect(text).toContain(first.name);
    expect(text).toContain('elsewhere (NVIDIA H100)');
    expect(text).toContain('runs/all (SwiftShader Device (Subzero))');
    // The shard has the same result as the whole.
    expect(text).not.toContain('shard-0');
  });

  test('is reported from the adapter that has trained the most', () => {
    const report = (...folders: [SweepFolder, ...SweepFolder[]]) => JSON.stringify(merged(...folders).report);
    expect(report(other, whole)).toBe(report(whole));
    // Here it is the other one.
    const most = { ...whole, results: tasks.map((task) => changed(madeResult(task), 0.5)) };
    const few = madeFolder(sweep, tasks.slice(0, 2), 'few');
    expect(report(few, most)).toBe(report(most));
  });

  test('is reported from one adapter throughout where two have trained equally many', () => {
    const { report, runs } = merged(whole, {
      ...madeFolder(sweep, tasks, 'all-elsewhere'),
      results: tasks.map((task, i) => changed(madeResult(task), i % 2 === 0 ? 0.0001 : 0.9999)),
    });
    const reported = runs.runs.filter((run) => run.reported);
    expect(new Set(reported.map(({ adapter }) => adapter))).toEqual(new Set(['NVIDIA H100']));
    expect(reported).toHaveLength(tasks.length);
    expect(report.networks.some(({ validation }) => validation?.loss === 0.9999)).toBe(true);
  });

  test('gives the same report in any order', () => {
    expect(JSON.stringify(merged(other, whole).report)).toBe(JSON.stringify(merged(whole, other).report));
  });
});

describe('missing tasks', () => {
  const reasons = [
    { task: first.name, message: 'The GPU was lost.', exitCode: 6, when: '2026-11-26T09:00:00.000Z' },
    { task: first.name, message: 'The GPU was lost.', exitCode: 6, when: '2026-11-26T10:00:00.000Z' },
  ];
  const others = tasks.slice(3);
  const third = tasks[2] as SweepTask;
  const { report, runs } = merged({
    ...madeFolder(sweep, others),
    failures: reasons,
    begun: [first.name, second.name],
  });

  test('are named with their networks and why', () => {
    expect(report.networks).toHaveLength(36);
    expect(report.missing).toEqual([
      { task: first.name, networks: first.networks, reasons: ['The GPU was lost.'] },
      { task: second.name, networks: second.networks, reasons: ['It is not finished.'] },
      { task: third.name, networks: third.networks, reasons: ['It was not begun.'] },
    ]);
    expect(runs.failures.map(({ when }) => when)).toEqual(reasons.map(({ when }) => when));
    const lines = missingText(report).split('\n');
    expect(lines).toHaveLength(15);
    expect(lines.slice(0, 5)).toEqual([
      `Task ${first.name}, 4 networks: The GPU was lost.`,
      ...first.networks.map(
        ({ id, settings: { learningRate } }) => `  ${id}  hidden none, rate ${learningRate}, seed 1`,
      ),
    ]);
  });

  test('are named only in part where there are many', () => {
    const [task] = report.missing;
    if (!task) throw new Error('There is none.');
    const [network] = task.networks;
    if (!network) throw new Error('It has none.');
    const many = { ...task, networks: new Array(1000).fill(network) };
    const lines = missingText({ ...report, missing: new Array(100).fill(many) }).split('\n');
    expect(lines).toHaveLength(81);
    expect(lines.slice(0, 4)).toEqual([
      `Task ${task.task}, 1000 networks: The GPU was lost.`,
      expect.stringContaining(`  ${network.id}  `),
      expect.stringContaining(`  ${network.id}  `),
      '  … and 998 more',
    ]);
    expect(lines[80]).toBe('… and 80 tasks more, which report.json has with --partial.');
  });

  test('are counted in the table, and in the CSV have a line for each network', () => {
    expect(formatSweep(report)).toMatch(/^48 networks: \d+ trained, \d+ diverged, 12 missing\./);
    const lines = networksCsv(report).split('\r\n').slice(0, -1);
    expect(lines).toHaveLength(49);
    expect(lines.filter((line) => line.includes(',missing,'))).toHaveLength(12);
    expect(new Set(lines.map((line) => line.replace(/"[^"]*"/g, '').split(',').length)).size).toBe(1);
  });
});

describe('what does not belong together', () => {
  test('folders of two sweeps', async () => {
    const other = await madeSweep({ axes: { learningRate: [0.1] } });
    const error = failure(() => merged(whole, { ...madeFolder(other.sweep, [], 'runs/other') }));
    expect(error).toMatchObject({
      code: 'usage',
      message: 'runs/all and runs/other are not of the same sweep.',
    });
  });

  test('folders of two versions', () => {
    const older = { ...whole, name: 'runs/old', sweep: { ...sweep, shadegrad: '0.1.9' } };
    expect(failure(() => merged(whole, older))).toMatchObject({
      code: 'usage',
      message: 'runs/all is of version 0.2.0, and runs/old of version 0.1.9.',
    });
  });

  test('tasks that are not those of the sweep file', () => {
    const older = { ...sweep, tasks: sweep.tasks.slice(1) };
    expect(failure(() => merged({ ...whole, sweep: older }))).toMatchObject({
      code: 'bad-data',
      nextStep: 'Merge with version 0.2.0, which trained it.',
    });
  });

  test('a result of another sweep, and one without all networks', () => {
    const strange = madeResult({ ...first, name: '0123456789abcdef' });
    expect(failure(() => merged({ ...whole, results: [strange] })).message).toBe(
      'runs/all has a task that its sweep has not: 0123456789abcdef.',
    );
    const short = madeResult(first);
    const cut = { ...short, networks: short.networks.slice(1) };
    expect(failure(() => merged({ ...whole, results: [cut] }))).toMatchObject({ code: 'bad-data' });
  });
});

describe('the table', () => {
  test.each<[string, object]>([
    ['one network', {}],
    ['learning rates', { learningRate: [0.001, 0.01] }],
    ['seeds', { seed: { from: 1, to: 30 } }],
    [
      'everything',
      {
        data: ['auto', '/a/long/path/to/a/folder/of/pictures'],
        hidden: [[], [1024, 1024, 512, 256, 128]],
        optimizer: ['adam', 'adamw', 'sgd'],
        learningRate: [0.00012345, 0.001],
        weightDecay: [0.00001, 0.1],
        schedule: ['constant', 'cosine'],
        batchSize: [32, 1024],
        epochs: [1, 2],
        seed: [1, 2],
      },
    ],
  ])('of %s fits into 80 columns', async (_, axes) => {
    const text = formatSweep((await madeMerge({ axes })).report);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('has the settings that vary, and no others', async () => {
    const { report } = await madeMerge({ axes: { learningRate: [0.001, 0.01], batchSize: [64] } });
    expect(formatSweep(report).split('\n').slice(3)).toEqual([
      '   val. % *  val. loss  test %   rate',
      expect.stringMatching(/^1 {5}97\.\d\d {4}0\.0\d{4} {3}9\d\.\d\d {2}0\.001$/),
      expect.stringMatching(/^2 {5}96\.\d\d {5}0\.1\d{3} {3}96\.\d\d {3}0\.01$/),
    ]);
  });

  test('says what is left out', async () => {
    const text = formatSweep(merged(whole).report);
    expect(text).toContain('… 28 more in networks.csv');
    const [, means = ''] = text.split('Means over seeds, with 95 % intervals:\n\n');
    // Of twelve settings three have diverged.
    expect(means.split('\n')).toHaveLength(10);
    const intervals = [...means.matchAll(/\.(\d+) ± \d+\.(\d+)/g)];
    expect(intervals).toHaveLength(18);
    for (const [, mean, half] of intervals) expect(half).toHaveLength(mean?.length ?? 0);
  });
});
