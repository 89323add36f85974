import { describe, expect, test } from 'vitest';
import { optimizerOf } from '../../src/train/optimizer.ts';
import { type PlanName, planMisfit } from '../../src/train/plans/index.ts';
import { adamw, cosine, deep, sgd, shallow } from '../support/golden.ts';
import { expectGolden, goldenOrder, goldenRun } from '../support/golden-run.ts';
import { testDevice } from '../support/gpu.ts';
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
    resumed.restore(state, goldenOrder(golden.trajectory.labels.length, 1));
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
