import { describe, expect, test } from 'vitest';
import { readBuffer } from '../../src/gpu/buffers.ts';
import { packParameters, unpackParameters } from '../../src/model/layout.ts';
import { denseLayers } from '../../src/model/spec.ts';
import { Executable } from '../../src/train/executable.ts';
import { PLAN_NAMES, type PlanName, trainingPlan } from '../../src/train/plans/index.ts';
import { parametersOf } from '../../src/train/plans/sizes.ts';
import { Scheduler } from '../../src/train/scheduler.ts';
import { trainingSteps } from '../../src/train/steps.ts';
import { golden, goldenModel, goldenSpec } from '../support/golden.ts';
import { expectClose, paddedRows, testDevice } from '../support/gpu.ts';
import { randomData } from '../support/random.ts';

const samples = golden.labels.length;
const layers = denseLayers(goldenSpec);

async function goldenExecutable(name: PlanName, models: number, parameters = packParameters(goldenModel)) {
  const device = await testDevice();
  const sizes = { spec: goldenSpec, models, batch: golden.batchSize, samples, orderLength: samples };
  const executable = await Executable.create(device, trainingPlan(name, sizes, golden.adam));
  const images = paddedRows(Uint8Array.from(golden.pixels), goldenSpec.inputs);
  executable.write('samples', Uint8Array.from([...images, ...golden.labels, 0, 0]));
  const order = Uint32Array.from({ length: models * samples }, (_, i) => i % samples);
  executable.write('order', order);
  parameters.forEach((packed, layer) => {
    executable.write(parametersOf(layer), packed);
  });
  return executable;
}

async function floats(executable: Executable, name: string): Promise<Float32Array> {
  return new Float32Array(await readBuffer(executable.device, executable.buffer(name)));
}

/** Adam's first moments, the first half of each layer's. */
async function firstMoments(executable: Executable) {
  const packed = await Promise.all(layers.map((_, layer) => floats(executable, `moments${layer}`)));
  const halves = packed.map((moments) => moments.subarray(0, moments.length / 2));
  return unpackParameters(goldenSpec, halves).tensors;
}

async function named(executable: Executable, buffer: (layer: number) => string) {
  const packed = await Promise.all(layers.map((_, layer) => floats(executable, buffer(layer))));
  return unpackParameters(goldenSpec, packed).tensors;
}

describe.each(PLAN_NAMES)('the %s plan', (name) => {
  test("takes PyTorch's 20 Adam steps: every loss, hit, gradient and weight, the short last batch too", async () => {
    const executable = await goldenExecutable(name, 1);
    const steps = trainingSteps(samples, golden.batchSize, 0, golden.adam);
    expect(steps.length).toBe(golden.steps.length);
    let before = await firstMoments(executable);
    for (const [k, step] of steps.entries()) {
      const expected = golden.steps[k];
      if (!expected) throw new Error(`no golden step ${k}`);
      executable.submit([step]);
      const moments = await firstMoments(executable);
      for (const [i, { name: tensor, data }] of moments.entries()) {
        // The fused kernels keep no gradient: it is what moved the first moment.
        const { beta1 } = golden.adam;
        const gradient = data.map((m, j) => (m - beta1 * (before[i]?.data[j] ?? Number.NaN)) / (1 - beta1));
        expectClose(`step ${k}: gradient of ${tensor}`, gradient, expected.gradients[tensor] ?? [], {
          absolute: 1e-6,
          relative: 1e-5,
        });
      }
      before = moments;
      if (name === 'unfused') {
        for (const { name: tensor, data } of await named(executable, (layer) => `gradient${layer}`)) {
          expectClose(`step ${k}: gradient buffer of ${tensor}`, data, expected.gradients[tensor] ?? []);
        }
      }
      for (const { name: tensor, data } of await named(executable, parametersOf)) {
        expectClose(`step ${k}: ${tensor}`, data, expected.weights[tensor] ?? [], { absolute: 2e-6 });
      }
      const metrics = await floats(executable, 'metrics');
      expectClose(`step ${k}: loss`, [(metrics[2 * k] ?? Number.NaN) / step.count], [expected.loss]);
      expect(metrics[2 * k + 1], `step ${k}: hits`).toBe(expected.hits);
    }
    executable.destroy();
  });

  test('trains three models side by side to the bits of three separate runs', async () => {
    const data = randomData(7);
    const steps = trainingSteps(samples, golden.batchSize, 0, golden.adam);
    const start = packParameters(goldenModel);
    const variants = [0, 0.1, 0.2].map((scale) =>
      start.map((packed) => {
        const noise = data.floats(packed.length, scale);
        return packed.map((value, i) => value + (noise[i] ?? 0));
      }),
    );
    const together = await goldenExecutable(
      name,
      3,
      layers.map((_, layer) => {
        const parts = variants.map((variant) => variant[layer] ?? new Float32Array());
        return Float32Array.from(parts.flatMap((part) => Array.from(part)));
      }),
    );
    for await (const _ of new Scheduler(together).run(steps));
    for (const [model, variant] of variants.entries()) {
      const alone = await goldenExecutable(name, 1, variant);
      for await (const _ of new Scheduler(alone).run(steps));
      for (const buffer of [...layers.map((_, layer) => parametersOf(layer)), 'metrics']) {
        const expected = await floats(alone, buffer);
        const all = await floats(together, buffer);
        const part = all.subarray(model * expected.length, (model + 1) * expected.length);
        expect(part, `${buffer} of model ${model}`).toEqual(expected);
      }
      alone.destroy();
    }
    together.destroy();
  });
});

test('the scheduler counts the steps that the GPU runs, those included for which the caller did not wait', async () => {
  const steps = trainingSteps(samples, golden.batchSize, 0, golden.adam);
  const left = await goldenExecutable('layered', 1);
  const scheduler = new Scheduler(left);
  let waited = 0;
  for await (const done of scheduler.run(steps)) {
    waited = done;
    break;
  }
  expect(scheduler.submitted).toBeGreaterThan(waited);
  const exact = await goldenExecutable('layered', 1);
  exact.submit(steps.slice(0, scheduler.submitted));
  expect(await named(left, parametersOf)).toEqual(await named(exact, parametersOf));
  left.destroy();
  exact.destroy();
});
