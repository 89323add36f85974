import { describe, expect, test } from 'vitest';
import { ensemblePrediction, populationEvaluation } from '../../src/train/ensemble.ts';
import type { NetworkRecord } from '../../src/train/history.ts';
import { Network } from '../../src/train/network.ts';
import type { PlanName } from '../../src/train/plans/index.ts';
import type { TrainerState } from '../../src/train/state.ts';
import { Trainer, type TrainerOptions } from '../../src/train/trainer.ts';
import { blobs } from '../support/blobs.ts';
import { testDevice } from '../support/gpu.ts';
import {
  abortedAfter,
  otherDevice,
  trainFor,
  untimedHistory,
  untimedNetwork,
  untimedState,
} from '../support/training.ts';

const data = blobs();
const SETTINGS: TrainerOptions = {
  hidden: [4],
  batchSize: 12,
  optimizer: 'adamw',
  learningRate: [0.01, 0.05],
  weightDecay: [0, 0.3],
  models: 2,
  seed: 5,
  validationSplit: 0.2,
  warmup: 0.5,
  plan: 'layered-quads',
};

/** A network of a population alone. */
async function alone(
  settings: TrainerOptions,
  { seed, learningRate, weightDecay }: NetworkRecord,
  dataset = data,
) {
  return Trainer.create(await testDevice(), dataset, {
    ...settings,
    models: 1,
    seed,
    learningRate,
    weightDecay,
  });
}

test.each<PlanName>(['fused', 'layered', 'layered-quads', 'unfused'])(
  '%s: each network of a population is bit for bit what it is alone',
  async (plan) => {
    const settings = { ...SETTINGS, plan };
    const trainer = await Trainer.create(await testDevice(), data, settings);
    const records = await trainFor(trainer, 2);
    expect(
      trainer.networks.map(({ seed, learningRate, weightDecay }) => [learningRate, weightDecay, seed]),
    ).toEqual(
      [0.01, 0.05].flatMap((rate) => [0, 0.3].flatMap((decay) => [5, 6].map((seed) => [rate, decay, seed]))),
    );
    const [models, { networks }] = [await trainer.models(), await trainer.evaluateAll(data.test)];
    const own = [];
    for (const [i, network] of trainer.networks.entries()) {
      const single = await alone(settings, network);
      await trainFor(single, 2);
      expect(single.networks.map(untimedNetwork)).toEqual([untimedNetwork(network)]);
      expect(await single.model()).toEqual(models[i]);
      expect(await single.evaluate(data.test)).toEqual(networks[i]);
      own.push(single.history);
      single.destroy();
    }
    for (const { epoch, loss, accuracy, valLoss } of records) {
      const all = own.flatMap((history) => history[epoch - 1] ?? []);
      expect(all.length).toBe(8);
      const mean = (values: readonly number[]) =>
        values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(loss).toBeCloseTo(mean(all.map((record) => record.loss)), 12);
      expect(accuracy).toBeCloseTo(mean(all.map((record) => record.accuracy)), 12);
      expect(valLoss).toBeCloseTo(mean(all.map((record) => record.valLoss ?? Number.NaN)), 12);
    }
    trainer.destroy();
  },
);

test('the best network is chosen by validation, and is what a population answers with', async () => {
  const trainer = await Trainer.create(await testDevice(), data, SETTINGS);
  await trainFor(trainer, 2);
  const losses = trainer.networks.map(({ history }) => history.at(-1)?.valLoss ?? Number.NaN);
  const best = losses.indexOf(Math.min(...losses));
  expect(trainer.history).toEqual(trainer.networks[best]?.history);
  expect(await trainer.model()).toEqual((await trainer.models())[best]);
  const { networks, ensemble } = await trainer.evaluateAll(data.test);
  expect(await trainer.evaluate(data.test)).toEqual(networks[best]);
  const { probabilities, predictions } = ensemble;
  expect(await trainer.predict(data.test.images)).toEqual({ probabilities, predictions });
  expect(trainer.trained.samples).toBe(8 * 2 * 160);
  trainer.destroy();
});

describe('a network that diverges', () => {
  const rates: TrainerOptions = {
    ...SETTINGS,
    optimizer: 'adam',
    weightDecay: 0,
    learningRate: [0.01, 1e20],
  };

  test.each<PlanName>(['fused', 'layered', 'layered-quads', 'unfused'])(
    '%s: is marked where it does, and the others are as without it',
    async (plan) => {
      const settings = { ...rates, plan };
      const trainer = await Trainer.create(await testDevice(), data, settings);
      const records = await trainFor(trainer, 2);
      const models = await trainer.models();
      const evaluation = await trainer.evaluateAll(data.test);
      for (const [i, network] of trainer.networks.entries()) {
        const single = await alone(settings, network);
        if (network.learningRate === 1e20) {
          const { epoch, batch } = network.diverged ?? {};
          expect(epoch).toBe(1);
          await expect(trainFor(single, 2)).rejects.toMatchObject({
            code: 'diverged',
            message: expect.stringContaining(`in epoch 1, batch ${batch}.`),
          });
          expect([models[i], evaluation.networks[i]]).toEqual([null, null]);
        } else {
          await trainFor(single, 2);
          expect(await single.model()).toEqual(models[i]);
          expect(await single.evaluate(data.test)).toEqual(evaluation.networks[i]);
        }
        expect(single.networks.map(untimedNetwork)).toEqual([untimedNetwork(network)]);
        single.destroy();
      }
      const sound = evaluation.networks.filter((network) => network !== null);
      expect(sound.length).toBe(2);
      const together = populationEvaluation(sound, data.test.labels, data.classes);
      expect(evaluation.ensemble).toEqual(together.ensemble);
      expect(models.slice(0, 2)).toContainEqual(await trainer.model());
      const { probabilities, predictions } = together.ensemble;
      expect(await trainer.predict(data.test.images)).toEqual({ probabilities, predictions });
      const own = trainer.networks.slice(0, 2).map(({ history }) => history[1]?.loss ?? Number.NaN);
      expect(records[1]?.loss).toBeCloseTo(own.reduce((sum, loss) => sum + loss, 0) / 2, 12);
      trainer.destroy();
    },
  );

  test('is the same, however closely it is watched', async () => {
    const settings = { ...rates, batchSize: 1, learningRate: [1e20, 1e19, 0.01] };
    const quiet = await Trainer.create(await testDevice(), data, settings);
    await trainFor(quiet, 1);
    const watched = await Trainer.create(await otherDevice(), data, settings);
    await trainFor(watched, 1, {
      onProgress: ({ loss }) => expect(loss).toBeLessThan(Number.POSITIVE_INFINITY),
    });
    expect(untimedState(await watched.state())).toEqual(untimedState(await quiet.state()));
    quiet.destroy();
    watched.destroy();
  });

  describe('in its last update', () => {
    // An epoch is one batch: the only loss is that of the initial weights.
    const ruined = { ...rates, batchSize: 1000, models: 1, learningRate: [1e30, 0.01], validationSplit: 0 };

    async function expectSecond(trainer: Trainer, epoch: number) {
      expect(trainer.networks.map(({ diverged }) => diverged)).toEqual([{ epoch, batch: null }, null]);
      const [first, second] = await trainer.models();
      expect(first).toBe(null);
      expect(await trainer.model()).toEqual(second);
      const { networks, ensemble } = await trainer.evaluateAll(data.test);
      expect(networks).toEqual([null, ensemble]);
      expect(await trainer.evaluate(data.test)).toEqual(ensemble);
      expect(trainer.history).toEqual(trainer.networks[1]?.history);
      trainer.destroy();
    }

    test('costs the others nothing', async () => {
      const trainer = await Trainer.create(await testDevice(), data, ruined);
      const kept: TrainerState[] = [];
      const [record] = await trainFor(trainer, 1, { onSnapshot: (state) => void kept.push(state) });
      expect(trainer.networks.map(({ history }) => history)).toEqual([[], [record]]);
      expect(kept.at(-1)?.networks.map(({ diverged }) => diverged)).toEqual([
        { epoch: 1, batch: null },
        null,
      ]);
      await expectSecond(trainer, 1);
    });

    test('is seen where the training is interrupted', async () => {
      const trainer = await Trainer.create(await testDevice(), data, ruined);
      const controller = new AbortController();
      const interrupted = async () => {
        for await (const _ of trainer.fit({ epochs: 3, signal: controller.signal })) controller.abort();
      };
      await expect(interrupted()).rejects.toMatchObject({ code: 'interrupted' });
      await expectSecond(trainer, 1);
    });

    test('is not looked for between epochs, and yet it is not the best then', async () => {
      const trainer = await Trainer.create(await testDevice(), data, ruined);
      for await (const { epoch } of trainer.fit({ epochs: 2 })) {
        const { networks, ensemble } = await trainer.evaluateAll(data.test);
        expect(networks).toEqual([null, ensemble]);
        expect(await trainer.evaluate(data.test)).toEqual(ensemble);
        expect(trainer.networks[0]?.diverged).toEqual(epoch === 1 ? null : { epoch: 2, batch: 1 });
      }
      trainer.destroy();
    });

    test('ends the training where it is that of all', async () => {
      const settings = { ...ruined, learningRate: [1e30, 1e29] };
      const trainer = await Trainer.create(await testDevice(), data, settings);
      await expect(trainFor(trainer, 1)).rejects.toMatchObject({
        code: 'diverged',
        message: expect.stringContaining('after the last update of epoch 1'),
      });
      trainer.destroy();
    });
  });

  test('is marked where the training is interrupted, whatever its batches were', async () => {
    const settings = { ...rates, models: 1, learningRate: [0.01, 1e20] };
    const trainer = await Trainer.create(await testDevice(), data, settings);
    await expect(trainFor(trainer, 1, { signal: abortedAfter(4) })).rejects.toMatchObject({
      code: 'interrupted',
    });
    const [sound, lost] = trainer.networks;
    expect(sound?.diverged).toBe(null);
    expect(lost?.diverged).toMatchObject({ epoch: 1, batch: expect.any(Number) });
    expect((await trainer.evaluateAll(data.test)).networks[1]).toBe(null);
    expect(await trainer.model()).toEqual((await trainer.models())[0]);
    trainer.destroy();
  });

  test('ends the training where all do, and then there is nothing to ask', async () => {
    const trainer = await Trainer.create(await testDevice(), data, { ...rates, learningRate: [1e20, 1e25] });
    const diverged = { code: 'diverged', message: expect.stringContaining("No network's loss is finite") };
    const onSnapshot = () => {
      throw new Error('there is nothing to go on with');
    };
    await expect(trainFor(trainer, 3, { onSnapshot })).rejects.toMatchObject(diverged);
    expect(trainer.epochs).toBe(1);
    expect(trainer.history).toEqual([]);
    expect(await trainer.models()).toEqual([null, null, null, null]);
    await expect(trainFor(trainer, 1)).rejects.toMatchObject(diverged);
    await expect(trainer.evaluate(data.test)).rejects.toMatchObject(diverged);
    await expect(trainer.predict(data.test.images)).rejects.toMatchObject(diverged);
    await expect(trainer.model()).rejects.toMatchObject({ code: 'diverged' });
    const again = await Trainer.create(await otherDevice(), data, { restore: await trainer.state() });
    expect(again.networks).toEqual(trainer.networks);
    await expect(trainFor(again, 1)).rejects.toMatchObject(diverged);
    trainer.destroy();
    again.destroy();
  });
});

describe('early stopping', () => {
  /** Every fourth label is wrong: what is learned of them makes the validation loss worse. */
  const noisy = {
    ...data,
    train: {
      ...data.train,
      labels: data.train.labels.map((label, i) => (i % 4 === 0 ? (label + 1) % 3 : label)),
    },
  };
  const settings: TrainerOptions = {
    ...SETTINGS,
    optimizer: 'adam',
    weightDecay: 0,
    learningRate: [0.02, 0.1, 0.3],
    patience: 2,
  };

  async function stopped(epochs: number, between?: (trainer: Trainer) => Promise<unknown>) {
    const trainer = await Trainer.create(await testDevice(), noisy, settings);
    for await (const _ of trainer.fit({ epochs })) await between?.(trainer);
    return trainer;
  }

  test('ends each network by itself, and the weights that validated best are kept', async () => {
    const epochs = 12;
    const trainer = await stopped(epochs);
    const models = await trainer.models();
    const { networks: evaluations } = await trainer.evaluateAll(data.test);
    const lengths = new Set<number>();
    for (const [i, network] of trainer.networks.entries()) {
      const { history, epoch, stopped: isStopped } = network;
      lengths.add(history.length);
      const losses = history.map(({ valLoss }) => valLoss ?? Number.NaN);
      expect(epoch).toBe(1 + losses.indexOf(Math.min(...losses)));
      expect(isStopped).toBe(history.length - epoch >= 2);
      expect(isStopped || history.length === epochs).toBe(true);
      const single = await alone(settings, network, noisy);
      await trainFor(single, epochs);
      expect(single.networks.map(untimedNetwork)).toEqual([untimedNetwork(network)]);
      expect(await single.model()).toEqual(models[i]);
      expect(await single.evaluate(data.test)).toEqual(evaluations[i]);
      single.destroy();
      const short = await alone({ ...settings, patience: null }, network, noisy);
      await trainFor(short, epoch);
      expect(await short.model()).toEqual(models[i]);
      short.destroy();
    }
    expect(lengths.size).toBeGreaterThan(2);
    trainer.destroy();
  });

  test('goes on with the last weights, whatever the best ones are asked for meanwhile', async () => {
    const quiet = await stopped(6);
    const asked = await stopped(6, (trainer) =>
      Promise.all([trainer.evaluateAll(data.test), trainer.predict(data.test.images), trainer.models()]),
    );
    expect(untimedState(await asked.state())).toEqual(untimedState(await quiet.state()));
    quiet.destroy();
    asked.destroy();
  });

  test('is the same with questions at any moment', async () => {
    const quiet = await stopped(6);
    const trainer = await Trainer.create(await testDevice(), noisy, settings);
    const questions: Promise<unknown>[] = [];
    const timer = setInterval(() => {
      questions.push(trainer.evaluateAll(data.test), trainer.predict(data.test.images), trainer.models());
    }, 2);
    await trainFor(trainer, 6);
    clearInterval(timer);
    await Promise.all(questions);
    expect(questions.length).toBeGreaterThan(0);
    expect(untimedState(await trainer.state())).toEqual(untimedState(await quiet.state()));
    quiet.destroy();
    trainer.destroy();
  });

  test('ends the training once all networks are done, also a training that goes on', async () => {
    const trainer = await stopped(100);
    expect(trainer.networks.every((network) => network.stopped)).toBe(true);
    expect(trainer.epochs).toBe(Math.max(...trainer.networks.map(({ history }) => history.length)));
    const before = await trainer.state();
    expect(await trainFor(trainer, 5)).toEqual([]);
    expect(await trainer.state()).toEqual(before);
    const again = await Trainer.create(await otherDevice(), noisy, { restore: before });
    expect(await trainFor(again, 5)).toEqual([]);
    expect(again.networks).toEqual(trainer.networks);
    expect(await again.models()).toEqual(await trainer.models());
    trainer.destroy();
    again.destroy();
  });

  test('in the middle of an epoch, the best weights are those of an epoch before', async () => {
    const trainer = await Trainer.create(await testDevice(), noisy, {
      ...settings,
      learningRate: 0.02,
      models: 1,
    });
    await trainFor(trainer, 2);
    const best = await trainer.model();
    expect(trainer.networks[0]?.epoch).toBe(2);
    const again = await Trainer.create(await otherDevice(), noisy, { restore: await trainer.state() });
    const onProgress = async () => {
      expect(again.place.done).toBeGreaterThan(0);
      expect(await again.model()).toEqual(best);
      throw new Error('seen');
    };
    await expect(trainFor(again, 1, { onProgress })).rejects.toThrow('seen');
    trainer.destroy();
    again.destroy();
  });
});

describe('networks side by side', () => {
  test('answer as each does alone, and together by the mean of their probabilities', async () => {
    const device = await testDevice();
    const trainer = await Trainer.create(device, data, SETTINGS);
    await trainFor(trainer, 1);
    const models = (await trainer.models()).filter((model) => model !== null);
    const network = await Network.create(device, models);
    expect(await network.models()).toEqual(models);
    expect(await network.model()).toEqual(models[0]);
    const each = await network.predictEach(data.test.images);
    const { networks, ensemble } = await network.evaluateAll(data.test);
    for (const [i, model] of models.entries()) {
      const single = await Network.create(device, model);
      expect(await single.evaluate(data.test)).toEqual(networks[i]);
      expect(await single.predict(data.test.images)).toEqual(each[i]);
      single.destroy();
    }
    const mean = Float32Array.from(ensemble.probabilities, (_, at) => {
      return (
        each.reduce((sum, { probabilities }) => sum + (probabilities[at] ?? Number.NaN), 0) / each.length
      );
    });
    expect(ensemble.probabilities).toEqual(mean);
    expect(await network.predict(data.test.images)).toEqual(ensemblePrediction(each, data.classes));
    const losses = Array.from(
      data.test.labels,
      (label, row) => -Math.log(mean[3 * row + label] ?? Number.NaN),
    );
    expect(ensemble.loss).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / losses.length, 12);
    network.destroy();
    trainer.destroy();
  });

  test('are of one shape', async () => {
    const device = await testDevice();
    const [small, large] = await Promise.all(
      [3, 4].map(async (width) => {
        const trainer = await Trainer.create(device, data, { hidden: [width], plan: 'unfused' });
        const model = await trainer.model();
        trainer.destroy();
        return model;
      }),
    );
    if (!small || !large) throw new Error('there are two models');
    await expect(Network.create(device, [small, large])).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('20-3-3, 20-4-3'),
    });
    await expect(Network.create(device, [])).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('weights to start from', () => {
  async function given() {
    const trainer = await Trainer.create(await testDevice(), data, { hidden: [4], plan: 'unfused', seed: 9 });
    await trainFor(trainer, 1);
    const model = await trainer.model();
    trainer.destroy();
    return model;
  }

  test('are those of each network, whose shape is theirs', async () => {
    const initial = await given();
    const options: TrainerOptions = { initial, models: 3, seed: 2, plan: 'layered-quads' };
    const trainer = await Trainer.create(await testDevice(), data, options);
    expect(trainer.settings.hidden).toEqual([4]);
    expect(await trainer.models()).toEqual([initial, initial, initial]);
    await trainFor(trainer, 1);
    const models = await trainer.models();
    expect(models[0]).not.toEqual(models[1]);
    for (const [i, { seed }] of trainer.networks.entries()) {
      const single = await Trainer.create(await testDevice(), data, { ...options, models: 1, seed });
      await trainFor(single, 1);
      expect(await single.model()).toEqual(models[i]);
      expect(untimedHistory(single.history)).toEqual(untimedHistory(trainer.networks[i]?.history ?? []));
      single.destroy();
    }
    // What goes on needs them no more.
    const state = await trainer.state();
    const again = await Trainer.create(await testDevice(), data, { restore: state });
    expect(await again.models()).toEqual(models);
    again.destroy();
    await expect(Trainer.create(await testDevice(), data, { initial, restore: state })).rejects.toMatchObject(
      {
        code: 'usage',
      },
    );
    trainer.destroy();
  });

  test('of another shape are refused', async () => {
    const initial = await given();
    for (const [options, dataset] of [
      [{ initial, hidden: [5] }, data],
      [{ initial }, blobs({ width: 4 })],
      [{ initial }, blobs({ classes: 4 })],
    ] as const) {
      await expect(Trainer.create(await testDevice(), dataset, options)).rejects.toMatchObject({
        code: 'bad-model',
        message: expect.stringContaining('20-4-3'),
      });
    }
  });
});
