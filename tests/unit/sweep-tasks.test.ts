import { describe, expect, test } from 'vitest';
import { parseSweepFile } from '../../src/sweep/file.ts';
import { mostEpochs, rungsOf, survivors, taskRungs } from '../../src/sweep/halving.ts';
import { byObjective } from '../../src/sweep/result.ts';
import { shardFrom, tasksOfShard } from '../../src/sweep/shards.ts';
import { type SweepDataset, sweepTasks, trainerOptions } from '../../src/sweep/tasks.ts';
import { trainerSettings } from '../../src/train/settings.ts';
import { failure } from '../support/failure.ts';

const dataset = (source: string, digit: string): SweepDataset => ({
  source,
  name: source,
  sha256: digit.repeat(64),
  shape: { height: 4, width: 5 },
  classes: 3,
  train: 100,
  test: 10,
});

const DATA = [dataset('auto', '0'), dataset('other', '1'), dataset('copy', '0')];

const parsed = (file: object) => parseSweepFile('sweep.json', JSON.stringify(file));
const tasksOf = (file: object) => sweepTasks(parsed(file), DATA);

describe('tasks', () => {
  test('hold what can be side by side, in equal parts, those of the first seed first', async () => {
    const tasks = await tasksOf({
      axes: { hidden: [[4], [8]], learningRate: [0.1, 0.2], seed: [1, 2, 3, 4, 5] },
      networksPerTask: 4,
    });
    expect(tasks.map(({ networks }) => networks.length)).toEqual([3, 3, 4, 3, 3, 4]);
    expect(tasks[0]?.networks.map(({ settings: { seed, learningRate } }) => [seed, learningRate])).toEqual([
      [1, 0.1],
      [1, 0.2],
      [2, 0.1],
    ]);
    const ids = tasks.flatMap(({ networks }) => networks.map(({ id }) => id));
    expect(new Set(ids).size).toBe(20);
    expect(ids.every((id) => /^[0-9a-f]{12}$/.test(id))).toBe(true);
    expect(tasks.every(({ name }) => /^[0-9a-f]{16}$/.test(name))).toBe(true);
  });

  test('have names that nothing changes but what they train', async () => {
    const file = { axes: { learningRate: [0.1, 0.2] } };
    const [task] = await tasksOf(file);
    // Written down once: another name would have finished tasks trained again.
    expect(task?.name).toBe('9f0f48282ca48fb5');
    expect((await tasksOf({ ...file, objective: 'validationLoss' }))[0]?.name).toBe(task?.name);
    expect((await tasksOf({ axes: { ...file.axes, data: ['copy'] } }))[0]?.name).toBe(task?.name);
    for (const other of [
      { axes: { ...file.axes, data: ['other'] } },
      { axes: { ...file.axes, epochs: [11] } },
      { ...file, settings: { validationSplit: 0.2 } },
      { ...file, settings: { plan: 'unfused' } },
      { ...file, stop: { halving: 3 } },
      { axes: { learningRate: [0.1] } },
    ]) {
      expect((await tasksOf(other))[0]?.name).not.toBe(task?.name);
    }
    const halving = { ...file, stop: { halving: 3 } };
    const [byAccuracy, byLoss] = [
      await tasksOf(halving),
      await tasksOf({ ...halving, objective: 'validationLoss' }),
    ];
    expect(byLoss[0]?.name).not.toBe(byAccuracy[0]?.name);
  });

  test('have each network once', async () => {
    const sample = { method: 'random', count: 50, seed: 1 };
    const drawn = await tasksOf({ axes: { learningRate: [0.1, 0.2] }, sample });
    expect(drawn.map(({ networks }) => networks.length)).toEqual([2]);
    const same = await tasksOf({ axes: { data: ['auto', 'copy', 'other'] } });
    expect(same.map(({ networks }) => networks[0].settings.data)).toEqual(['auto', 'other']);
  });

  test('give a decay to adamw alone, and each optimizer its own learning rate', async () => {
    const tasks = await tasksOf({ axes: { optimizer: ['adam', 'adamw', 'sgd'], weightDecay: [0, 0.1] } });
    const networks = tasks.flatMap((task) => task.networks.map(({ settings }) => settings));
    expect(
      networks.map(({ optimizer, weightDecay, learningRate }) => [optimizer, weightDecay, learningRate]),
    ).toEqual([
      ['adam', 0, 0.001],
      ['adamw', 0, 0.001],
      ['adamw', 0.1, 0.001],
      ['sgd', 0, 0.01],
    ]);
  });

  test('have options that a trainer takes', async () => {
    const file = parsed({
      axes: { optimizer: ['sgd'], schedule: ['step'], epochs: [7], learningRate: [0.1, 0.2] },
      settings: { momentum: 0.5, patience: 2 },
    });
    const [task] = await sweepTasks(file, DATA);
    if (!task) throw new Error('There is no task.');
    const options = trainerOptions(file, task);
    expect(options.schedule).toEqual({ name: 'step', epochs: 3, factor: 0.1 });
    expect(options).not.toHaveProperty('plan');
    expect(trainerSettings(options)).toMatchObject({ momentum: 0.5, patience: 2, learningRate: [0.1, 0.2] });
  });

  test('have settings in the order in which a result has them', async () => {
    const [task] = await tasksOf({ axes: { seed: [2] } });
    expect(JSON.stringify(task?.networks[0].settings)).toBe(
      '{"data":"auto","hidden":[100],"learningRate":0.001,"weightDecay":0,"batchSize":32,"seed":2,"epochs":10,' +
        '"optimizer":"adam","schedule":"constant"}',
    );
  });

  test('know their work', async () => {
    const [small, large] = await tasksOf({ axes: { hidden: [[], [8]], epochs: [2], seed: [1, 2] } });
    expect(small?.work).toBe(21 * 3 * 100 * 2 * 2);
    expect(large?.work).toBe((21 * 8 + 9 * 3) * 100 * 2 * 2);
  });
});

describe('shards', () => {
  test('are disjoint, whole, about equal, and begin with their heaviest task', async () => {
    const tasks = await tasksOf({
      axes: { hidden: { from: 1, to: 99, scale: 'log' } },
      sample: { method: 'sobol', count: 64, seed: 1 },
    });
    for (const count of [1, 2, 5, 200]) {
      const shards = Array.from({ length: count }, (_, i) => tasksOfShard(tasks, { index: i + 1, count }));
      const names = shards.flat().map(({ name }) => name);
      expect(names.toSorted()).toEqual(tasks.map(({ name }) => name).toSorted());
      const works = shards.map((shard) => shard.reduce((sum, { work }) => sum + work, 0));
      const heaviest = Math.max(...tasks.map(({ work }) => work));
      expect(Math.max(...works) - Math.min(...works)).toBeLessThanOrEqual(heaviest);
      for (const shard of shards) {
        expect(shard).toEqual(shard.toSorted((a, b) => b.work - a.work || (a.name < b.name ? -1 : 1)));
      }
      // The order of the tasks does not matter.
      expect(tasksOfShard(tasks.toReversed(), { index: 1, count })).toEqual(shards[0]);
    }
  });

  const slurm = (id: number, count: number, least: number, most: number, step = 1) => ({
    SLURM_ARRAY_TASK_ID: `${id}`,
    SLURM_ARRAY_TASK_COUNT: `${count}`,
    SLURM_ARRAY_TASK_MIN: `${least}`,
    SLURM_ARRAY_TASK_MAX: `${most}`,
    SLURM_ARRAY_TASK_STEP: `${step}`,
  });

  test.each([
    [{}, {}, { index: 1, count: 1, from: null }],
    [{ shard: { index: 2, count: 3 } }, slurm(1, 8, 1, 8), { index: 2, count: 3, from: '--shard' }],
    [{}, slurm(0, 8, 0, 7), { index: 1, count: 8, from: 'SLURM_ARRAY_TASK_ID' }],
    [{}, slurm(7, 8, 0, 7), { index: 8, count: 8, from: 'SLURM_ARRAY_TASK_ID' }],
    [{ shards: 8 }, slurm(8, 8, 1, 8), { index: 8, count: 8, from: 'SLURM_ARRAY_TASK_ID' }],
    [{}, slurm(10, 3, 5, 15, 5), { index: 2, count: 3, from: 'SLURM_ARRAY_TASK_ID' }],
    [{ shards: 4 }, { JOB_COMPLETION_INDEX: '0' }, { index: 1, count: 4, from: 'JOB_COMPLETION_INDEX' }],
    [{ shards: 4 }, { JOB_COMPLETION_INDEX: '3' }, { index: 4, count: 4, from: 'JOB_COMPLETION_INDEX' }],
  ])('%j in %j', (flags, environment, shard) => expect(shardFrom(flags, environment)).toEqual(shard));

  test.each([
    [{ shards: 4 }, {}, '--shards 4: which of them'],
    [{ shards: 4, shard: { index: 1, count: 2 } }, {}, '--shard has 2'],
    [{ shards: 4 }, slurm(1, 8, 1, 8), 'the Slurm array has 8'],
    [{}, { JOB_COMPLETION_INDEX: '0' }, 'how many shards there are is not said'],
    [{ shards: 2 }, { JOB_COMPLETION_INDEX: '2' }, 'There is no shard 3 of 2'],
    [{ shards: 2 }, { JOB_COMPLETION_INDEX: 'x' }, 'JOB_COMPLETION_INDEX is "x"'],
    [{}, slurm(3, 3, 1, 7), '3 from 1 to 7, do not have equal gaps'],
    [{}, { SLURM_ARRAY_TASK_ID: '1' }, 'SLURM_ARRAY_TASK_COUNT is missing'],
  ])('%j in %j is refused', (flags, environment, message) => {
    expect(failure(() => shardFrom(flags, environment)).message).toContain(message);
  });
});

describe('successive halving', () => {
  test.each([
    [
      9,
      27,
      3,
      [
        [3, 3],
        [9, 1],
      ],
    ],
    [
      16,
      10,
      3,
      [
        [2, 5],
        [4, 1],
      ],
    ],
    [
      8,
      8,
      2,
      [
        [1, 4],
        [2, 2],
        [4, 1],
      ],
    ],
    // Several at one epoch are one, and none is at the end.
    [27, 3, 3, [[1, 9]]],
    [9, 1, 3, []],
    [2, 10, 3, []],
    [1, 10, 2, []],
  ])('%i settings for %i epochs, by %i', (networks, epochs, eta, rungs) => {
    expect(rungsOf(networks, epochs, eta)).toEqual(rungs.map(([epoch, keep]) => ({ epoch, keep })));
  });

  const SETTINGS = {
    data: 'auto',
    hidden: [4],
    weightDecay: 0,
    batchSize: 1,
    epochs: 9,
    optimizer: 'adam',
    schedule: 'constant',
  } as const;
  let rates = 0;
  const network = (id: string, accuracy: number | null, loss = 1, learningRate = ++rates, seed = 1) => ({
    id,
    settings: { ...SETTINGS, learningRate, seed },
    validation: accuracy === null ? null : { accuracy, loss },
  });
  const NETWORKS = [network('c', 0.5, 3), network('b', 0.9, 2), network('d', null), network('a', 0.5, 1)];

  test('keeps the best, of equals the lower ids, and none that diverged', () => {
    expect(survivors(NETWORKS, 2, 'validationAccuracy')).toEqual([1, 3]);
    expect(survivors(NETWORKS, 1, 'validationLoss')).toEqual([3]);
    expect(survivors(NETWORKS, 4, 'validationLoss')).toEqual([0, 1, 3]);
  });

  test('ranks settings by the mean over their seeds, and those with diverged seeds last', () => {
    const seeds = [
      network('a', 0.99, 1, 100, 1),
      network('b', 0.8, 1, 200, 1),
      network('c', 0.999, 1, 300, 1),
      network('d', 0.5, 1, 100, 2),
      network('e', 0.8, 1, 200, 2),
      network('f', null, 1, 300, 2),
    ];
    expect(survivors(seeds, 1, 'validationAccuracy')).toEqual([1, 4]);
    expect(survivors(seeds, 2, 'validationAccuracy')).toEqual([0, 1, 3, 4]);
    expect(survivors(seeds, 3, 'validationAccuracy')).toEqual([0, 1, 2, 3, 4]);
  });

  test('has whole settings in each task, and rungs by their number', async () => {
    const axes = { learningRate: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], seed: [1, 2, 3], epochs: [9] };
    const file = { axes, networksPerTask: 10, stop: { halving: 2 } };
    const tasks = await tasksOf(file);
    const rates = (task: (typeof tasks)[number]) =>
      task.networks.map(({ settings: { learningRate } }) => learningRate);
    expect(tasks.map(rates)).toEqual([
      [0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.3, 0.3, 0.3],
      [0.4, 0.4, 0.4, 0.5, 0.5, 0.5, 0.6, 0.6, 0.6],
    ]);
    const rungs = tasks.map((task) => taskRungs(parsed(file), task));
    expect(rungs).toEqual([[{ epoch: 5, keep: 1 }], [{ epoch: 5, keep: 1 }]]);
    // Nine networks for five epochs, and three for the four that are left; all for nine where nobody competes.
    expect(tasks.map((task) => mostEpochs(parsed(file), task))).toEqual([57, 57]);
    expect(tasks.map((task) => mostEpochs({ stop: null }, task))).toEqual([81, 81]);
    // Where not even one setting has room, nobody competes.
    const small = { ...file, networksPerTask: 2 };
    const cut = await tasksOf(small);
    expect(cut).toHaveLength(12);
    expect(cut.flatMap((task) => taskRungs(parsed(small), task))).toEqual([]);
    expect(cut.every((task) => new Set(rates(task)).size === 1)).toBe(true);
  });

  test('ranks by the objective', () => {
    const ranked = (objective: 'validationAccuracy' | 'validationLoss') =>
      NETWORKS.toSorted(byObjective(objective)).map(({ id }) => id);
    expect(ranked('validationAccuracy')).toEqual(['b', 'a', 'c', 'd']);
    expect(ranked('validationLoss')).toEqual(['a', 'b', 'c', 'd']);
  });
});
