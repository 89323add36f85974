import { describe, expect, test, vi } from 'vitest';
import { ANY_TARGET } from '../../src/gpu/target.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { type PlanName, trainingPlan } from '../../src/train/plans/index.ts';
import { Orders } from '../../src/train/rounds.ts';
import type { TrainerState } from '../../src/train/state.ts';
import { populationLimits, Trainer, type TrainerOptions, trainerLimits } from '../../src/train/trainer.ts';
import { blobs } from '../support/blobs.ts';
import { testDevice } from '../support/gpu.ts';
import { ADAM } from '../support/step.ts';
import { CHECKPOINT_NOTES } from '../support/trainer-state.ts';
import { abortedAfter, deviceWithLimits, trainFor, untimedNetwork } from '../support/training.ts';

/** Few images, and large: what each network has for itself is more than what they share. */
const data = blobs({ train: 40, test: 20, height: 40, width: 50 });
const BATCHES = 6;

/** 7 networks, of which three are side by side: the third round is filled up. */
const ROOM = 3;
const SETTINGS: TrainerOptions = {
  hidden: [4],
  batchSize: 6,
  learningRate: 0.01,
  models: 7,
  validationSplit: 0.15,
  patience: 2,
  plan: 'layered-quads',
};

/** A device with room for three networks. */
async function smallDevice(plan: PlanName = 'layered-quads', batch = 6, less = 0): Promise<GPUDevice> {
  const spec = { inputs: 2000, hidden: [4], classes: 3 };
  const sizes = { spec, models: ROOM, batch, samples: 40, orderLength: 34 };
  const { buffers } = trainingPlan(plan, sizes, ADAM, ANY_TARGET);
  return deviceWithLimits({
    maxStorageBufferBindingSize: Math.max(...buffers.map(({ size }) => size)) - less,
  });
}

async function outcome(trainer: Trainer) {
  return {
    networks: trainer.networks.map(untimedNetwork),
    models: await trainer.models(),
    evaluation: await trainer.evaluateAll(data.test),
    trained: trainer.trained.samples,
  };
}

async function sideBySide(settings: TrainerOptions, epochs: number) {
  const trainer = await Trainer.create(await testDevice(), data, settings);
  expect(trainer.rounds).toBe(1);
  const records = (await trainFor(trainer, epochs)).map(({ seconds: _, ...record }) => record);
  const result = await outcome(trainer);
  trainer.destroy();
  return { records, result };
}

describe.each<PlanName>(['fused', 'layered-quads', 'unfused'])('%s in rounds', (plan) => {
  // Three batches to an epoch.
  const settings = { ...SETTINGS, plan, batchSize: 12 };

  test('has the bits of all networks side by side, evaluated after every epoch or not', async () => {
    const { records, result } = await sideBySide(settings, 2);
    const trainer = await Trainer.create(await smallDevice(plan, 12), data, settings);
    expect(trainer.rounds).toBe(3);
    const seen = [];
    for await (const { seconds, ...record } of trainer.fit({ epochs: 2 })) {
      expect(trainer.place).toEqual({ done: 0, of: 3 * 3 });
      const last = trainer.networks.map(({ history }) => history.at(-1)?.seconds ?? Number.NaN);
      // Rounds take turns, so their times add up.
      expect(seconds).toBeCloseTo((last[0] ?? 0) + (last[3] ?? 0) + (last[6] ?? 0), 12);
      if (record.epoch < 2) await Promise.all([trainer.evaluateAll(data.test), trainer.models()]);
      seen.push(record);
    }
    expect(seen).toEqual(records);
    expect(await outcome(trainer)).toEqual(result);
    trainer.destroy();
  });
});

test('a training in rounds goes on from wherever it was interrupted', async () => {
  const { result } = await sideBySide(SETTINGS, 3);
  const device = await smallDevice();
  let state: TrainerState | undefined;
  const places = new Set<string>();
  for (let leg = 0; ; leg++) {
    const trainer = await Trainer.create(device, data, state ? { restore: state } : SETTINGS);
    const signal = abortedAfter([1, 2, 1, 3, 0][leg % 5] ?? 0);
    const left = 3 - trainer.epochs;
    const ended =
      left === 0 ||
      (await trainFor(trainer, left, { signal }).then(
        () => true,
        () => false,
      ));
    state = decodeCheckpoint(encodeCheckpoint(await trainer.state(), CHECKPOINT_NOTES)).state;
    const running = state.rounds.findIndex(({ place }) => place % BATCHES > 0);
    if (running >= 0) {
      places.add(`epoch ${state.epoch}, round ${running}`);
      const before = state.rounds.slice(0, running).reduce((sum, { place }) => sum + place, 0);
      expect(trainer.place).toEqual({ done: before + (state.rounds[running]?.place ?? 0), of: 3 * BATCHES });
    }
    if (ended) {
      expect(await outcome(trainer)).toEqual(result);
      trainer.destroy();
      break;
    }
    trainer.destroy();
  }
  expect(places.size).toBeGreaterThan(4);
});

test('a round has its order made once an epoch', async () => {
  const joined = vi.spyOn(Orders.prototype, 'joined');
  const trainer = await Trainer.create(await smallDevice(), data, SETTINGS);
  await trainFor(trainer, 3);
  expect(trainer.rounds).toBe(3);
  expect(joined).toHaveBeenCalledTimes(3 * 3);
  joined.mockRestore();
  trainer.destroy();
});

test('networks may be asked at any moment, and nothing comes of it', async () => {
  const { result } = await sideBySide(SETTINGS, 3);
  const trainer = await Trainer.create(await smallDevice(), data, SETTINGS);
  let [training, questions] = [true, 0];
  const asking = async () => {
    while (training) {
      await Promise.all([trainer.evaluateAll(data.test), trainer.predict(data.test.images), trainer.state()]);
      questions++;
    }
  };
  const asked = asking();
  const progress: number[] = [];
  await trainFor(trainer, 3, {
    onProgress: ({ epoch, samples }) => void progress.push(34 * epoch + samples),
  });
  training = false;
  await asked;
  expect(questions).toBeGreaterThan(0);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(progress.at(-1)).toBe(4 * 34);
  expect(await outcome(trainer)).toEqual(result);
  trainer.destroy();
});

test('a round whose networks are done is passed over, however many epochs follow', async () => {
  // The networks of the first round diverge, and those of the others learn.
  const options: TrainerOptions = { ...SETTINGS, models: 1, learningRate: [1e20, 1e25, 1e28, 0.001, 0.002] };
  const { records, result } = await sideBySide(options, 9);
  const trainer = await Trainer.create(await smallDevice(), data, options);
  const seen = [];
  for await (const { seconds, ...record } of trainer.fit({ epochs: 9 })) {
    if (record.epoch > 1) expect(seconds).toBe(trainer.networks[3]?.history.at(-1)?.seconds);
    seen.push(record);
  }
  expect(seen).toEqual(records);
  expect(trainer.networks.map(({ diverged }) => diverged !== null)).toEqual([true, true, true, false, false]);
  expect(await outcome(trainer)).toEqual(result);
  const state = decodeCheckpoint(encodeCheckpoint(await trainer.state(), CHECKPOINT_NOTES)).state;
  const again = await Trainer.create(await smallDevice(), data, { restore: state });
  await trainFor(again, 1);
  expect((await outcome(again)).networks[3]?.history.length).toBe(10);
  trainer.destroy();
  again.destroy();
});

test('limits are told for one network and for all, and for what was side by side where it goes on', async () => {
  const settings: TrainerOptions = { ...SETTINGS, hidden: [1024, 1024], models: 20, plan: 'layered' };
  const large = 'maxStorageBufferBindingSize';
  expect(trainerLimits(data, settings)).toEqual({});
  // Adam's two moments of the largest layer.
  expect(populationLimits(data, settings)[large]).toBe(20 * 2 * 4 * 2001 * 1024);
  const trainer = await Trainer.create(await smallDevice(), data, SETTINGS);
  const state = await trainer.state();
  trainer.destroy();
  const smaller = await smallDevice('layered-quads', 6, 4);
  await expect(Trainer.create(smaller, data, { restore: state })).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining(large),
    nextStep: expect.stringContaining('has 3 networks side by side, as before: use a device with this limit'),
  });
});
