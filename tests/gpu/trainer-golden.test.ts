import { describe, expect, test } from 'vitest';
import { targetOf } from '../../src/gpu/target.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { packParameters, parameterCount, unpackParameters } from '../../src/model/layout.ts';
import { denseLayers } from '../../src/model/spec.ts';
import { type NetworkRate, optimizerOf } from '../../src/train/optimizer.ts';
import { type PlanName, planMisfit, trainingPlan } from '../../src/train/plans/index.ts';
import { makeResident } from '../../src/train/resident.ts';
import { Run } from '../../src/train/run.ts';
import { adamw, cosine, deep, type Golden, sgd, shallow } from '../support/golden.ts';
import { expectClose, testDevice } from '../support/gpu.ts';
import { otherDevice } from '../support/training.ts';

const GOLDENS = { deep, shallow, cosine, adamw, sgd };

/** A plan of each kind in float32, and some with sizes of their own. */
const PLANS: readonly PlanName[] = [
  'fused',
  'fused-2',
  'layered',
  'layered-32',
  'layered-quads',
  'layered-lanes',
  'unfused',
];

/** Every trajectory with each plan that can take its steps. */
const CASES = Object.entries(GOLDENS).flatMap(([what, golden]) => {
  const optimizer = optimizerOf(golden.trajectory.optimizer);
  const plans = PLANS.filter((name) => !planMisfit(name, golden.spec, optimizer));
  return plans.map((plan) => ({ what, plan, golden }));
});

/** A run of the trajectory's network, at place `at` of `models`; those beside it are others, at other rates. */
async function goldenRun(
  device: GPUDevice,
  { trajectory, spec, model }: Golden,
  plan: PlanName,
  { models = 1, at = 0 } = {},
): Promise<Run> {
  const { labels, pixels, batchSize, learningRate, weightDecay, factors } = trajectory;
  const count = labels.length;
  const sizes = { spec, models, batch: batchSize, samples: count, orderLength: count };
  const optimizer = optimizerOf(trajectory.optimizer);
  const rates = (t: number) =>
    Array.from({ length: models }, (_, slot): NetworkRate => {
      const scale = slot === at ? (factors[t - 1] ?? Number.NaN) : 1 + slot;
      return { learningRate: scale * learningRate, weightDecay };
    });
  const data = { images: Uint8Array.from(pixels), labels: Uint8Array.from(labels), count };
  const { samples } = await makeResident(device, spec, data);
  const setup = { plan: trainingPlan(plan, sizes, optimizer, targetOf(device)), sizes, optimizer, rates };
  const run = await Run.create(device, setup, new Map([['samples', samples]]));
  const packed = Array.from({ length: models }, (_, slot) =>
    packParameters(slot === at ? model : initialModel(spec, slot)),
  );
  const layers = denseLayers(spec);
  run.restore(
    {
      t: 0,
      place: 0,
      sums: packed.map(() => ({ loss: 0, hits: 0, diverged: null })),
      parameters: layers.map((_, l) => Float32Array.from(packed.flatMap((own) => Array.from(own[l] ?? [])))),
      moments: layers.map((layer) => new Float32Array(optimizer.moments * models * parameterCount(layer))),
    },
    order(count, models),
  );
  return run;
}

function order(count: number, models: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: count * models }, (_, i) => i % count);
}

/** Holds the weights and the metrics of the network at place `at` after its last step against PyTorch's. */
async function expectGolden(run: Run, { trajectory, spec }: Golden, at = 0): Promise<void> {
  const k = run.place - 1;
  const step = trajectory.steps[k];
  if (!step) throw new Error(`no golden step ${k}`);
  const layers = (await run.parameters()).map((layer) => {
    const size = layer.length / run.models;
    return layer.subarray(at * size, (at + 1) * size);
  });
  for (const { name, data } of unpackParameters(spec, layers).tensors) {
    expectClose(`step ${k}: ${name}`, data, step.weights[name] ?? [], { absolute: 2e-6 });
  }
  const losses = (await run.losses(0, run.place))[at] ?? [];
  const counts = trajectory.steps.map((_, i) =>
    Math.min(trajectory.batchSize, trajectory.labels.length - i * trajectory.batchSize),
  );
  const means = losses.map((loss, i) => loss / (counts[i] ?? Number.NaN));
  expectClose(
    `losses up to step ${k}`,
    means,
    trajectory.steps.slice(0, k + 1).map(({ loss }) => loss),
  );
  const hits = trajectory.steps.slice(0, k + 1).reduce((sum, { hits: own }) => sum + own, 0);
  expect((await run.sums())[at], `hits up to step ${k}`).toMatchObject({ hits, diverged: null });
}

describe.each(CASES)("PyTorch's 20 steps: $what with $plan", ({ golden, plan }) => {
  const steps = golden.trajectory.steps.length;

  test('are those of a run that is interrupted and goes on, and of one among others', async () => {
    const run = await goldenRun(await testDevice(), golden, plan);
    expect(run.stepsPerEpoch).toBe(steps);
    run.submit(7);
    await expectGolden(run, golden);
    const state = await run.snapshot();
    run.submit(steps);
    await expectGolden(run, golden);

    const resumed = await goldenRun(await otherDevice(), golden, plan);
    resumed.restore(state, order(golden.trajectory.labels.length, 1));
    for (let k = 7; k < steps; k++) resumed.submit(1);
    const end = await run.snapshot();
    expect(await resumed.snapshot()).toEqual(end);

    const among = await goldenRun(await otherDevice(), golden, plan, { models: 3, at: 1 });
    for await (const _ of among.advance(steps));
    await expectGolden(among, golden, 1);
    const all = await among.parameters();
    for (const [l, own] of end.parameters.entries()) {
      expect(all[l]?.subarray(own.length, 2 * own.length)).toEqual(own);
    }
    for (const each of [run, resumed, among]) each.destroy();
  });
});
