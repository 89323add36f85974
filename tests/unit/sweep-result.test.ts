import { expect, test } from 'vitest';
import { type NetworkResult, readSweep, readTaskFailure, readTaskResult } from '../../src/sweep/result.ts';
import { failure } from '../support/failure.ts';

const NETWORK: NetworkResult = {
  id: '0123456789ab',
  settings: {
    data: 'mnist',
    hidden: [100],
    learningRate: 0.001,
    weightDecay: 0,
    batchSize: 32,
    seed: 1,
    epochs: 2,
    optimizer: 'adam',
    schedule: 'constant',
  },
  status: 'diverged',
  epochs: [{ loss: 0.1 + 0.2, accuracy: 0.9, validationLoss: 1e-9, validationAccuracy: 1 }],
  epoch: 1,
  validation: null,
  test: null,
  weights: null,
};

const RESULT = {
  format: 1,
  task: '0123456789abcdef',
  adapter: 'an adapter',
  plan: 'layered',
  seconds: 0.1,
  networks: [NETWORK],
};

test('a result is read as it was written, to the byte', () => {
  const text = JSON.stringify(RESULT);
  expect(JSON.stringify(readTaskResult('result.json', text))).toBe(text);
});

test.each([
  [{ ...RESULT, task: 'abc' }, 'task is "abc"'],
  [{ ...RESULT, networks: [] }, 'networks is a list of 0'],
  [{ ...RESULT, networks: [{ ...NETWORK, status: 'lost' }] }, 'networks[0].status is "lost"'],
  [{ ...RESULT, format: 2 }, 'a later version of shadegrad wrote it, in format 2'],
  [{ ...RESULT, format: undefined }, 'format is missing'],
])('what is wrong in it is told', (result, message) => {
  const error = failure(() => readTaskResult('tasks/x/result.json', JSON.stringify(result)));
  expect(error.code).toBe('bad-data');
  expect(error.message).toContain('tasks/x/result.json is not as "shadegrad sweep" wrote it: ');
  expect(error.message).toContain(message);
  expect(error.nextStep).toContain('run the sweep again');
});

test('what is no JSON is told, of every file', () => {
  for (const read of [readTaskResult, readTaskFailure, readSweep]) {
    expect(failure(() => read('a.json', '{'))).toMatchObject({ code: 'bad-data' });
  }
});

test('a sweep has a file that could be run', () => {
  const dataset = { source: 'auto', name: 'mnist', sha256: '0'.repeat(64), shape: { height: 1, width: 1 } };
  const sweep = {
    format: 1,
    shadegrad: '1.2.3',
    file: { axes: {} },
    datasets: [{ ...dataset, classes: 2, train: 1, test: 1 }],
    tasks: [{ name: RESULT.task, networks: [NETWORK.id] }],
  };
  expect(readSweep('sweep.json', JSON.stringify(sweep)).file).toMatchObject({ networksPerTask: 16 });
  const wrong = { ...sweep, file: { axes: { epochs: [0] } } };
  expect(failure(() => readSweep('sweep.json', JSON.stringify(wrong))).message).toContain(
    'axes.epochs[0] is 0, and must be >= 1',
  );
});
