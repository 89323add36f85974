import { describe, expect, test } from 'vitest';
import { initialModel } from '../../src/model/initialise.ts';
import { prepare } from '../../src/train/prepare.ts';
import { networksOf, trainerSettings } from '../../src/train/settings.ts';
import type { TrainerOptions } from '../../src/train/trainer.ts';
import { blobs } from '../support/blobs.ts';
import { failure } from '../support/failure.ts';

describe('the settings of a training', () => {
  test("are Keras's where none are given, and the optimizer's own", () => {
    expect(trainerSettings({})).toMatchObject({
      hidden: [100],
      batchSize: 32,
      optimizer: 'adam',
      learningRate: 0.001,
      weightDecay: 0,
      models: 1,
      seed: 1,
      patience: null,
      plan: 'auto',
    });
    expect(trainerSettings({ optimizer: 'adamw' })).toMatchObject({
      learningRate: 0.001,
      weightDecay: 0.004,
    });
    expect(trainerSettings({ optimizer: 'sgd' })).toMatchObject({ learningRate: 0.01, momentum: 0 });
    expect(trainerSettings({ optimizer: 'adamw', weightDecay: 0 })).toMatchObject({ weightDecay: 0 });
  });

  test.each([
    [{ optimizer: 'adagrad' as 'adam' }, 'optimizer: adagrad', 'adam, adamw, sgd'],
    [{ models: 0 }, 'models: 0', 'whole number'],
    [{ models: 1.5 }, 'models: 1.5', 'whole number'],
    [{ models: 4097 }, 'networks: 4097', '1 to 4096'],
    [{ models: 2000, learningRate: [0.1, 0.2, 0.3] }, 'networks: 6000', 'learning rates'],
    [{ seed: Number.MAX_SAFE_INTEGER, models: 2 }, 'last seed: 9007199254740992', '2^53 - 1'],
    [{ learningRate: [] }, 'networks: 0', 'learning rates'],
    [{ learningRate: [0.1, 0] }, 'learning rate: 0', '1e-30'],
    [{ weightDecay: 0.1 }, 'weight decay: 0.1', 'adamw'],
    [{ optimizer: 'adamw', weightDecay: [0, 1.5] }, 'weight decay: 1.5', '0 to 1'],
    [{ momentum: 0.9 }, 'momentum: 0.9', 'sgd'],
    [{ patience: 0, validationSplit: 0.1 }, 'patience: 0', 'whole number'],
    [{ patience: 2 }, 'patience: 2', 'validation split'],
  ] as const)('%j is refused', (given, message, nextStep) => {
    expect(failure(() => trainerSettings(given))).toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
      nextStep: expect.stringContaining(nextStep),
    });
  });
});

test('a setting that is undefined is not given', () => {
  const data = blobs();
  const nothing = { hidden: undefined, learningRate: undefined, weightDecay: undefined, plan: undefined };
  const options = nothing as unknown as TrainerOptions;
  expect(prepare(data, options).settings).toEqual(trainerSettings({}));
  const initial = initialModel({ inputs: 20, hidden: [7], classes: 3 }, 1);
  expect(prepare(data, { ...options, initial }).settings.hidden).toEqual([7]);
});

test('networks are each rate with each decay with each seed', () => {
  expect(networksOf({ learningRate: [0.1, 0.2], weightDecay: [0, 1], seed: 7, models: 2 })).toEqual(
    [
      [0.1, 0, 7],
      [0.1, 0, 8],
      [0.1, 1, 7],
      [0.1, 1, 8],
      [0.2, 0, 7],
      [0.2, 0, 8],
      [0.2, 1, 7],
      [0.2, 1, 8],
    ].map(([learningRate, weightDecay, seed]) => ({ seed, learningRate, weightDecay })),
  );
  expect(networksOf({ learningRate: 0.1, weightDecay: 0, seed: 0, models: 1 })).toEqual([
    { seed: 0, learningRate: 0.1, weightDecay: 0 },
  ]);
});
