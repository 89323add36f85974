import { describe, expect, test } from 'vitest';
import { readBuffer } from '../../src/gpu/buffers.ts';
import { targetOf } from '../../src/gpu/target.ts';
import { packParameters, unpackParameters } from '../../src/model/layout.ts';
import { denseLayers, type MlpSpec } from '../../src/model/spec.ts';
import { Executable } from '../../src/train/executable.ts';
import { PLAN_NAMES, type PlanName, trainingPlan } from '../../src/train/plans/index.ts';
import { momentsOf, parametersOf } from '../../src/train/plans/sizes.ts';
import { Scheduler } from '../../src/train/scheduler.ts';
import { type Step, stepMetrics } from '../../src/train/step.ts';
import { deep, type Golden, goldenSteps, shallow } from '../support/golden.ts';
import { expectClose, paddedRows, testDevice } from '../support/gpu.ts';
import { ADAM, everyStep } from '../support/step.ts';

/** Every float32 plan with the networks that it can train. */
const CASES = PLAN_NAMES.filter((name) => name !== 'layered-matrix').flatMap((name) => {
  const networks = name.startsWith('fused') ? { shallow } : { shallow, deep };
  return Object.entries(networks).map(([depth, golden]) => ({ name, depth, golden }));
});

async function goldenExecutable({ trajectory, spec, model }: Golden, name: PlanName) {
  const device = await testDevice();
  const samples = trajectory.labels.length;
  const sizes = { spec, models: 1, batch: trajectory.batchSize, samples, orderLength: samples };
  const executable = await Executable.create(device, trainingPlan(name, sizes, ADAM, targetOf(device)));
  const images = paddedRows(Uint8Array.from(trajectory.pixels), spec.inputs);
  executable.write('samples', Uint8Array.from([...images, ...trajectory.labels, 0, 0]));
  const order = Uint32Array.from({ length: samples }, (_, i) => i);
  executable.write('order', order);
  packParameters(model).forEach((packed, layer) => {
    executable.write(parametersOf(layer), packed);
  });
  return executable;
}

async function floats(executable: Executable, name: string): Promise<Float32Array> {
  return new Float32Array(await readBuffer(executable.device, executable.buffer(name)));
}

function everyLayer(executable: Executable, spec: MlpSpec, buffer: (layer: number) => string) {
  return Promise.all(denseLayers(spec).map((_, layer) => floats(executable, buffer(layer))));
}

/** Adam's first moments, the first half of each layer's. */
async function firstMoments(executable: Executable, spec: MlpSpec) {
  const packed = await everyLayer(executable, spec, momentsOf);
  const halves = packed.map((moments) => moments.subarray(0, moments.length / 2));
  return unpackParameters(spec, halves).tensors;
}

async function named(executable: Executable, spec: MlpSpec, buffer: (layer: number) => string) {
  return unpackParameters(spec, await everyLayer(executable, spec, buffer)).tensors;
}

describe.each(CASES)('the $name plan, $depth', ({ name, golden }) => {
  const { trajectory, spec } = golden;
  const steps = everyStep(goldenSteps(trajectory, 1));

  test("takes PyTorch's 20 Adam steps: every loss, hit, gradient and weight, the short last batch too", async () => {
    const executable = await goldenExecutable(golden, name);
    expect(steps.length).toBe(trajectory.steps.length);
    let before = await firstMoments(executable, spec);
    for (const [k, step] of steps.entries()) {
      const expected = trajectory.steps[k];
      if (!expected) throw new Error(`no golden step ${k}`);
      executable.submit([step]);
      const moments = await firstMoments(executable, spec);
      for (const [i, { name: tensor, data }] of moments.entries()) {
        // The fused kernels keep no gradient, so it is computed from the change of the first moment.
        const { beta1 } = trajectory.optimizer;
        const gradient = data.map((m, j) => (m - beta1 * (before[i]?.data[j] ?? Number.NaN)) / (1 - beta1));
        expectClose(`step ${k}: gradient of ${tensor}`, gradient, expected.gradients[tensor] ?? [], {
          absolute: 1e-6,
          relative: 1e-5,
        });
      }
      before = moments;
      if (name === 'unfused') {
        for (const { name: tensor, data } of await named(executable, spec, (layer) => `gradient${layer}`)) {
          expectClose(`step ${k}: gradient buffer of ${tensor}`, data, expected.gradients[tensor] ?? []);
        }
      }
      for (const { name: tensor, data } of await named(executable, spec, parametersOf)) {
        expectClose(`step ${k}: ${tensor}`, data, expected.weights[tensor] ?? [], { absolute: 2e-6 });
      }
      const metrics = await floats(executable, 'metrics');
      const { loss, hits } = stepMetrics(metrics, executable.plan.metricParts)[k] ?? {};
      expectClose(`step ${k}: loss`, [(loss ?? Number.NaN) / step.count], [expected.loss]);
      expect(hits, `step ${k}: hits`).toBe(expected.hits);
    }
    executable.destroy();
  });
});

test('the GPU also runs the steps for which whoever drives the scheduler did not wait', async () => {
  const steps = everyStep(goldenSteps(deep.trajectory, 1));
  const left = await goldenExecutable(deep, 'layered');
  let submitted = 0;
  const counted = {
    device: left.device,
    submit: (some: readonly Step[]) => {
      submitted += some.length;
      left.submit(some);
    },
  };
  let waited = 0;
  for await (const done of new Scheduler(counted).run(steps)) {
    waited = done;
    if (submitted > done) break;
  }
  expect(submitted).toBeGreaterThan(waited);
  const exact = await goldenExecutable(deep, 'layered');
  exact.submit(steps.slice(0, submitted));
  expect(await named(left, deep.spec, parametersOf)).toEqual(await named(exact, deep.spec, parametersOf));
  left.destroy();
  exact.destroy();
});
