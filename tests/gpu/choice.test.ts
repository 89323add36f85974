import { describe, expect, test } from 'vitest';
import { ANY_TARGET, targetOf } from '../../src/gpu/target.ts';
import { DeviceWatch } from '../../src/gpu/watch.ts';
import { packParameters, parameterCount } from '../../src/model/layout.ts';
import { denseLayers } from '../../src/model/spec.ts';
import { fastestPlan, shortlist, type TrialState } from '../../src/train/choice.ts';
import { Executable } from '../../src/train/executable.ts';
import type { StepPlan } from '../../src/train/plan.ts';
import { type PlanMemory, type PlanTimes, processMemory } from '../../src/train/plan-times.ts';
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
  dispatches: Array.from({ length: 8 }, () => quick.dispatches).flat(),
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

function memory(kept: Record<string, PlanTimes> = {}): PlanMemory & { kept: Record<string, PlanTimes> } {
  return {
    kept,
    get: async (key) => kept[key],
    set: async (key, times) => {
      kept[key] = times;
    },
  };
}

/** The plan with the least time. */
function fastest(times: PlanTimes): string | undefined {
  const known = Object.entries(times).filter((entry): entry is [string, number] => entry[1] !== null);
  return known.toSorted(([, a], [, b]) => a - b)[0]?.[0];
}

async function choose(candidates: [StepPlan, ...StepPlan[]], shape: string, kept?: PlanMemory) {
  const memory = processMemory(kept);
  const [device, state] = [await testDevice(), await trial()];
  const listed = await shortlist(device, candidates, shape, memory);
  return fastestPlan(device, listed, () => state, memory);
}

describe('fastestPlan', () => {
  // How right the times are is tested with a fake queue: on a busy machine a step may take any time.
  test('takes the plan whose steps took the least, wherever it stands, and says what each took', async () => {
    for (const [shape, candidates] of [
      ['slow one first', [slow, quick]],
      ['quick one first', [quick, slow]],
    ] satisfies [string, [StepPlan, StepPlan]][]) {
      const { plan, timed } = await choose(candidates, shape);
      expect(Object.keys(timed)).toEqual(candidates.map(({ name }) => name));
      expect(plan.name).toBe(fastest(timed));
    }
  });

  test('chooses once for a shape, and again for another', async () => {
    const kept = memory();
    const { plan, timed } = await choose([slow, quick], 'shape A', kept);
    expect(Object.keys(timed)).toEqual(['slow', 'unfused']);
    expect(Object.values(kept.kept)).toEqual([timed]);
    expect(Object.keys(kept.kept)[0]).toContain((await testDevice()).adapterInfo.architecture);
    expect(await choose([slow, quick], 'shape A')).toEqual({ plan, timed: {} });
    expect(Object.keys((await choose([slow, quick], 'shape B')).timed).length).toBe(2);
  });

  test('believes the times of another process, and tries the plans that it did not time', async () => {
    const other = { ...slow, name: 'other' };
    const kept = memory();
    await choose([slow, quick, other], 'shape C', kept);
    const [key = ''] = Object.keys(kept.kept);
    for (const [i, [times, timed]] of (
      [
        [{ slow: 1, unfused: 2, other: 3 }, []],
        [{ slow: 2, unfused: 1, other: 3, gone: 0.5 }, []],
        // The faster one of those that are known is timed against the others.
        [{ slow: 2, other: 1 }, ['other', 'unfused']],
        // One whose compiler took too long is not tried again.
        [{ slow: 2, unfused: null, other: 3 }, []],
        [{ slow: null, other: 1 }, ['other', 'unfused']],
      ] satisfies [PlanTimes, string[]][]
    ).entries()) {
      const shape = `shape C ${i}`;
      const told = memory({ [key.replace('shape C', shape)]: times });
      const choice = await choose([slow, quick, other], shape, told);
      expect(Object.keys(choice.timed)).toEqual(timed);
      const { gone: _, ...ofCandidates }: PlanTimes = times;
      expect(choice.plan.name).toBe(fastest(timed.length > 0 ? choice.timed : ofCandidates));
      // On the scale of the times that were known.
      const ratio = (choice.timed.unfused ?? 0) / (choice.timed.other ?? 1);
      const added = timed.length > 0 ? { unfused: expect.closeTo(ratio) } : {};
      expect(Object.values(told.kept)).toEqual([{ ...times, ...added }]);
    }
  });

  test('does without a plan that does not compile, which does the device no harm', async () => {
    const dispatches = quick.dispatches.map((dispatch) => ({ ...dispatch, constants: { unknown: 1 } }));
    const broken: StepPlan = { ...quick, name: 'broken', dispatches };
    const kept = memory();
    const { plan, timed } = await choose([broken, slow, quick], 'shape E', kept);
    expect([slow, quick]).toContain(plan);
    expect(Object.keys(timed)).toEqual(['slow', 'unfused']);
    expect(Object.values(kept.kept)).toEqual([{ ...timed, broken: null }]);
    expect(await choose([broken, slow, quick], 'shape E')).toEqual({ plan, timed: {} });
    DeviceWatch.of(await testDevice()).check();
    await expect(choose([broken, { ...broken, name: 'broken too' }], 'shape F')).rejects.toMatchObject({
      code: 'gpu',
      message: expect.stringContaining('does not compile'),
    });
  });

  test('times nothing where there is one candidate', async () => {
    expect(await choose([slow], 'shape D')).toEqual({ plan: slow, timed: {} });
  });
});

test.each<[string, number[], Partial<GPUAdapterInfo>, number | null, string[]]>([
  ['SwiftShader', [8], { isFallbackAdapter: true }, 4, ['layered-quads']],
  ['lavapipe', [8], { isFallbackAdapter: true }, 8, ['layered-lanes']],
  ['software without subgroups', [8], { isFallbackAdapter: true }, null, ['unfused', 'layered']],
  ['hardware without subgroups', [8], {}, null, ['fused', 'fused-2', 'fused-4', 'layered']],
  ['hardware', [8], {}, 32, ['fused', 'fused-2', 'fused-4', 'layered']],
  ['hardware with quads', [8], {}, 4, ['fused', 'fused-2', 'fused-4', 'layered']],
  // With 300 hidden units a workgroup has two of them, or four.
  ['hardware', [300], {}, 32, ['fused', 'fused-4', 'layered']],
  // `fused` cannot train two hidden layers, and in large ones the tiles matter.
  ['hardware', [8, 8], {}, 32, ['layered']],
  ['hardware', [2048, 2048], {}, 32, ['layered', 'layered-32', 'layered-64', 'layered-128']],
  ['lavapipe', [2048, 2048], { isFallbackAdapter: true }, 8, ['layered-lanes']],
])('the candidates of %s with hidden layers %j', async (_, hidden, info, lanes, names) => {
  const { limits } = await testDevice();
  const features = new Set(lanes === null ? [] : ['subgroups']);
  const [subgroupMinSize, subgroupMaxSize] = [lanes ?? 4, lanes ?? 128];
  const adapterInfo = { isFallbackAdapter: false, subgroupMinSize, subgroupMaxSize, ...info };
  const device = { features, limits, adapterInfo } as unknown as GPUDevice;
  const spec = { inputs: 16, hidden, classes: 4 };
  expect(candidatePlans(device, { ...sizes, spec }, ADAM).map(({ name }) => name)).toEqual(names);
});

test('the device of these tests is what it is taken for', async () => {
  const { adapterInfo } = await testDevice();
  expect(targetOf(await testDevice()).lanes === 4).toBe(adapterInfo.architecture === 'swiftshader');
});
