import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KernelCase } from '../../src/bench/cases/case.ts';
import { kernelCases } from '../../src/bench/cases/index.ts';
import { BENCH_FEATURES } from '../../src/bench/environment.ts';
import { missingFeature } from '../../src/bench/features.ts';
import { runSeries } from '../../src/bench/floor.ts';
import { runCase } from '../../src/bench/run-case.ts';
import { PassTimer } from '../../src/bench/timing.ts';
import type { KernelName } from '../../src/gpu/kernels.ts';
import { targetOf } from '../../src/gpu/target.ts';
import { openTestDevice } from '../support/gpu.ts';

/** As short as a measurement can be. */
const QUICK = { samples: 1, passMilliseconds: 1 };
const kernels = Object.keys(kernelCases()) as KernelName[];

let timer: PassTimer;
beforeAll(async () => {
  const { device } = await openTestDevice({ optionalFeatures: BENCH_FEATURES, robustness: false });
  timer = await PassTimer.create(device);
});
afterAll(() => {
  timer.destroy();
  timer.device.destroy();
});

/** A kernel's first case as it is on this device. */
function caseOf(kernel: KernelName): KernelCase {
  const [first] = kernelCases(targetOf(timer.device))[kernel];
  if (!first) throw new Error(`${kernel} has no case`);
  return first;
}

describe.each(kernels)('%s', (kernel) => {
  test('computes what its float64 twin does, and then has a time; without its feature it has none', async () => {
    const kernelCase = caseOf(kernel);
    const result = await runCase(timer, kernelCase, QUICK);
    const missing = await missingFeature(timer.device, [kernelCase.dispatch]);
    if (missing) {
      expect(kernel).toMatch(/_(matrix|half)$/);
      expect(result).toMatchObject({ status: 'skipped', reason: `this device lacks ${missing}` });
      return;
    }
    expect(result).toMatchObject({ status: 'measured', kernel, size: kernelCase.size, variant: null });
    if (result.status !== 'measured') return;
    const { time, clock, gflops, gigabytesPerSecond, checked } = result;
    expect(time.min).toBeGreaterThan(0);
    expect(time.p95).toBeGreaterThanOrEqual(time.median);
    expect(time.median).toBeGreaterThanOrEqual(time.min);
    expect(['timestamp-query', 'wall clock']).toContain(clock);
    expect(gflops).toBeCloseTo(kernelCase.flops / time.median / 1000, 6);
    expect(gigabytesPerSecond).toBeCloseTo(kernelCase.bytes / time.median / 1000, 6);
    expect(checked.values).toBeLessThanOrEqual(checked.of);
  });
});

describe('a sweep', () => {
  test.each<KernelName>(['matmul', 'relu', 'bias'])(
    'of %s computes the same in every variant',
    async (kernel) => {
      const kernelCase = caseOf(kernel);
      const variants = Object.keys(kernelCase.variants ?? {});
      expect(variants.length).toBeGreaterThan(2);
      for (const variant of variants) {
        const result = await runCase(timer, kernelCase, QUICK, variant);
        expect(result).toMatchObject({ status: 'measured', variant });
      }
    },
  );
});

describe('a kernel has no time', () => {
  test('where it computes something else', async () => {
    const right = caseOf('matmul');
    const { dispatch } = right;
    const wrong = { ...right, dispatch: { ...dispatch, constants: { ...dispatch.constants, K: 783 } } };
    const result = await runCase(timer, wrong, QUICK);
    expect(result).toMatchObject({
      status: 'void',
      reason: expect.stringMatching(/^c\[0, 0\] is -?[\d.]+, and its float64 twin -?[\d.]+$/),
    });
    expect(result).not.toHaveProperty('time');
  });

  test('where it leaves out a row', async () => {
    const right = caseOf('bias');
    const { dispatch } = right;
    const [x, y, z] = dispatch.workgroups;
    const wrong = { ...right, dispatch: { ...dispatch, workgroups: [x, y - 1, z] as const } };
    const reason = expect.stringMatching(/^y\[31, 0\] is /);
    expect(await runCase(timer, wrong, QUICK)).toMatchObject({ status: 'void', reason });
  });

  test('where the twin is not a number, which nothing equals', async () => {
    const right = caseOf('relu');
    const wrong: KernelCase = {
      ...right,
      prepare: () => {
        const { data, checks } = right.prepare();
        return {
          data,
          checks: checks.map((check) => ({ ...check, expected: check.expected.fill(Number.NaN) })),
        };
      },
    };
    expect(await runCase(timer, wrong, QUICK)).toMatchObject({ status: 'void' });
  });

  test('where a dispatch of those that were timed is missing', async () => {
    const right = caseOf('floor_empty');
    const wrong: KernelCase = {
      ...right,
      prepare: () => {
        const { after, ...prepared } = right.prepare();
        return { ...prepared, after: (dispatches) => after?.(dispatches + 1) ?? [] };
      },
    };
    const reason = expect.stringMatching(/^counter\[0, 0\] is \d+, and its float64 twin \d+$/);
    expect(await runCase(timer, wrong, QUICK)).toMatchObject({ status: 'void', reason });
  });

  test('and there is no floor, where one of its cases is wrong', async () => {
    const right = caseOf('floor_fma_shared');
    const missing: KernelCase = { ...right, lanes: 1024 };
    expect(await runSeries(timer, [missing], QUICK)).toMatchObject([{ status: 'skipped' }]);
    expect(await runSeries(timer, [right], QUICK)).toMatchObject([{ status: 'measured' }]);
    const { dispatch } = right;
    const rounds = (dispatch.constants.ROUNDS ?? 0) / 2;
    const wrong = {
      ...right,
      dispatch: { ...dispatch, constants: { ...dispatch.constants, ROUNDS: rounds } },
    };
    await expect(runSeries(timer, [wrong, right], QUICK)).rejects.toMatchObject({
      code: 'gpu',
      message: expect.stringMatching(/^The floor cannot be measured: floor_fma_shared, .*float64 twin/),
    });
  });

  test('where the device is too small, and says what is missing', async () => {
    const right = caseOf('relu');
    const { dispatch } = right;
    const wrong = { ...right, dispatch: { ...dispatch, workgroups: [65_536, 1, 1] as const } };
    expect(await runCase(timer, wrong, QUICK)).toMatchObject({
      status: 'skipped',
      reason: expect.stringContaining('maxComputeWorkgroupsPerDimension = 65536'),
    });
  });

  test('where the device lacks what the shader enables', async () => {
    const { device } = await openTestDevice({ optionalFeatures: [] });
    const bare = await PassTimer.create(device);
    const result = await runCase(bare, caseOf('dense_quads'), QUICK);
    expect(result).toMatchObject({ status: 'skipped', reason: 'this device lacks the feature subgroups' });
    device.destroy();
  });
});

describe('an error of the GPU', () => {
  test('voids the whole run: nothing that follows has a result', async () => {
    const { device } = await openTestDevice();
    const own = await PassTimer.create(device);
    const right = caseOf('relu');
    const broken: KernelCase = {
      ...right,
      prepare: () => {
        device.createBuffer({ label: 'without a use', size: 4, usage: 0 });
        return right.prepare();
      },
    };
    await expect(runCase(own, broken, QUICK)).rejects.toMatchObject({ code: 'gpu' });
    await expect(runCase(own, right, QUICK)).rejects.toMatchObject({ code: 'gpu' });
    device.destroy();
  });

  test('is a lost device too', async () => {
    const { device } = await openTestDevice();
    const own = await PassTimer.create(device);
    device.destroy();
    await expect(runCase(own, caseOf('relu'), QUICK)).rejects.toMatchObject({ code: 'device-lost' });
  });
});

test('an interrupted run stops at the next pass', async () => {
  const stopped = { ...QUICK, signal: AbortSignal.abort() };
  await expect(runCase(timer, caseOf('relu'), stopped)).rejects.toMatchObject({ code: 'interrupted' });
});

describe('the clock', () => {
  test("is the host's where the GPU has none", async () => {
    const { device } = await openTestDevice({ optionalFeatures: [] });
    const own = await PassTimer.create(device);
    expect(own.quantum).toBeNull();
    expect(await runCase(own, caseOf('relu'), QUICK)).toMatchObject({ clock: 'wall clock' });
    device.destroy();
  });

  test("is the GPU's where passes are long, and its quantum is what Dawn's toggle makes it", async () => {
    const { device } = await openTestDevice({
      optionalFeatures: ['timestamp-query'],
      toggles: { timestamp_quantization: false },
    });
    const own = await PassTimer.create(device);
    expect(own.quantum).toBeLessThan(10_000);
    const result = await runCase(own, caseOf('floor_empty'), { samples: 3, passMilliseconds: 20 });
    expect(result).toMatchObject({ clock: 'timestamp-query' });
    device.destroy();
  });
});
