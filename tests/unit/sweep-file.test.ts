import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { DATASET_NAMES } from '../../src/node/datasets.ts';
import { parseSweepFile } from '../../src/sweep/file.ts';
import { OPTIMIZER_NAMES } from '../../src/train/optimizer.ts';
import { PLAN_NAMES } from '../../src/train/plans/index.ts';
import { SCHEDULE_NAMES } from '../../src/train/schedule.ts';
import { MOST_NETWORKS, trainerSettings } from '../../src/train/settings.ts';
import { failure } from '../support/failure.ts';

const messageOf = (text: string): string => failure(() => parseSweepFile('sweep.json', text)).message;

test('what is left out has the defaults of a training', () => {
  const { axes, ...rest } = parseSweepFile('sweep.json', '{ "axes": {} }');
  const { hidden, batchSize, seed, optimizer, schedule, momentum, warmup, patience } = trainerSettings({});
  expect(axes).toEqual({
    data: ['auto'],
    hidden: [hidden],
    batchSize: [batchSize],
    seed: [seed],
    epochs: [10],
    optimizer: [optimizer],
    schedule: [schedule.name],
  });
  expect(rest).toEqual({
    sample: 'grid',
    settings: { momentum, warmup, patience, validationSplit: 0.1, plan: null, imageSize: null },
    objective: 'validationAccuracy',
    networksPerTask: 16,
    stop: null,
  });
  expect(DATASET_NAMES).toContain('auto');
});

test('what is there stays as it is, and is the same when it is read again', () => {
  const text = JSON.stringify({
    $schema: './node_modules/shadegrad/schemas/sweep.schema.json',
    axes: {
      hidden: { from: 8, to: 64, scale: 'log' },
      learningRate: { from: 1e-4, to: 1e-1, scale: 'log' },
      weightDecay: [0, 0.01],
      optimizer: ['adam', 'adamw', 'sgd'],
      seed: { from: 3, to: 6 },
    },
    sample: { method: 'sobol', count: 8, seed: 1 },
    settings: { momentum: 0.9, plan: 'layered', imageSize: { width: 28, height: 28 } },
    objective: 'validationLoss',
    stop: { halving: 3 },
  });
  const file = parseSweepFile('sweep.json', text);
  expect(file.axes).toMatchObject({ hidden: { from: 8, to: 64, scale: 'log' }, seed: [3, 4, 5, 6] });
  expect(file).not.toHaveProperty('$schema');
  expect(parseSweepFile('sweep.json', JSON.stringify(file))).toEqual(file);
});

describe('an error names file, line, column and path', () => {
  test.each([
    [
      '{\n  "axes": {\n    "learningRate": [0.1, 0]\n  }\n}',
      '3:27: axes.learningRate[1] is 0, and must be >= 1e-30.',
    ],
    ['{"axes": {"hidden": [100]}}', '1:22: axes.hidden[0] is 100, and must be a list.'],
    ['{"axes": {"hidden": [[1.5]]}}', '1:23: axes.hidden[0][0] is 1.5, and must be a whole number.'],
    ['{"axes": {"epochs": 3}}', '1:21: axes.epochs is 3, and must be a list or an object.'],
    ['{"axes": {"epochs": []}}', '1:21: axes.epochs is empty.'],
    ['{"axes": {"epochs": [2, 2]}}', '1:21: axes.epochs has the same value at [0] and [1].'],
    ['{"axes": {"lr": [1]}}', '1:17: axes.lr is not known; here are: data, hidden, '],
    ['{"axes": {"optimizer": ["adagrad"]}}', '1:25: axes.optimizer[0] is "adagrad", and must be "adam" or '],
    ['{"axes": {}, "stop": {}}', '1:22: stop lacks "halving".'],
    ['{"axes": {}, "sample": "random"}', '1:24: sample is "random", and must be "grid".'],
    [
      '{"axes": {}, "settings": {"validationSplit": 0}}',
      '1:46: settings.validationSplit is 0, and must be > 0.',
    ],
    ['{}', '1:1: The file lacks "axes".'],
    ['[]', '1:1: The file is [], and must be an object.'],
    ['{"axes": {},\r\n\r\n"axes": {}}', '3:1: axes is there twice.'],
    ['{"axes": {},}', '1:13: This is no JSON: property name expected.'],
    ['{"axes": {}} // a comment', '1:14: This is no JSON: invalid comment token.'],
  ])('%s', (text, message) => expect(messageOf(text)).toContain(`sweep.json:${message}`));

  test('several are told, in the order of the file', () => {
    expect(messageOf('{"objective": "speed",\n "axes": {"seed": [-1], "data": [""]}}').split('\n')).toEqual([
      'sweep.json:1:15: objective is "speed", and must be "validationAccuracy" or "validationLoss".',
      'sweep.json:2:20: axes.seed[0] is -1, and must be >= 0.',
      'sweep.json:2:34: axes.data[0] is empty.',
    ]);
  });

  test.each([
    ['{"axes": {"learningRate": {"from": 1, "to": 2, "scale": "linear"}}}', 'a grid needs a list'],
    ['{"axes": {"weightDecay": [0.1]}}', 'needs the optimizer "adamw"'],
    ['{"axes": {}, "settings": {"momentum": 0.5}}', 'needs the optimizer "sgd"'],
    ['{"axes": {"seed": {"from": 2, "to": 1}}}', 'a range from 2 to 1, which is less'],
    ['{"axes": {"seed": {"from": 0, "to": 1000000}}}', 'makes 100,001 networks or more'],
  ])('what contradicts the rest: %s', (text, message) => expect(messageOf(text)).toContain(message));

  test('a range of logarithms from 0', () => {
    const decay = '{"from": 0, "to": 1, "scale": "log"}';
    const rest = '"sample": {"method": "random", "count": 2, "seed": 1}';
    expect(messageOf(`{"axes": {"optimizer": ["adamw"], "weightDecay": ${decay}}, ${rest}}`)).toContain(
      '1:59: axes.weightDecay.from is 0, and a range with the scale "log" begins above 0.',
    );
  });

  test('an empty file', () => {
    for (const text of ['', '\n', '\uFEFF\r\n']) expect(messageOf(text)).toBe('sweep.json is empty.');
    expect(messageOf('}')).toContain('sweep.json:1:1: This is no JSON: value expected.');
  });

  test('what comes after a byte order mark', () => {
    expect(parseSweepFile('sweep.json', '\uFEFF{"axes": {}}')).toEqual(
      parseSweepFile('sweep.json', '{"axes": {}}'),
    );
    expect(messageOf('\uFEFF{"axes": {},}')).toContain('sweep.json:1:13: This is no JSON');
  });
});

test('the schema knows the names and numbers that the library knows', async () => {
  const schema = JSON.parse(await readFile('schemas/sweep.schema.json', 'utf8'));
  const { axes, settings, networksPerTask } = schema.properties;
  expect(axes.properties.optimizer.items.enum).toEqual(OPTIMIZER_NAMES);
  expect(axes.properties.schedule.items.enum).toEqual(SCHEDULE_NAMES);
  expect(settings.properties.plan.enum).toEqual([null, 'auto', ...PLAN_NAMES]);
  expect(networksPerTask.maximum).toBe(MOST_NETWORKS);
});
