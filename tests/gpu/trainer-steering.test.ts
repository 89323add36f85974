import { describe, expect, test } from 'vitest';
import { ANY_TARGET } from '../../src/gpu/target.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import type { EpochRecord, Progress } from '../../src/train/history.ts';
import { trainingPlan } from '../../src/train/plans/index.ts';
import { recovering } from '../../src/train/recovery.ts';
import type { RateChange } from '../../src/train/schedule.ts';
import type { TrainerState } from '../../src/train/state.ts';
import { Trainer, type TrainerOptions } from '../../src/train/trainer.ts';
import { blobs } from '../support/blobs.ts';
import { openTestDevice, testDevice } from '../support/gpu.ts';
import { ADAM } from '../support/step.ts';
import { CHECKPOINT_NOTES } from '../support/trainer-state.ts';
import { abortedOnce, deviceWithLimits, otherDevice, trainFor, untimedState } from '../support/training.ts';

/** 160 of 200 samples to an epoch, in 14 batches, the last one short. */
const data = blobs();
const BATCHES = 14;
const EPOCHS = 3;

const SETTINGS: TrainerOptions = {
  hidden: [4],
  batchSize: 12,
  optimizer: 'adamw',
  learningRate: [0.02, 0.005],
  seed: 3,
  models: 2,
  validationSplit: 0.2,
  schedule: { name: 'cosine', epochs: EPOCHS },
  warmup: 0.5,
  plan: 'layered-quads',
};

const CHANGES: readonly RateChange[] = [
  { step: 6, learningRate: 0.1 },
  { step: 19, learningRate: 0.004 },
  { step: 29, learningRate: 0.05 },
];

function stored(state: TrainerState): TrainerState {
  return decodeCheckpoint(encodeCheckpoint(state, CHECKPOINT_NOTES)).state;
}

async function repeated(options: TrainerOptions, device?: GPUDevice) {
  const trainer = await Trainer.create(device ?? (await testDevice()), data, options);
  if (trainer.epochs < EPOCHS) await trainFor(trainer, EPOCHS - trainer.epochs);
  const state = untimedState(await trainer.state());
  trainer.destroy();
  return state;
}

/** Trains to the end one batch at a time, and changes the rate before those steps: in the middle of an epoch and between. */
async function steer(trainer: Trainer, onState: (state: TrainerState) => void = () => undefined) {
  const change = async (): Promise<void> => {
    const t =
      (trainer.epochs === trainer.place.done / BATCHES ? 0 : trainer.epochs * BATCHES) + trainer.place.done;
    onState(await trainer.state());
    for (const { step, learningRate } of CHANGES) {
      if (step === t + 1) expect(trainer.changeLearningRate(learningRate)).toEqual({ step, learningRate });
    }
  };
  const fitting = trainer.fit({
    epochs: EPOCHS - trainer.epochs,
    pace: () => 1,
    onProgress: ({ samples }) => (samples < 160 ? change() : undefined),
  });
  for await (const _ of fitting) await change();
}

describe('a learning rate that is changed while the training runs', () => {
  test.each(['layered-quads', 'unfused'] as const)(
    'gives the bits of a training that is told of the changes, under %s',
    async (plan) => {
      const options = { ...SETTINGS, plan };
      const trainer = await Trainer.create(await testDevice(), data, options);
      await steer(trainer);
      const expected = untimedState(await trainer.state());
      expect(expected.settings.rateChanges).toEqual(CHANGES);
      expect(trainer.rateChanges).toEqual([
        { step: 6, epoch: 5 / 14, before: null, after: 0.1 },
        { step: 19, epoch: 18 / 14, before: 0.1, after: 0.004 },
        { step: 29, epoch: 2, before: 0.004, after: 0.05 },
      ]);
      trainer.destroy();
      expect(await repeated({ ...options, rateChanges: CHANGES }, await otherDevice())).toEqual(expected);
      const unchanged = await repeated(options);
      expect(unchanged.networks[0]?.history[0]?.loss).not.toBe(expected.networks[0]?.history[0]?.loss);
    },
  );

  test('goes on to the bit from wherever a state was taken: with the changes made until then, or all of them', async () => {
    const trainer = await Trainer.create(await testDevice(), data, SETTINGS);
    const states: TrainerState[] = [];
    await steer(trainer, (state) => states.push(state));
    const expected = untimedState(await trainer.state());
    trainer.destroy();
    expect(states.length).toBe(EPOCHS * BATCHES);
    for (const i of [0, 4, 5, 6, 18, 27, 28, 40]) {
      const restore = stored(states[i] ?? (await trainer.state()));
      expect(restore.settings.rateChanges?.length ?? 0).toBe(
        CHANGES.filter(({ step }) => step < i + 2 && step - 1 < i + 1).length,
      );
      expect(await repeated({ restore, rateChanges: CHANGES }, await otherDevice())).toEqual(expected);
    }
    // As it was steered, once more.
    const again = await Trainer.create(await otherDevice(), data, {
      restore: stored(states[7] ?? (await trainer.state())),
    });
    await steer(again);
    expect(untimedState(await again.state())).toEqual(expected);
    again.destroy();
  });

  test('counts from the first step that was not submitted, at full speed too', async () => {
    const large = { ...data, train: blobs({ train: 6000 }).train };
    const options: TrainerOptions = { hidden: [4], batchSize: 8, plan: 'layered-quads' };
    const trainer = await Trainer.create(await testDevice(), large, options);
    const onProgress = () => {
      if (trainer.rateChanges.length > 0) return;
      const { done } = trainer.place;
      expect(trainer.changeLearningRate(0.1).step).toBe(done + 1);
    };
    await trainFor(trainer, 1, { onProgress });
    const expected = untimedState(await trainer.state());
    const { rateChanges = [] } = trainer.settings;
    trainer.destroy();
    expect(rateChanges.length).toBe(1);
    const told = await Trainer.create(await otherDevice(), large, { ...options, rateChanges });
    await trainFor(told, 1);
    expect(untimedState(await told.state())).toEqual(expected);
    told.destroy();
  });

  test('is changed for all networks at one step where they take turns', async () => {
    const wide = blobs({ train: 40, test: 20, height: 40, width: 50 });
    const spec = { inputs: 2000, hidden: [4], classes: 3 };
    const sizes = { spec, models: 2, batch: 8, samples: 40, orderLength: 40 };
    const { buffers } = trainingPlan('layered-quads', sizes, ADAM, ANY_TARGET);
    const device = await deviceWithLimits({
      maxStorageBufferBindingSize: Math.max(...buffers.map(({ size }) => size)),
    });
    const options: TrainerOptions = { hidden: [4], batchSize: 8, models: 3, plan: 'layered-quads' };
    const trainer = await Trainer.create(device, wide, options);
    expect(trainer.rounds).toBe(2);
    let asked = 0;
    const onProgress = () => {
      asked += 1;
      // Within the first round's first epoch; within the second round's, when the first round has had all of it.
      if (asked === 2) expect(trainer.changeLearningRate(0.1).step).toBe(3);
      if (asked === 7) expect(trainer.changeLearningRate(0.01).step).toBe(6);
    };
    await trainFor(trainer, 2, { pace: () => 1, onProgress });
    const found = await trainer.models();
    const { rateChanges = [] } = trainer.settings;
    trainer.destroy();
    expect(rateChanges.map(({ step }) => step)).toEqual([3, 6]);
    const together = await Trainer.create(await testDevice(), wide, { ...options, rateChanges });
    expect(together.rounds).toBe(1);
    await trainFor(together, 2);
    expect(await together.models()).toEqual(found);
    together.destroy();
  });

  test('stays where the device is lost before anything is kept of it', async () => {
    const options: TrainerOptions = { hidden: [4], batchSize: 12, plan: 'layered-quads' };
    let changes: readonly RateChange[] = [];
    let lost = 0;
    const found = await recovering(
      async () => (await openTestDevice({ optionalFeatures: ['subgroups'] })).device,
      async ({ opened: device, state, keep }) => {
        const trainer = await Trainer.create(device, data, {
          ...(state ? { restore: state } : options),
          rateChanges: changes,
        });
        const onProgress = ({ epoch, samples }: Progress) => {
          if (lost > 0 || epoch !== 2 || samples !== 60) return;
          trainer.changeLearningRate(0.2);
          changes = trainer.settings.rateChanges ?? [];
          device.destroy();
        };
        await trainFor(trainer, 3 - trainer.epochs, { pace: () => 1, onProgress, onSnapshot: keep });
        const { history } = trainer;
        device.destroy();
        return history.map(({ seconds: _, ...record }) => record);
      },
      () => {
        lost += 1;
      },
    );
    expect(lost).toBe(1);
    const told = await Trainer.create(await testDevice(), data, { ...options, rateChanges: changes });
    const records: Omit<EpochRecord, 'seconds'>[] = (await trainFor(told, 3)).map(
      ({ seconds: _, ...record }) => record,
    );
    told.destroy();
    expect(changes).toEqual([{ step: 17 + 5 + 1, learningRate: 0.2 }]);
    expect(found).toEqual(records);
  });

  test('is named by the error of a training that it ruined', async () => {
    const trainer = await Trainer.create(await testDevice(), data, {
      hidden: [4],
      batchSize: 12,
      plan: 'layered-quads',
    });
    await trainFor(trainer, 1);
    trainer.changeLearningRate(1e30);
    await expect(trainFor(trainer, 1)).rejects.toMatchObject({
      code: 'diverged',
      nextStep: expect.stringContaining('well below 1e+30'),
    });
    trainer.destroy();
  });
});

describe('the pace of a training', () => {
  test('leaves the bits as they are, and tells of each stretch', async () => {
    const options: TrainerOptions = { ...SETTINGS, patience: 2 };
    const expected = await repeated(options);
    const seen: number[] = [];
    const paces = [1, 1, 5, 1, 3, Number.POSITIVE_INFINITY];
    const trainer = await Trainer.create(await testDevice(), data, options);
    let asked = 0;
    const onProgress = async ({ epoch, samples, loss }: Progress) => {
      expect(loss).toBeGreaterThan(0);
      seen.push(160 * (epoch - 1) + samples);
      // Whoever waits holds the training.
      const { place } = trainer;
      await new Promise((resolve) => setTimeout(resolve, 1));
      expect(trainer.place).toEqual(place);
    };
    await trainFor(trainer, EPOCHS, {
      pace: () => (asked < paces.length ? (paces[asked++] ?? 1) : 2),
      onProgress,
    });
    expect(untimedState(await trainer.state())).toEqual(expected);
    trainer.destroy();
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(seen.slice(0, 3)).toEqual([12, 24, 84]);
    // Two batches at a time from the second epoch on, the last one with its short one.
    expect(seen.filter((place) => place > 160 && place <= 320)).toEqual([184, 208, 232, 256, 280, 304, 320]);
  });

  test('is stopped between two batches, and goes on from there', async () => {
    const expected = await repeated(SETTINGS);
    const trainer = await Trainer.create(await testDevice(), data, SETTINGS);
    const signal = abortedOnce(() => trainer.place.done === 4);
    await expect(trainFor(trainer, EPOCHS, { pace: () => 2, signal })).rejects.toMatchObject({
      code: 'interrupted',
    });
    expect(trainer.place).toEqual({ done: 4, of: BATCHES });
    const restore = stored(await trainer.state());
    trainer.destroy();
    expect(await repeated({ restore })).toEqual(expected);
  });

  test.each([0, -1, 1.5, Number.NaN])('%d is refused', async (pace) => {
    const trainer = await Trainer.create(await testDevice(), data, { ...SETTINGS });
    await expect(trainFor(trainer, 1, { pace: () => pace })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('pace: '),
    });
    // Nothing is lost.
    await trainFor(trainer, 1);
    trainer.destroy();
  });
});
