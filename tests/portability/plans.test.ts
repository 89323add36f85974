import { expect, test } from 'vitest';
import { targetOf } from '../../src/gpu/target.ts';
import { MATRIX_DEVICE } from '../../src/node/gpu.ts';
import { optimizerOf } from '../../src/train/optimizer.ts';
import { isWithinLimits } from '../../src/train/plan.ts';
import {
  PLAN_NAMES,
  type PlanName,
  planLacks,
  planMisfit,
  planUsesMatrixUnits,
  trainingPlan,
} from '../../src/train/plans/index.ts';
import { deep, type Golden, sgd, shallow } from '../support/golden.ts';
import { expectGolden, goldenRun, goldenSizes, meanLosses } from '../support/golden-run.ts';
import { expectClose, openTestDevice, testDevice } from '../support/gpu.ts';
import { HALF_LOSS_ERROR } from '../support/matrix.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** Every step's mean loss, as the test's plan made it. */
    trained?: { readonly plan: PlanName; readonly what: string; readonly losses: readonly number[] };
  }
}

const device = await testDevice();
const matrixDevice = (await openTestDevice(MATRIX_DEVICE)).device;
const deviceOf = (plan: PlanName) => (planUsesMatrixUnits(plan) ? matrixDevice : device);

function fits(plan: PlanName, golden: Golden): boolean {
  const own = deviceOf(plan);
  const optimizer = optimizerOf(golden.trajectory.optimizer);
  if (planMisfit(plan, golden.spec, optimizer) || planLacks(plan, own)) return false;
  return isWithinLimits(trainingPlan(plan, goldenSizes(golden), optimizer, targetOf(own)), own.limits);
}

const CASES = Object.entries({ shallow, deep, sgd }).flatMap(([what, golden]) =>
  PLAN_NAMES.filter((plan) => fits(plan, golden)).map((plan) => ({ plan, what, golden })),
);

test.for(CASES)("$plan takes PyTorch's 20 steps, $what", async ({ plan, what, golden }, { task }) => {
  const run = await goldenRun(deviceOf(plan), golden, plan);
  for (const steps of [1, 9, 10]) {
    run.submit(steps);
    if (!planUsesMatrixUnits(plan)) await expectGolden(run, golden);
  }
  const losses = await meanLosses(run, golden);
  const units = planUsesMatrixUnits(plan) ? targetOf(matrixDevice).matrix : null;
  expect(losses.length).toBe(golden.trajectory.steps.length);
  if (units) {
    const expected = golden.trajectory.steps.map(({ loss }) => loss);
    expectClose('loss', losses, expected, { absolute: 0, relative: HALF_LOSS_ERROR[units.shape.sums] });
  }
  run.destroy();
  task.meta.trained = { plan, what, losses };
});
