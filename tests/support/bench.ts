import type { ChoiceReport } from '../../src/bench/choice.ts';
import type { BenchEnvironment } from '../../src/bench/environment.ts';
import type { Floor, FloorReport } from '../../src/bench/floor.ts';
import type { KernelsReport } from '../../src/bench/kernels.ts';
import type { MeasuredCase } from '../../src/bench/run-case.ts';
import type { Spread } from '../../src/bench/statistics.ts';
import type { TrainingReport } from '../../src/bench/train.ts';

const spread = (median: number, min = 0.9 * median): Spread => ({
  median,
  low: 0.98 * median,
  high: 1.02 * median,
  p95: 1.2 * median,
  min,
  samples: 20,
});

function measured(kernel: MeasuredCase['kernel'], size: string, given: Partial<MeasuredCase>): MeasuredCase {
  return {
    status: 'measured',
    kernel,
    size,
    variant: null,
    constants: { WORKGROUP_SIZE: 64 },
    workgroups: [1, 1, 1],
    time: spread(100),
    ended: 'precise',
    clock: 'timestamp-query',
    dispatchesPerPass: 500,
    warmUpPasses: 3,
    flops: 0,
    bytes: 0,
    gflops: 0,
    gigabytesPerSecond: 0,
    rotation: { copies: 1, bytes: 0 },
    checked: { values: 10, of: 20 },
    ...given,
  };
}

/** 10 us a dispatch; 2, 1 and 0.5 GB/s at best for working sets of 1,000, 10,000 and 100,000 bytes; 100 GFLOP/s. */
export const floor: Floor = {
  dispatch: spread(12, 10),
  roundTrip: spread(80),
  copies: [1000, 10_000, 100_000].map((bytes, i) => {
    const min = bytes / (2 * 0.5 ** i) / 1000;
    return measured('floor_copy', `${bytes} bytes`, {
      time: spread(1.1 * min, min),
      bytes,
      rotation: { copies: 1, bytes },
    });
  }),
  fma: measured('floor_fma', '64 rounds', {
    time: spread(12, 10),
    flops: 1_000_000,
  }),
  halfFma: {
    status: 'skipped',
    kernel: 'floor_fma_half',
    size: '2 vectors 64 rounds',
    variant: null,
    constants: {},
    workgroups: [1, 1, 1],
    reason: 'this device lacks the feature shader-f16',
  },
  sharedFma: measured('floor_fma_shared', '4 lanes 64 rounds', {
    time: spread(24, 20),
    flops: 1_000_000,
  }),
};

export const environment: BenchEnvironment = {
  adapter: { vendor: 'v', architecture: 'a', description: 'Card "A", driver 1, 2', software: false, backend: 'vulkan' },
  toggles: ['skip_validation', 'timestamp_quantization=off'],
  versions: { shadegrad: '1.2.3', webgpu: '0.6.2', runtime: 'Node v20.20.2, linux-x64' },
  features: ['timestamp-query'],
  limits: { maxBufferSize: 1024 },
  timing: {
    clock: 'timestamp-query',
    quantumNanoseconds: 65_536,
    roundTripMicroseconds: spread(80),
  },
  date: '2026-01-02T03:04:05.678Z',
};

export const floorReport: FloorReport = { bench: 'floor', environment, floor };

const share = { floorMicroseconds: 25, boundBy: 'arithmetic', share: 0.25 } as const;

export const kernelsReport: KernelsReport = {
  bench: 'kernels',
  environment,
  floor,
  kernels: [
    { ...measured('dense', '784-100@32', { flops: 5e6, bytes: 4e5, gflops: 50 }), ...share },
    {
      ...measured('dense', '784-100@32', { flops: 5e6, bytes: 4e5, gflops: 40, variant: 'workgroup 8 x 8' }),
      ...share,
    },
    { ...measured('relu', '3200', { flops: 3200, bytes: 25_600, gflops: 0.032 }), ...share },
    {
      status: 'void',
      kernel: 'bias',
      size: '784-100@32',
      variant: null,
      constants: {},
      workgroups: [1, 1, 1],
      reason: 'y[0, 0] is NaN, and its float64 twin 1',
    },
    {
      status: 'skipped',
      kernel: 'matmul',
      size: '4096^3',
      variant: null,
      constants: {},
      workgroups: [1, 1, 1],
      reason: 'too long',
    },
  ],
};

export const trainingReport: TrainingReport = {
  bench: 'train',
  environment,
  floor,
  training: [
    ...[32, 128, 1024].flatMap((batchSize) =>
      (['fused', 'unfused'] as const).map((plan) => ({
        status: 'measured' as const,
        plan,
        batchSize,
        hidden: [100],
        models: 1,
        dispatchesPerStep: plan === 'fused' ? 1 : 15,
        step: spread(batchSize * (plan === 'fused' ? 10 : 20)),
        ended: 'time' as const,
        stepsPerSecond: 1e6 / batchSize,
        imagesPerSecond: plan === 'fused' ? 1e6 + batchSize : 5e5 + batchSize,
        hostMicroseconds: 2,
        hostStepsPerSubmit: 512,
        stepsPerWindow: 1000,
        firstLoss: 2.3,
        lastLoss: 0.01,
        twinSamples: 32,
        ...share,
      })),
    ),
    { status: 'void', plan: 'unfused', batchSize: 8, hidden: [], models: 2, reason: 'step 1 is wrong' },
  ],
};

export const choiceReport: ChoiceReport = {
  bench: 'choice',
  environment,
  shapes: [
    {
      batchSize: 32,
      hidden: [100],
      models: 1,
      chosen: 'fused',
      seconds: 0.25,
      best: 'layered',
      ratio: 1.05,
      plans: [
        { plan: 'fused', status: 'timed', step: spread(105) },
        { plan: 'layered', status: 'timed', step: spread(100) },
        { plan: 'fused-2', status: 'late', reason: 'its first step took more than 10 s' },
        { plan: 'unfused', status: 'slow', reason: 'a step took 20 ms' },
      ],
    },
    {
      batchSize: 8,
      hidden: [],
      models: 64,
      chosen: 'layered',
      seconds: 0.5,
      best: null,
      ratio: null,
      plans: [{ plan: 'layered', status: 'void', reason: 'step 1 of model 1 has the loss NaN' }],
    },
  ],
  within: 0.5,
};
