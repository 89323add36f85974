import { expect, test } from 'vitest';
import { readBuffer } from '../../src/gpu/buffers.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { packParameters } from '../../src/model/layout.ts';
import { Executable } from '../../src/train/executable.ts';
import { fusedPlan } from '../../src/train/plans/fused.ts';
import { labelsAt, momentsOf, parametersOf } from '../../src/train/plans/sizes.ts';
import { Scheduler } from '../../src/train/scheduler.ts';
import { trainingSteps } from '../../src/train/step.ts';
import { Trainer, type TrainerOptions } from '../../src/train/trainer.ts';
import { blobs } from '../support/blobs.ts';
import { expectClose, paddedRows, testDevice } from '../support/gpu.ts';
import { ADAM, constantRates, everyStep } from '../support/step.ts';

const data = blobs();

test.each([
  { hidden: [10], batchSize: 33, validationSplit: 0.2 },
  { hidden: [4], batchSize: 7, validationSplit: 0 },
])('the fused plan trains two epochs as the unfused one does: %j', async (options: TrainerOptions) => {
  const train = async (plan: 'fused' | 'unfused') => {
    const trainer = await Trainer.create(await testDevice(), data, { ...options, plan });
    for await (const _ of trainer.fit({ epochs: 2 }));
    return trainer;
  };
  const [fused, unfused] = [await train('fused'), await train('unfused')];
  const [a, b] = [await fused.model(), await unfused.model()];
  for (const [i, { name, data: values }] of a.tensors.entries()) {
    expectClose(name, values, b.tensors[i]?.data ?? [], { absolute: 2e-5 });
  }
  for (const [i, record] of fused.history.entries()) {
    expect(record.loss).toBeCloseTo(unfused.history[i]?.loss ?? Number.NaN, 5);
    expect(record.accuracy).toBe(unfused.history[i]?.accuracy);
    expect(record.valAccuracy).toBe(unfused.history[i]?.valAccuracy);
  }
  fused.destroy();
  unfused.destroy();
});

const SPEC = { inputs: 20, hidden: [5], classes: 3 };
const SIZES = { spec: SPEC, models: 1, batch: 9, samples: data.train.count, orderLength: 100 };

async function executable() {
  const made = await Executable.create(await testDevice(), fusedPlan('fused-2', SIZES, ADAM, 2));
  const samples = new Uint8Array(made.buffer('samples').size);
  samples.set(paddedRows(data.train.images, SPEC.inputs));
  samples.set(data.train.labels, 4 * labelsAt(SIZES));
  made.write('samples', samples);
  for (const [layer, packed] of packParameters(initialModel(SPEC, 1)).entries()) {
    made.write(parametersOf(layer), packed);
  }
  return made;
}

/** An epoch's steps, after `trained` steps. */
const stepsFrom = (trained: number) =>
  everyStep(trainingSteps(SIZES.orderLength, SIZES.batch, trained, ADAM, constantRates(1, 0.01)));

/** A different order of samples for each epoch. */
const order = (epoch: number) => Uint32Array.from({ length: SIZES.orderLength }, (_, i) => i + epoch);

async function state(made: Executable) {
  const names = [0, 1].flatMap((layer) => [parametersOf(layer), momentsOf(layer)]);
  const read = (name: string) => readBuffer(made.device, made.buffer(name));
  return Promise.all([...names, 'metrics'].map(async (name) => new Float32Array(await read(name))));
}

test('the fused plan makes the same bits of one submit and of many, over two epochs', async () => {
  const [whole, cut] = [await executable(), await executable()];
  for (const epoch of [0, 1]) {
    const steps = stepsFrom(12 * epoch);
    expect(steps.length).toBe(12);
    for (const made of [whole, cut]) made.write('order', order(epoch));
    whole.submit(steps);
    for (const [start, end] of [
      [0, 1],
      [1, 4],
      [4, 11],
      [11, 12],
    ]) {
      cut.submit(steps.slice(start, end));
    }
    expect(await state(cut)).toEqual(await state(whole));
  }
  whole.destroy();
  cut.destroy();
});

test('the fused plan goes on from where an epoch was left, in another order', async () => {
  const [left, exact] = [await executable(), await executable()];
  const steps = stepsFrom(0);
  let submitted = 0;
  const scheduler = new Scheduler({
    device: left.device,
    submit: (some) => {
      submitted += some.length;
      left.submit(some);
    },
  });
  left.write('order', order(0));
  for await (const _ of scheduler.run(steps)) break;
  exact.write('order', order(0));
  exact.submit(steps.slice(0, submitted));
  const again = stepsFrom(submitted);
  left.write('order', order(1));
  for await (const _ of scheduler.run(again));
  exact.write('order', order(1));
  exact.submit(again);
  expect(await state(left)).toEqual(await state(exact));
  left.destroy();
  exact.destroy();
});
