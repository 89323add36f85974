import { describe, expect, test } from 'vitest';
import { initialModel } from '../../src/model/initialise.ts';
import { prepare } from '../../src/train/prepare.ts';
import { deal } from '../../src/train/rounds.ts';
import type { RateChange } from '../../src/train/schedule.ts';
import { networksOf, trainerSettings } from '../../src/train/settings.ts';
import type { TrainerState } from '../../src/train/state.ts';
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
    [{ rateChanges: [{ step: 0, learningRate: 1 }] }, 'step of a learning rate: 0', 'above 0'],
    [{ rateChanges: [{ step: 1.5, learningRate: 1 }] }, 'step of a learning rate: 1.5', 'whole number'],
    [{ rateChanges: [{ step: 3, learningRate: 0 }] }, 'learning rate: 0', '1e-30'],
    [
      {
        rateChanges: [
          { step: 3, learningRate: 1 },
          { step: 3, learningRate: 2 },
        ],
      },
      'step of a learning rate: 3',
      'above 3',
    ],
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

test('without changes of the learning rate there is no such setting', () => {
  expect(trainerSettings({ rateChanges: [] })).not.toHaveProperty('rateChanges');
  const rateChanges = [{ step: 3, learningRate: 1 }];
  expect(trainerSettings({ rateChanges }).rateChanges).toEqual(rateChanges);
});

describe('a training that goes on', () => {
  const data = blobs({ train: 100 });
  const change = (step: number, learningRate: number) => ({ step, learningRate });
  /** After 20 steps. */
  const restore = (rateChanges: readonly RateChange[]): TrainerState => {
    const settings = trainerSettings({ hidden: [4], batchSize: 10, rateChanges });
    const prepared = prepare(data, settings);
    const { state } = deal(prepared, 1);
    return {
      spec: prepared.spec,
      settings,
      dataset: '',
      epoch: 3,
      rounds: [{ ...state, t: 20, place: 10, seconds: 0 }],
      networks: [
        {
          ...{ seed: 1, learningRate: 0.001, weightDecay: 0, diverged: null, stopped: false, best: null },
          history: [1, 2].map((epoch) => {
            return { epoch, loss: 1, accuracy: 1, valLoss: null, valAccuracy: null, seconds: 1 };
          }),
        },
      ],
    };
  };

  test('keeps its changes of the learning rate, and takes others for steps to come', () => {
    const trained = [change(5, 0.1), change(20, 0.2)];
    const pending = restore([...trained, change(21, 0.3)]);
    expect(prepare(data, { restore: pending }).settings.rateChanges).toEqual([...trained, change(21, 0.3)]);
    for (const coming of [[], [change(21, 0.4)], [change(30, 0.3), change(40, 0.2)]]) {
      const { settings } = prepare(data, { restore: pending, rateChanges: [...trained, ...coming] });
      expect(settings.rateChanges).toEqual([...trained, ...coming]);
    }
    expect(prepare(data, { restore: restore([]), rateChanges: [] }).settings).not.toHaveProperty(
      'rateChanges',
    );
  });

  test.each([
    [[change(5, 0.1)], []],
    [[change(5, 0.1)], [change(5, 0.2)]],
    [[change(5, 0.1)], [change(6, 0.1)]],
    [[], [change(20, 0.1)]],
  ])('refuses others than %j for what is trained', (before, rateChanges) => {
    expect(failure(() => prepare(data, { restore: restore(before), rateChanges }))).toMatchObject({
      code: 'usage',
      message: expect.stringContaining('rateChanges: '),
    });
  });
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
