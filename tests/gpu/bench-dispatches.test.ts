import { afterAll, beforeAll, expect, test } from 'vitest';
import { benchDispatches } from '../../src/bench/dispatches.ts';
import { BENCH_FEATURES, type BenchSubject } from '../../src/bench/environment.ts';
import { benchStepFloor } from '../../src/bench/floor.ts';
import { coversStep, stepShare } from '../../src/bench/step-share.ts';
import { syntheticDigits } from '../../src/data/synthetic.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { openTestDevice } from '../support/gpu.ts';

const QUICK = { samples: 1, passMilliseconds: 1 };
const data = syntheticDigits({ train: 200, test: 1 });

let subject: BenchSubject;
beforeAll(async () => {
  const { device, info, toggles } = await openTestDevice({ optionalFeatures: BENCH_FEATURES });
  const versions = { shadegrad: '0', webgpu: null, runtime: 'a test' };
  subject = { device, adapter: info, toggles, versions };
});
afterAll(() => subject.device.destroy());

test.for([
  { plan: 'layered', models: 1, optimizer: 'adam' },
  { plan: 'fused', models: 2, optimizer: 'adamw' },
  { plan: 'unfused', models: 2, optimizer: 'sgd' },
] as const)('each dispatch of $plan is timed, in the order of the plan', async ({ models, ...given }) => {
  const options = { ...given, models, hidden: [8], batchSize: 16, validationSplit: 0.1 };
  const { plan, settings } = await Trainer.create(subject.device, data, options);
  const labels: string[] = [];
  const onProgress = ({ label }: { label: string }) => labels.push(label);
  const training = { plan, settings, models, data };
  const report = await benchDispatches(subject, training, { ...QUICK, onProgress });
  const kernels = plan.dispatches.map(({ kernel }) => kernel);
  expect(report).toMatchObject({
    bench: 'dispatches',
    plan: given.plan,
    environment: { adapter: subject.adapter },
  });
  expect(report.dispatches.map(({ kernel }) => kernel)).toEqual(kernels);
  expect(labels).toEqual([...kernels, 'the whole step']);
  for (const { time, dispatchesPerPass } of [...report.dispatches, report.step]) {
    expect(time.median).toBeGreaterThan(0);
    expect(Number.isFinite(time.median)).toBe(true);
    expect(dispatchesPerPass).toBeGreaterThan(0);
  }
});

test('data that the plan was not made for are refused, and nothing is left behind', async () => {
  const options = { plan: 'unfused', hidden: [8] } as const;
  const { plan, settings } = await Trainer.create(subject.device, data, options);
  const other = syntheticDigits({ train: 100, test: 1 });
  await expect(
    benchDispatches(subject, { plan, settings, models: 1, data: other }, QUICK),
  ).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining('made for other data'),
  });
  await expect(benchDispatches(subject, { plan, settings, models: 2, data }, QUICK)).rejects.toMatchObject({
    code: 'usage',
  });
  await benchDispatches(subject, { plan, settings, models: 1, data }, QUICK);
});

test('the floor of a step has what its share needs and no more, and ends where it is stopped', async () => {
  const step = {
    spec: { inputs: 784, hidden: [100], classes: 10 },
    models: 1,
    batchSize: 32,
    optimizer: 'adam',
    dispatches: 4,
  } as const;
  const floor = await benchStepFloor(subject, step, QUICK);
  expect(floor.copies.map(({ bytes }) => bytes)).toEqual([2 ** 20]);
  expect(coversStep(floor, step)).toBe(true);
  expect(coversStep(floor, { ...step, models: 2 })).toBe(false);
  const { share, floorMicroseconds } = stepShare(floor, step, 1000);
  expect(share).toBeCloseTo(floorMicroseconds / 1000, 10);
  expect(share).toBeGreaterThan(0);
  const stopped = benchStepFloor(subject, step, { ...QUICK, signal: AbortSignal.abort() });
  await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
});
