import { describe, expect, test } from 'vitest';
import { targetOf } from '../../src/gpu/target.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { packParameters, parameterCount } from '../../src/model/layout.ts';
import { denseLayers, mlp } from '../../src/model/spec.ts';
import { type PlanName, trainingPlan } from '../../src/train/plans/index.ts';
import { makeResident } from '../../src/train/resident.ts';
import { Run } from '../../src/train/run.ts';
import type { RunState } from '../../src/train/state.ts';
import { blobs } from '../support/blobs.ts';
import { testDevice } from '../support/gpu.ts';
import { ADAM } from '../support/step.ts';
import { abortedAfter, otherDevice } from '../support/training.ts';

const SAMPLES = 290;
const data = blobs({ train: SAMPLES });
const spec = mlp({ inputs: 20, hidden: [4], classes: 3 });
const BATCH = 12;
const STEPS = Math.ceil(SAMPLES / BATCH);
const PLANS: readonly PlanName[] = ['fused', 'fused-2', 'layered', 'layered-32', 'layered-quads', 'unfused'];

/** A run of networks with these seeds and rates that has begun its first epoch. */
async function begun(
  plan: PlanName,
  networks: readonly { readonly seed: number; readonly learningRate: number }[] = [
    { seed: 1, learningRate: 0.01 },
  ],
  device?: GPUDevice,
): Promise<Run> {
  const on = device ?? (await testDevice());
  const models = networks.length;
  const sizes = { spec, models, batch: BATCH, samples: SAMPLES, orderLength: SAMPLES };
  const { samples } = await makeResident(on, spec, data.train);
  const rates = networks.map(({ learningRate }) => ({ learningRate, weightDecay: 0 }));
  const options = {
    plan: trainingPlan(plan, sizes, ADAM, targetOf(on)),
    sizes,
    optimizer: ADAM,
    rates: () => rates,
  };
  const run = await Run.create(on, options, new Map([['samples', samples]]));
  run.restore(fresh(networks.map(({ seed }) => seed)), order(models));
  return run;
}

function order(models: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: SAMPLES * models }, (_, i) => (7 * i) % SAMPLES);
}

function fresh(seeds: readonly number[]): RunState {
  const packed = seeds.map((seed) => packParameters(initialModel(spec, seed)));
  return {
    t: 0,
    place: 0,
    sums: seeds.map(() => ({ loss: 0, hits: 0, diverged: null })),
    parameters: denseLayers(spec).map((_, l) =>
      Float32Array.from(packed.flatMap((own) => Array.from(own[l] ?? []))),
    ),
    moments: denseLayers(spec).map((layer) => new Float32Array(2 * seeds.length * parameterCount(layer))),
  };
}

async function all(steps: AsyncGenerator<number>): Promise<number[]> {
  const yielded: number[] = [];
  for await (const done of steps) yielded.push(done);
  return yielded;
}

/** Holds states of a run, in any order, against one that takes its steps in as many submits. */
async function expectExact(plan: PlanName, states: readonly RunState[]): Promise<void> {
  const run = await begun(plan);
  for (const state of states.toSorted((a, b) => a.t - b.t)) {
    if (state.t > run.t) run.submit(state.t - run.t);
    expect(state).toEqual(await run.snapshot());
  }
  run.destroy();
}

describe.each(PLANS)('a run of %s', (plan) => {
  test('is at exactly its t in a snapshot, whenever that is asked for while training goes on', async () => {
    const run = await begun(plan);
    const snapshots: Promise<RunState>[] = [run.snapshot()];
    // Also between two yields, when the next steps may be submitted already.
    const timer = setInterval(() => snapshots.push(run.snapshot()), 1);
    for (let end = 5; end <= STEPS + 5; end += 5) {
      for await (const _ of run.advance(end - run.place)) snapshots.push(run.snapshot());
      snapshots.push(run.snapshot());
    }
    clearInterval(timer);
    const states = await Promise.all(snapshots);
    expect(new Set(states.map(({ t }) => t)).size).toBeGreaterThan(3);
    await expectExact(plan, states);
    run.destroy();
  });

  test('goes on from a snapshot on another device, and leaving the loop early loses nothing', async () => {
    const run = await begun(plan);
    for await (const done of run.advance(STEPS)) if (done > 1) break;
    const { t, place } = run;
    expect(place).toBeGreaterThan(1);
    expect(t).toBe(place);
    const state = await run.snapshot();
    await expectExact(plan, [state]);
    const other = await begun(plan, undefined, await otherDevice());
    other.restore(state, order(1));
    for (const each of [run, other]) {
      await all(each.advance(STEPS));
      each.begin(order(1));
      await all(each.advance(5));
    }
    expect(other.t).toBe(STEPS + 5);
    expect(await other.snapshot()).toEqual(await run.snapshot());
    expect(await other.sums()).toEqual(await run.sums());
    run.destroy();
    other.destroy();
  });
});

test('advance stops at a batch boundary, and yields what is done', async () => {
  const run = await begun('unfused');
  expect(await all(run.advance(30, AbortSignal.abort()))).toEqual([]);
  expect(run.place).toBe(0);
  await all(run.advance(STEPS, abortedAfter(1)));
  expect(run.place).toBe(1);
  const yielded = await all(run.advance(10));
  expect(run.place).toBe(11);
  expect(yielded).toEqual([...new Set(yielded)].toSorted((a, b) => a - b));
  expect(yielded.every((done) => done > 1 && done < 11)).toBe(true);
  await all(run.advance(2 * STEPS));
  expect([run.place, run.t]).toEqual([STEPS, STEPS]);
  expect(await all(run.advance(1))).toEqual([]);
  expect(run.submit(1)).toBe(0);
  run.destroy();
});

test('sums are those of the losses, however often they are asked for, also at once', async () => {
  const run = await begun('unfused', [
    { seed: 1, learningRate: 0.01 },
    { seed: 2, learningRate: 0.1 },
  ]);
  for await (const _ of run.advance(STEPS)) {
    const end = run.place;
    const [sums, again] = await Promise.all([run.sums(), run.sums()]);
    expect(again).toEqual(sums);
    const losses = await run.losses(0, end);
    for (const [model, sum] of sums.entries()) {
      expect(sum.loss).toBe(losses[model]?.reduce((total, loss) => total + loss, 0));
      expect(sum.hits).toBeLessThanOrEqual(BATCH * end);
    }
  }
  const { sums } = await run.snapshot();
  expect(await run.sums()).toEqual(sums);
  run.begin(order(2));
  expect(await run.sums()).toEqual([0, 0].map((zero) => ({ loss: zero, hits: 0, diverged: null })));
  run.destroy();
});

test.each(PLANS)(
  '%s: a network whose loss is not finite is marked, and the others are as without it',
  async (plan) => {
    const networks = [
      { seed: 1, learningRate: 0.01 },
      { seed: 2, learningRate: 1e20 },
      { seed: 3, learningRate: 0.02 },
    ];
    const run = await begun(plan, networks);
    await all(run.advance(STEPS));
    const sums = await run.sums();
    const losses = await run.losses(0, STEPS);
    const first = losses[1]?.findIndex((loss) => !Number.isFinite(loss)) ?? -1;
    expect(first).toBeGreaterThan(0);
    expect(sums[1]).toMatchObject({ diverged: first + 1 });
    for (const z of [0, 2]) {
      const alone = await begun(plan, networks.slice(z, z + 1));
      await all(alone.advance(STEPS));
      expect(await alone.sums()).toEqual([sums[z]]);
      const [own, together] = [await alone.snapshot(), await run.snapshot()];
      for (const [l, parameters] of own.parameters.entries()) {
        const size = parameters.length;
        expect(together.parameters[l]?.subarray(z * size, (z + 1) * size)).toEqual(parameters);
      }
      alone.destroy();
    }
    run.destroy();
  },
);
