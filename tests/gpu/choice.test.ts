import { describe, expect, test } from 'vitest';
import { ANY_TARGET, targetOf } from '../../src/gpu/target.ts';
import { packParameters, parameterCount } from '../../src/model/layout.ts';
import { denseLayers, type MlpSpec } from '../../src/model/spec.ts';
import { fastestPlan, type PlanMemory, type TrialState } from '../../src/train/choice.ts';
import { Executable } from '../../src/train/executable.ts';
import type { StepPlan } from '../../src/train/plan.ts';
import { candidatePlans, trainingPlan } from '../../src/train/plans/index.ts';
import { golden, goldenModel, goldenSpec } from '../support/golden.ts';
import { testDevice } from '../support/gpu.ts';
import { ADAM, constantRates } from '../support/step.ts';

const samples = golden.labels.length;
const sizes = { spec: goldenSpec, models: 1, batch: golden.batchSize, samples, orderLength: samples };
const quick = trainingPlan('unfused', sizes, ADAM, ANY_TARGET);
const slow: StepPlan = {
  ...quick,
  name: 'slow',
  dispatches: Array.from({ length: 30 }, () => quick.dispatches).flat(),
};

async function trial(): Promise<TrialState> {
  const device = await testDevice();
  const executable = await Executable.create(device, quick);
  return {
    samples: executable.buffer('samples'),
    order: Uint32Array.from({ length: samples }, (_, i) => i),
    sizes,
    optimizer: ADAM,
    rates: constantRates(1, golden.learningRate),
    state: {
      t: 0,
      place: 0,
      sums: [{ loss: 0, hits: 0, diverged: null }],
      parameters: packParameters(goldenModel),
      moments: denseLayers(goldenSpec).map((layer) => new Float32Array(2 * parameterCount(layer))),
    },
  };
}

function memory(kept: Record<string, string> = {}): PlanMemory & { kept: Record<string, string> } {
  return {
    kept,
    get: async (key) => kept[key],
    set: async (key, plan) => {
      kept[key] = plan;
    },
  };
}

describe('fastestPlan', () => {
  test('takes the faster plan, wherever it stands, and says what each took', async () => {
    const [device, state] = [await testDevice(), await trial()];
    for (const [shape, candidates] of [
      ['slow one first', [slow, quick]],
      ['quick one first', [quick, slow]],
    ] as const) {
      const { plan, timed } = await fastestPlan(device, candidates, shape, () => state);
      expect(plan.name).toBe('unfused');
      expect(timed.slow).toBeGreaterThan(timed.unfused ?? Number.NaN);
    }
  });

  test('chooses once for a shape, and again for another', async () => {
    const [device, state, kept] = [await testDevice(), await trial(), memory()];
    const first = await fastestPlan(device, [slow, quick], 'shape A', () => state, kept);
    expect(Object.keys(first.timed)).toEqual(['slow', 'unfused']);
    expect(Object.values(kept.kept)).toEqual(['unfused']);
    expect(Object.keys(kept.kept)[0]).toContain(device.adapterInfo.architecture);
    expect(await fastestPlan(device, [slow, quick], 'shape A', () => state)).toEqual({
      plan: quick,
      timed: {},
    });
    const other = await fastestPlan(device, [slow, quick], 'shape B', () => state);
    expect(Object.keys(other.timed).length).toBe(2);
  });

  test('believes what another process chose, unless there is no such plan', async () => {
    const [device, state, kept] = [await testDevice(), await trial(), memory()];
    await fastestPlan(device, [slow, quick], 'shape C', () => state, kept);
    const [key = ''] = Object.keys(kept.kept);
    for (const [name, expected, times] of [
      ['slow', 'slow', 0],
      ['gone', 'unfused', 2],
    ] as const) {
      const shape = `shape C ${name}`;
      const told = memory({ [key.replace('shape C', shape)]: name });
      const { plan, timed } = await fastestPlan(device, [slow, quick], shape, () => state, told);
      expect(plan.name).toBe(expected);
      expect(Object.keys(timed).length).toBe(times);
    }
  });

  test('times nothing where there is one candidate', async () => {
    const [device, state] = [await testDevice(), await trial()];
    expect(await fastestPlan(device, [slow], 'shape D', () => state)).toEqual({ plan: slow, timed: {} });
  });
});

test('plans with barriers are no candidates where subgroups are four wide, and the rest is tried elsewhere', async () => {
  const device = await testDevice();
  const names = (spec: MlpSpec, as: Partial<GPUDevice>) =>
    candidatePlans({ ...as, limits: device.limits } as GPUDevice, { ...sizes, spec }, ADAM).map(
      ({ name }) => name,
    );
  const narrow = { inputs: 16, hidden: [8], classes: 4 };
  const [features, adapterInfo] = [
    new Set(['subgroups']),
    { subgroupMinSize: 4, subgroupMaxSize: 4 } as GPUAdapterInfo,
  ];
  expect(names(narrow, { features, adapterInfo })).toEqual(['layered-quads']);
  const fused = ['fused', 'fused-2', 'fused-4'];
  expect(names(narrow, { features: new Set<string>(), adapterInfo })).toEqual([...fused, 'layered']);
  const gpu = { features, adapterInfo: { ...adapterInfo, subgroupMinSize: 32, subgroupMaxSize: 32 } };
  expect(names(narrow, gpu)).toEqual([...fused, 'layered']);
  // `fused` cannot train two hidden layers, and in large ones the tiles matter.
  const tiled = ['layered', 'layered-32', 'layered-64', 'layered-128'];
  expect(names({ ...narrow, hidden: [8, 8] }, gpu)).toEqual(['layered']);
  expect(names({ ...narrow, hidden: [2048, 2048] }, gpu)).toEqual(tiled);
  // With 300 hidden units a workgroup has two of them, or four.
  expect(names({ ...narrow, hidden: [300] }, gpu)).toEqual(['fused', 'fused-4', 'layered']);
  expect(targetOf(device).lanes === 4).toBe(device.adapterInfo.architecture === 'swiftshader');
});
