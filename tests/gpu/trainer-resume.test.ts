import { describe, expect, test } from 'vitest';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { OPTIMIZER_NAMES } from '../../src/train/optimizer.ts';
import type { PlanName } from '../../src/train/plans/index.ts';
import type { RoundState, TrainerState } from '../../src/train/state.ts';
import { Trainer, type TrainerOptions } from '../../src/train/trainer.ts';
import { blobs } from '../support/blobs.ts';
import { testDevice } from '../support/gpu.ts';
import { CHECKPOINT_NOTES } from '../support/trainer-state.ts';
import { abortedAfter, abortedOnce, otherDevice, trainFor, untimedState } from '../support/training.ts';

const data = blobs();
const EPOCHS = 3;

const PLANS: readonly PlanName[] = ['fused', 'fused-2', 'layered', 'layered-32', 'layered-quads', 'unfused'];
const CASES = PLANS.flatMap((plan) =>
  OPTIMIZER_NAMES.filter((optimizer) => optimizer !== 'sgd' || !plan.startsWith('fused')).map(
    (optimizer) => ({
      plan,
      optimizer,
    }),
  ),
);

/** 160 samples to an epoch, in 14 batches, the last one short. */
const SETTINGS: TrainerOptions = {
  hidden: [4],
  batchSize: 12,
  learningRate: 0.02,
  seed: 3,
  validationSplit: 0.2,
  patience: 2,
  schedule: { name: 'cosine', epochs: EPOCHS },
  warmup: 0.5,
  plan: 'layered',
};

/** As from a file. */
function stored(state: TrainerState): TrainerState {
  return decodeCheckpoint(encodeCheckpoint(state, CHECKPOINT_NOTES)).state;
}

/** Trains up to `epochs`; an interruption is no failure. */
async function fitTo(trainer: Trainer, epochs: number, signal?: AbortSignal): Promise<void> {
  if (trainer.epochs === epochs) return;
  try {
    await trainFor(trainer, epochs - trainer.epochs, signal && { signal });
  } catch (error) {
    expect(error).toMatchObject({ code: 'interrupted' });
  }
}

/** All that a training comes to, but for the time that it takes. */
async function outcome(trainer: Trainer) {
  return {
    state: untimedState(await trainer.state()),
    model: await trainer.model(),
    evaluation: await trainer.evaluate(data.test),
  };
}

async function uninterrupted(options: TrainerOptions, epochs = EPOCHS) {
  const trainer = await Trainer.create(await testDevice(), data, options);
  await trainFor(trainer, epochs);
  const result = await outcome(trainer);
  trainer.destroy();
  return result;
}

async function resumed(state: TrainerState, epochs = EPOCHS, options: TrainerOptions = {}) {
  const trainer = await Trainer.create(await otherDevice(), data, { ...options, restore: state });
  await fitTo(trainer, epochs);
  const result = await outcome(trainer);
  trainer.destroy();
  return result;
}

describe.each(CASES)('$plan with $optimizer', ({ plan, optimizer }) => {
  const options: TrainerOptions = {
    ...SETTINGS,
    plan,
    optimizer,
    ...(optimizer === 'sgd' && { momentum: 0.9 }),
  };

  test('goes on to the bit from wherever it was interrupted, on another device', async () => {
    const expected = await uninterrupted(options);
    expect(expected.state.networks[0]?.history.length).toBe(EPOCHS);
    const places: string[] = [];
    let state: TrainerState | undefined;
    // So many submits each time: before the first batch, in the middle, over the end of an epoch.
    for (let leg = 0; !state || places.at(-1) !== `${EPOCHS}: 14`; leg++) {
      const device = leg % 2 === 0 ? await testDevice() : await otherDevice();
      const trainer = await Trainer.create(device, data, state ? { restore: state } : options);
      if (state) expect(untimedState(await trainer.state())).toEqual(untimedState(state));
      await fitTo(trainer, EPOCHS, abortedAfter([0, 1, 3, 2, 4][leg % 5] ?? 0));
      state = stored(await trainer.state());
      places.push(`${state.epoch}: ${state.rounds[0]?.place}`);
      trainer.destroy();
    }
    expect(places[0]).toBe('1: 0');
    expect(places.filter((place) => /^[23]: ([1-9]|1[0-3])$/.test(place)).length).toBeGreaterThan(1);
    expect(await resumed(state)).toEqual(expected);
  });
});

test('an interruption between two epochs, and one in the last batch, lose nothing', async () => {
  const expected = await uninterrupted(SETTINGS);
  const trainer = await Trainer.create(await testDevice(), data, SETTINGS);
  const states: TrainerState[] = [];
  // When all of the first epoch is submitted, which therefore comes to its end.
  const interrupted = trainFor(trainer, EPOCHS, {
    signal: abortedOnce(() => trainer.place.done === 14),
    onSnapshot: (state) => void states.push(state),
    snapshotSeconds: 0,
  });
  await expect(interrupted).rejects.toMatchObject({ code: 'interrupted' });
  expect(trainer.epochs).toBe(1);
  expect(untimedState(states.at(-1) ?? (await trainer.state()))).toEqual(untimedState(await trainer.state()));
  for (const state of states) expect(await resumed(stored(state))).toEqual(expected);
  trainer.destroy();
});

test('each snapshot of a training that goes on is enough to go on from', async () => {
  const large = { ...data, train: blobs({ train: 2000 }).train };
  const options: TrainerOptions = { ...SETTINGS, batchSize: 8, models: 2 };
  const trainer = await Trainer.create(await testDevice(), large, options);
  const states: TrainerState[] = [];
  const asked: Promise<TrainerState>[] = [];
  // Also asked for at any moment: between an epoch's last step and its record, too.
  const timer = setInterval(() => asked.push(trainer.state()), 5);
  await trainFor(trainer, 2, { onSnapshot: (state) => void states.push(state), snapshotSeconds: 1e-9 });
  clearInterval(timer);
  const expected = await trainer.state();
  trainer.destroy();
  const all = [...states, ...(await Promise.all(asked))];
  const byPlace = new Map(
    all.map((state) => {
      const { networks, epoch, rounds } = state;
      return [`${epoch} ${rounds[0]?.t} ${networks[0]?.history.length}`, state];
    }),
  );
  expect(states.some(({ rounds }) => (rounds[0]?.place ?? 0) % 200 > 0)).toBe(true);
  const every = Math.ceil(byPlace.size / 5);
  for (const state of [...byPlace.values()].filter((_, i) => i % every === 0)) {
    const again = await Trainer.create(await otherDevice(), large, { restore: stored(state) });
    await fitTo(again, 2);
    expect(untimedState(await again.state())).toEqual(untimedState(expected));
    again.destroy();
  }
});

describe('a training that goes on', () => {
  async function interruptedState(options: TrainerOptions = SETTINGS): Promise<TrainerState> {
    const trainer = await Trainer.create(await testDevice(), data, options);
    await trainFor(trainer, 1);
    await fitTo(trainer, 2, abortedAfter(0));
    const again = await Trainer.create(await otherDevice(), data, { restore: await trainer.state() });
    await fitTo(again, 2, abortedAfter(3));
    const state = await again.state();
    expect(again.epochs).toBe(1);
    const { done, of } = again.place;
    expect(done).toBe(state.rounds[0]?.place);
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(of);
    trainer.destroy();
    again.destroy();
    return state;
  }

  test('knows where it is, and counts the time before', async () => {
    const state = await interruptedState();
    const slow = { ...state, rounds: state.rounds.map((round) => ({ ...round, seconds: 1000 })) };
    const trainer = await Trainer.create(await testDevice(), data, { restore: slow });
    expect(trainer.epochs).toBe(1);
    expect(trainer.history).toEqual(state.networks[0]?.history);
    const [record] = await trainFor(trainer, 1);
    expect(record?.epoch).toBe(2);
    expect(record?.seconds).toBeGreaterThan(1000);
    expect(record?.seconds).toBeLessThan(1100);
    expect(trainer.place).toEqual({ done: 0, of: 14 });
    expect(trainer.trained.samples).toBe(320);
    trainer.destroy();
  });

  test('goes on with another plan, close to what the first would have made', async () => {
    const state = await interruptedState();
    const { model } = await resumed(state, EPOCHS, { plan: 'unfused' });
    const expected = (await resumed(state)).model;
    for (const [i, { name, data: values }] of model.tensors.entries()) {
      const largest = values.reduce((most, value, j) => {
        return Math.max(most, Math.abs(value - (expected.tensors[i]?.data[j] ?? Number.NaN)));
      }, 0);
      expect(largest, name).toBeLessThan(2e-5);
    }
  });

  test('takes settings that it had before, and names one that contradicts them', async () => {
    const state = await interruptedState();
    const device = await testDevice();
    const reordered = { epochs: EPOCHS, name: 'cosine' } as const;
    const trainer = await Trainer.create(device, data, { ...SETTINGS, schedule: reordered, restore: state });
    trainer.destroy();
    for (const [options, name] of [
      [{ hidden: [5] }, 'hidden: [5]'],
      [{ batchSize: 13 }, 'batchSize: 13'],
      [{ optimizer: 'sgd' }, 'optimizer: "sgd"'],
      [{ learningRate: 0.03 }, 'learningRate: 0.03'],
      [{ learningRate: [0.02, 0.03] }, 'learningRate: [0.02,0.03]'],
      [{ schedule: { name: 'cosine', epochs: 4 } }, 'schedule: {"epochs":4,"name":"cosine"}'],
      [{ warmup: 0 }, 'warmup: 0'],
      [{ seed: 4 }, 'seed: 4'],
      [{ models: 2 }, 'models: 2'],
      [{ validationSplit: 0 }, 'validationSplit: 0'],
      [{ patience: null }, 'patience: null'],
      [{ beta1: 0.8 }, 'beta1: 0.8'],
    ] as const) {
      await expect(Trainer.create(device, data, { ...options, restore: state })).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringContaining(`${name} contradicts`),
      });
    }
  });

  test('is refused other data, and what a damaged state cannot have come from', async () => {
    const state = await interruptedState();
    const device = await testDevice();
    const { images, labels, count } = data.train;
    for (const other of [
      { ...data, train: { images: images.with(7, (images[7] ?? 0) ^ 1), labels, count } },
      { ...data, test: { ...data.test, labels: data.test.labels.toReversed() } },
      blobs({ width: 4 }),
    ]) {
      await expect(Trainer.create(device, other, { restore: state })).rejects.toMatchObject({
        code: 'bad-data',
      });
    }
    const [round] = state.rounds;
    const [network] = state.networks;
    if (!round || !network) throw new Error('there is a network');
    const rounds = (change: Partial<RoundState>) => ({ ...state, rounds: [{ ...round, ...change }] });
    for (const damaged of [
      rounds({ t: round.t + 1 }),
      rounds({ t: round.t + 14 }),
      rounds({ t: round.place }),
      rounds({ place: round.place + 1 }),
      rounds({ place: -1, t: 13 }),
      rounds({ place: 15, t: 29 }),
      rounds({ place: Number.NaN }),
      rounds({ sums: [...round.sums, ...round.sums] }),
      rounds({ sums: [] }),
      rounds({ parameters: round.parameters.slice(1) }),
      rounds({ moments: round.moments.map((moments) => moments.slice(1)) }),
      { ...state, rounds: [] },
      { ...state, rounds: [round, round] },
      { ...state, epoch: 1 },
      { ...state, epoch: 3 },
      { ...state, networks: [] },
      { ...state, networks: [network, network] },
      { ...state, networks: [{ ...network, seed: 9 }] },
      { ...state, networks: [{ ...network, history: [] }] },
      { ...state, networks: [{ ...network, history: network.history.map((r) => ({ ...r, epoch: 7 })) }] },
      { ...state, networks: [{ ...network, history: [...network.history, ...network.history] }] },
    ]) {
      await expect(Trainer.create(device, data, { restore: damaged })).rejects.toMatchObject({
        code: 'bad-model',
      });
    }
  });

  test('is refused a plan that the device or its optimizer lacks', async () => {
    const device = await testDevice();
    const state = await interruptedState({ ...SETTINGS, plan: 'layered-quads' });
    const without = new Proxy(device, {
      get: (target, name) => (name === 'features' ? new Set() : Reflect.get(target, name, target)),
    });
    await expect(Trainer.create(without, data, { restore: state })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('"layered-quads" needs what this device lacks'),
      nextStep: expect.stringContaining('another plan'),
    });
    const sgd = await interruptedState({ ...SETTINGS, optimizer: 'sgd' });
    await expect(Trainer.create(device, data, { plan: 'fused', restore: sgd })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('has no sgd'),
    });
  });

  test('trains more epochs than were asked for at first, but not beyond the end of a cosine', async () => {
    const constant: TrainerOptions = { ...SETTINGS, schedule: { name: 'constant' } };
    const expected = await uninterrupted(constant, 5);
    const state = await stateAfter(constant, 2);
    expect(await resumed(stored(state), 5)).toEqual(expected);
    const trainer = await Trainer.create(await testDevice(), data, { restore: await interruptedState() });
    await expect(trainFor(trainer, 3)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('epoch 4'),
    });
    await trainFor(trainer, 2);
    await expect(trainFor(trainer, 1)).rejects.toMatchObject({ code: 'usage' });
    expect(trainer.epochs).toBe(3);
    trainer.destroy();
  });

  async function stateAfter(options: TrainerOptions, epochs: number): Promise<TrainerState> {
    const trainer = await Trainer.create(await testDevice(), data, options);
    await trainFor(trainer, epochs);
    const state = await trainer.state();
    trainer.destroy();
    return state;
  }

  test('has the batch size that was asked for, however few samples there are', async () => {
    const options: TrainerOptions = { hidden: [], batchSize: 100_000, plan: 'unfused' };
    const state = await stateAfter(options, 1);
    const trainer = await Trainer.create(await testDevice(), data, { ...options, restore: state });
    expect(trainer.settings.batchSize).toBe(200);
    await trainFor(trainer, 1);
    expect(trainer.history.length).toBe(2);
    trainer.destroy();
  });
});

test('a trainer that was never trained has a state to go on from', async () => {
  const trainer = await Trainer.create(await testDevice(), data, SETTINGS);
  const state = await trainer.state();
  expect(state.epoch).toBe(0);
  expect(trainer.history).toEqual([]);
  expect(trainer.trained).toEqual({ samples: 0, seconds: 0 });
  expect(trainer.networks).toMatchObject([{ history: [], diverged: null, stopped: false, epoch: 0 }]);
  expect(trainer.place).toEqual({ done: 0, of: 14 });
  expect(await resumed(stored(state))).toEqual(await uninterrupted(SETTINGS));
  trainer.destroy();
});

test('a callback that throws ends the training, which can go on', async () => {
  const expected = await uninterrupted(SETTINGS);
  for (const option of ['onProgress', 'onSnapshot'] as const) {
    const trainer = await Trainer.create(await testDevice(), data, SETTINGS);
    const fail = () => {
      throw new Error(`in ${option}`);
    };
    await expect(trainFor(trainer, 1, { [option]: fail })).rejects.toThrow(`in ${option}`);
    await fitTo(trainer, EPOCHS);
    expect(await outcome(trainer)).toEqual(expected);
    trainer.destroy();
  }
});

test('leaving the loop waits for the snapshot under way', async () => {
  const trainer = await Trainer.create(await testDevice(), data, SETTINGS);
  let written = 0;
  const onSnapshot = async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    written++;
  };
  for await (const _ of trainer.fit({ epochs: 2, onSnapshot })) break;
  expect(written).toBe(1);
  trainer.destroy();
});

test('leaving the loop tells of a snapshot that failed, unless something else has', async () => {
  const trainer = await Trainer.create(await testDevice(), data, SETTINGS);
  const onSnapshot = async () => {
    throw new Error('in onSnapshot');
  };
  const leave = async (how?: Error) => {
    for await (const _ of trainer.fit({ epochs: 1, onSnapshot })) {
      if (how) throw how;
      break;
    }
  };
  await expect(leave()).rejects.toThrow('in onSnapshot');
  await expect(leave(new Error('in the loop'))).rejects.toThrow('in the loop');
  trainer.destroy();
});
