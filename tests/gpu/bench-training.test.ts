import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BENCH_FEATURES } from '../../src/bench/environment.ts';
import { benchFloor } from '../../src/bench/floor.ts';
import { benchTraining, trainingBenchLimits } from '../../src/bench/train.ts';
import { checkAgainstTwin } from '../../src/bench/training-check.ts';
import { TrainingRun } from '../../src/bench/training-run.ts';
import { makeWork, OPTIMIZER } from '../../src/bench/training-work.ts';
import { missingForMatrices } from '../../src/gpu/matrix-units.ts';
import { targetOf } from '../../src/gpu/target.ts';
import { PLAN_NAMES, trainingPlan } from '../../src/train/plans/index.ts';
import { openTestDevice } from '../support/gpu.ts';

const SMALL = { plan: 'unfused', batchSize: 8, hidden: [4], models: 2 } as const;
const QUICK = { samples: 1, passMilliseconds: 1, windowMilliseconds: 20 };

let subject: Parameters<typeof benchFloor>[0];
beforeAll(async () => {
  const { device, info, toggles } = await openTestDevice({
    optionalFeatures: BENCH_FEATURES,
    robustness: false,
  });
  const versions = { shadegrad: '0', webgpu: null, runtime: 'a test' };
  subject = { device, adapter: info, toggles, versions };
});
afterAll(() => subject.device.destroy());

test('the floor has finite, positive figures, each checked, and says on what it was measured', async () => {
  const labels: string[] = [];
  const onProgress = ({ label }: { label: string }) => labels.push(label);
  const { floor, environment } = await benchFloor(subject, { ...QUICK, onProgress });
  const { fma, copies } = floor;
  const times = [floor.dispatch, floor.roundTrip, fma.time, ...copies.map(({ time }) => time)];
  for (const { median, p95, min } of times) {
    for (const figure of [median, p95, min]) expect(Number.isFinite(figure) && figure > 0).toBe(true);
  }
  // Not how fast it is: a single pass of 1 ms takes a hundred times as long where others take the processor.
  expect(fma.gflops).toBeCloseTo(fma.flops / fma.time.median / 1000, 6);
  for (const { gigabytesPerSecond, bytes, time } of copies) {
    expect(gigabytesPerSecond).toBeCloseTo(bytes / time.median / 1000, 6);
  }
  const sets = copies.map(({ rotation }) => rotation.bytes);
  expect(sets).toEqual([...sets].sort((a, b) => a - b));
  expect(environment).toMatchObject({ adapter: subject.adapter, toggles: subject.toggles });
  expect(environment.features).toContain('timestamp-query');
  expect(environment.timing.roundTripMicroseconds).toEqual(floor.roundTrip);
  expect(labels[0]).toBe('floor: floor_empty, one workgroup');
});

describe('training', () => {
  test('is measured for every combination of the axes, where it learns', async () => {
    const axes = { batchSizes: [8, 16], hidden: [[16], []], plans: ['unfused'] as const, models: [1, 2] };
    const { training } = await benchTraining(subject, { ...QUICK, ...axes });
    expect(training).toHaveLength(8);
    for (const result of training) {
      expect(result).not.toHaveProperty('reason');
      expect(result).toMatchObject({ status: 'measured', plan: 'unfused' });
      if (result.status !== 'measured') continue;
      expect(result.stepsPerSecond).toBeCloseTo((result.models * 1e6) / result.step.median, 6);
      expect(result.imagesPerSecond).toBeCloseTo(result.stepsPerSecond * result.batchSize, 6);
      expect(result.lastLoss).toBeLessThan(result.firstLoss);
      expect(result.firstLoss).toBeLessThan(4);
      expect(result.twinSamples).toBe(result.batchSize);
      expect(result.hostMicroseconds).toBeGreaterThan(0);
      expect(result.share).toBeGreaterThan(0);
    }
  });

  test('has learned before it is judged, though its windows have one step each, as where an adapter is slow', async () => {
    const axes = { batchSizes: [1, 8, 16], hidden: [[16]], plans: ['unfused'] as const, models: [2] };
    const { training } = await benchTraining(subject, { ...QUICK, ...axes, windowMilliseconds: 1e-3 });
    expect(training).toHaveLength(3);
    for (const result of training) {
      expect(result).not.toHaveProperty('reason');
      expect(result).toMatchObject({ status: 'measured', stepsPerWindow: 1 });
    }
  });

  test('is told by its last steps, also across the end of an epoch', async () => {
    const work = makeWork(SMALL, targetOf(subject.device));
    const orderLength = 3 * SMALL.batchSize;
    const sizes = { ...work.sizes, orderLength };
    const order = new Uint32Array(SMALL.models * orderLength).map((_, i) => i);
    const plan = trainingPlan(SMALL.plan, sizes, OPTIMIZER, targetOf(subject.device));
    const run = await TrainingRun.create(subject.device, { ...work, sizes, plan, order, stepsPerEpoch: 3 });
    const single: number[][] = [];
    for (let step = 1; step <= 5; step++) {
      await run.advance(1);
      expect(run.trained).toBe(step);
      single.push(await run.lossSums(1));
    }
    const last = single.slice(-3);
    const means = [0, 1].map((z) => last.reduce((sum, losses) => sum + (losses[z] ?? Number.NaN), 0) / 3);
    expect(await run.lossSums(3)).toEqual(means.map((mean) => expect.closeTo(mean, 9)));
    expect(await run.lossSums(100)).toEqual(await run.lossSums(3));
    run.destroy();
  });

  test.each(PLAN_NAMES)('by the plan %s takes the steps of its float64 twin', async (plan) => {
    const work = makeWork({ plan, batchSize: 5, hidden: [7], models: 2 }, targetOf(subject.device));
    const missing = missingForMatrices(subject.device);
    if (plan === 'layered-matrix' && missing) {
      await expect(TrainingRun.create(subject.device, work)).rejects.toThrow(missing);
      return;
    }
    const run = await TrainingRun.create(subject.device, work);
    expect(await checkAgainstTwin(run, work, undefined)).toEqual({ samples: 5 });
    run.destroy();
  });

  test('on other labels than it should is void', async () => {
    const work = makeWork(SMALL, targetOf(subject.device));
    const run = await TrainingRun.create(subject.device, {
      ...work,
      labels: work.labels.map((label) => 9 - label),
    });
    const { wrong } = await checkAgainstTwin(run, work, undefined);
    expect(wrong).toMatch(/^step 1 of model 1 has the loss [\d.]+, and its float64 twin [\d.]+$/);
    run.destroy();
  });

  test('that does not update one layer is void, by its second step', async () => {
    const work = makeWork(SMALL, targetOf(subject.device));
    const { dispatches } = work.plan;
    const updates = dispatches.filter(({ kernel }) => kernel === 'update');
    const plan = { ...work.plan, dispatches: dispatches.filter((dispatch) => dispatch !== updates[0]) };
    const run = await TrainingRun.create(subject.device, { ...work, plan });
    const { wrong } = await checkAgainstTwin(run, work, undefined);
    expect(wrong).toMatch(/^step 2 of model 1 has the loss/);
    run.destroy();
  });

  test('of a network too large for the device, or by a plan that does not take it, is skipped', async () => {
    const axes = { hidden: [[50_000], [8, 8]], plans: ['fused'] as const };
    expect(trainingBenchLimits(axes).maxStorageBufferBindingSize).toBeGreaterThan(2 ** 27);
    expect(trainingBenchLimits({})).toEqual({});
    const { training } = await benchTraining(subject, { ...QUICK, ...axes });
    const beyond = expect.stringMatching(/needs max\w+ = \d+, and this device gives \d+/);
    expect(training).toMatchObject([
      { plan: 'fused', hidden: [50_000], status: 'skipped', reason: beyond },
      {
        plan: 'fused',
        hidden: [8, 8],
        status: 'skipped',
        reason:
          'The plan "fused" is for one hidden layer, and for as many inputs and classes as fit into workgroup memory.',
      },
    ]);
  });

  test('is interrupted in the middle', async () => {
    const controller = new AbortController();
    const stop = ({ label }: { label: string }) => {
      if (!label.startsWith('floor')) controller.abort();
    };
    const options = { ...QUICK, signal: controller.signal, onProgress: stop, plans: ['unfused'] as const };
    await expect(benchTraining(subject, options)).rejects.toMatchObject({ code: 'interrupted' });
  });
});
