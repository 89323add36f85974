import { expect } from 'vitest';
import { targetOf } from '../../src/gpu/target.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { packParameters, parameterCount, unpackParameters } from '../../src/model/layout.ts';
import { denseLayers } from '../../src/model/spec.ts';
import { type NetworkRate, optimizerOf } from '../../src/train/optimizer.ts';
import { type PlanName, trainingPlan } from '../../src/train/plans/index.ts';
import type { BatchSizes } from '../../src/train/plans/sizes.ts';
import { makeResident } from '../../src/train/resident.ts';
import { Run } from '../../src/train/run.ts';
import type { Golden } from './golden.ts';
import { expectClose } from './gpu.ts';

export function goldenSizes({ trajectory, spec }: Golden, models = 1): BatchSizes {
  const { labels, batchSize } = trajectory;
  return { spec, models, batch: batchSize, samples: labels.length, orderLength: labels.length };
}

/** A run of the trajectory's network, at place `at` of `models`; those beside it are others, at other rates. */
export async function goldenRun(
  device: GPUDevice,
  { trajectory, spec, model }: Golden,
  plan: PlanName,
  { models = 1, at = 0 } = {},
): Promise<Run> {
  const { labels, pixels, learningRate, weightDecay, factors } = trajectory;
  const count = labels.length;
  const sizes = goldenSizes({ trajectory, spec, model }, models);
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
    goldenOrder(count, models),
  );
  return run;
}

export function goldenOrder(count: number, models: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: count * models }, (_, i) => i % count);
}

/** Holds the weights and the metrics of the network at place `at` after its last step against PyTorch's. */
export async function expectGolden(run: Run, { trajectory, spec }: Golden, at = 0): Promise<void> {
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
  const means = await meanLosses(run, { trajectory }, at);
  expectClose(
    `losses up to step ${k}`,
    means,
    trajectory.steps.slice(0, k + 1).map(({ loss }) => loss),
  );
  const hits = trajectory.steps.slice(0, k + 1).reduce((sum, { hits: own }) => sum + own, 0);
  expect((await run.sums())[at], `hits up to step ${k}`).toMatchObject({ hits, diverged: null });
}

/** The mean loss of every step so far of the network at place `at`. */
export async function meanLosses(
  run: Run,
  { trajectory }: Pick<Golden, 'trajectory'>,
  at = 0,
): Promise<number[]> {
  const { labels, batchSize } = trajectory;
  const losses = (await run.losses(0, run.place))[at] ?? [];
  return Array.from(losses, (loss, i) => loss / Math.min(batchSize, labels.length - i * batchSize));
}
