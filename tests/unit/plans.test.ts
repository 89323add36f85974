import { describe, expect, test } from 'vitest';
import {
  type Access,
  KERNELS,
  type Kernel,
  type KernelName,
  kernelSource,
  plannedConstants,
  shaderConstant,
} from '../../src/gpu/kernels.ts';
import { ANY_TARGET } from '../../src/gpu/target.ts';
import { inferenceSizes } from '../../src/train/inference.ts';
import { quadKernels } from '../../src/train/kernels/quads.ts';
import { tiledKernels } from '../../src/train/kernels/tiled.ts';
import {
  allDispatches,
  assertWithinLimits,
  DEFAULT_LIMITS,
  type PlanLimits,
  requiredLimits,
  type StepPlan,
} from '../../src/train/plan.ts';
import { PLAN_NAMES, trainingPlan } from '../../src/train/plans/index.ts';
import { inferencePlan } from '../../src/train/plans/inference.ts';
import { trainerLimits } from '../../src/train/trainer.ts';
import { blobs } from '../support/blobs.ts';
import { kernelSources, shader } from '../support/shader.ts';
import { ADAM, OPTIMIZERS } from '../support/step.ts';

const sizes = {
  spec: { inputs: 784, hidden: [100], classes: 10 },
  models: 1,
  batch: 32,
  samples: 60_000,
  orderLength: 54_000,
};
const SGD = OPTIMIZERS.find(({ name }) => name === 'sgd') ?? ADAM;
const layered = trainingPlan('layered', sizes, ADAM, ANY_TARGET);

test('the layered plan of the reference network is four dispatches of known size', () => {
  expect(layered.dispatches.map(({ kernel, workgroups }) => [kernel, ...workgroups])).toEqual([
    ['dense', 13, 4, 1],
    ['head', 8, 1, 1],
    ['dense_update', 1, 7, 1],
    ['dense_update', 7, 50, 1],
  ]);
});

test('buffers have the sizes their tensors have', () => {
  const size = Object.fromEntries(layered.buffers.map((buffer) => [buffer.name, buffer.size]));
  expect(size).toMatchObject({
    samples: 60_000 * 785,
    order: 4 * 54_000,
    metrics: 8 * Math.ceil(54_000 / 32) * 8,
    parameters0: 4 * 785 * 100,
    moments0: 2 * 4 * 785 * 100,
    rates: 8 * 513,
    parameters1: 4 * 101 * 12,
    activation1: 4 * 32 * 100,
    delta0: 4 * 32 * 100,
    delta1: 4 * 32 * 12,
  });
});

test('SGD keeps one moment, and every network has its rates', () => {
  const { buffers } = trainingPlan('layered', { ...sizes, models: 3 }, SGD, ANY_TARGET);
  const size = Object.fromEntries(buffers.map((buffer) => [buffer.name, buffer.size]));
  expect(size).toMatchObject({ moments0: 3 * 4 * 785 * 100, moments1: 3 * 4 * 101 * 12, rates: 3 * 8 * 513 });
});

test.each(PLAN_NAMES)('how many networks are side by side changes nothing but their number: %s', (name) => {
  const spec = { inputs: 784, hidden: name.startsWith('fused') ? [100] : [100, 300], classes: 10 };
  const ofModels = (models: number) =>
    allDispatches(trainingPlan(name, { ...sizes, spec, models }, ADAM, ANY_TARGET)).map((dispatch) => {
      // Rows that a workgroup makes one after the other: each is summed up by itself.
      const { MODELS: _, BLOCK_ROWS, LENGTH, ...constants } = dispatch.constants;
      const [x, y, z] = dispatch.workgroups;
      // An elementwise kernel takes all networks as one row of numbers.
      if (LENGTH !== undefined) return { ...dispatch, constants, workgroups: [] };
      const across = BLOCK_ROWS === undefined ? [x, y] : [x];
      return { ...dispatch, constants, workgroups: [...across, z / models] };
    });
  expect(ofModels(128)).toEqual(ofModels(1));
});

test.each([1, 2, 3, 16])('%i rows of pixels end with a whole vec4, with labels and without', (samples) => {
  const spec = { inputs: 5, hidden: [], classes: 2 };
  for (const labelled of [true, false]) {
    const { buffers } = inferencePlan(tiledKernels(), inferenceSizes(spec, 1, samples, samples), labelled);
    const size = buffers.find(({ name }) => name === 'samples')?.size ?? 0;
    expect(size % 16).toBe(0);
    expect(size).toBeGreaterThanOrEqual(samples * (labelled ? 9 : 8));
  }
});

const CASES: readonly [string, StepPlan][] = [
  ...PLAN_NAMES.map((name): [string, StepPlan] => [name, trainingPlan(name, sizes, ADAM, ANY_TARGET)]),
  [
    'without hidden layers',
    trainingPlan('layered', { ...sizes, spec: { ...sizes.spec, hidden: [] } }, ADAM, ANY_TARGET),
  ],
  [
    'deep',
    trainingPlan('unfused', { ...sizes, spec: { ...sizes.spec, hidden: [9, 8, 7] } }, ADAM, ANY_TARGET),
  ],
  ['by SGD', trainingPlan('layered-quads', sizes, SGD, ANY_TARGET)],
  ['unfused, by SGD', trainingPlan('unfused', sizes, SGD, ANY_TARGET)],
  ['evaluation', inferencePlan(tiledKernels(), inferenceSizes(sizes.spec, 1, 10_000, 10_000), true)],
  ['prediction', inferencePlan(tiledKernels(), inferenceSizes(sizes.spec, 1, 3, 3), false)],
];

describe.each(CASES)('the plan %s', (name, plan) => {
  test('binds what it has and has what it binds', () => {
    const names = plan.buffers.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const bound = new Set(allDispatches(plan).flatMap(({ bindings }) => Object.values(bindings)));
    expect([...bound].sort()).toEqual([...names].sort());
    for (const { size } of plan.buffers) expect(size % 4).toBe(0);
  });

  test('gives every override constant that its shaders declare, and no other', async () => {
    for (const { kernel, constants, update, matrix } of allDispatches(plan)) {
      const { code } = await kernelSource(kernel, update, matrix);
      const declared = [...code.matchAll(/^override (\w+): \w+;$/gm)].map(([, name]) => name);
      expect(Object.keys(constants).sort(), kernel).toEqual(declared.sort());
    }
  });

  test('never reads a buffer that the same dispatch writes', () => {
    for (const { kernel, bindings } of allDispatches(plan)) {
      const access: Record<string, Access> = KERNELS[kernel].bindings;
      const bound = Object.entries(bindings);
      for (const [name, buffer] of bound.filter(([name]) => access[name] === 'read-write')) {
        expect(
          bound.filter(([, other]) => other === buffer),
          kernel,
        ).toEqual([[name, buffer]]);
      }
    }
  });

  test('is named as it is asked for', () => {
    if (PLAN_NAMES.some((known) => known === name)) expect(plan.name).toBe(name);
  });

  test("fits WebGPU's default limits", () => {
    assertWithinLimits(plan, DEFAULT_LIMITS);
    expect(requiredLimits(plan)).toEqual({});
  });
});

test.each([
  ['maxStorageBufferBindingSize', 60_000 * 785],
  ['maxBufferSize', 60_000 * 785],
  ['maxComputeWorkgroupsPerDimension', 50],
  ['maxComputeInvocationsPerWorkgroup', 256],
  ['maxComputeWorkgroupSizeX', 256],
  ['maxComputeWorkgroupStorageSize', 16_384],
  ['maxStorageBuffersPerShaderStage', 7],
] as const)('a plan needs %s = %i, no less', (limit: keyof PlanLimits, need) => {
  assertWithinLimits(layered, { ...DEFAULT_LIMITS, [limit]: need });
  expect(() => assertWithinLimits(layered, { ...DEFAULT_LIMITS, [limit]: need - 1 })).toThrow(
    `needs ${limit} = ${need}, and this device gives ${need - 1}`,
  );
});

test('asks only for the limits that the data needs beyond the defaults', () => {
  expect(trainerLimits(blobs())).toEqual({});
  const count = 200_000;
  const images = { length: count * 784 } as Uint8Array;
  const many = { images, labels: new Uint8Array(), count };
  const data = { name: 'many', shape: { height: 28, width: 28 }, classes: 10, train: many, test: many };
  expect(trainerLimits(data)).toEqual({ maxStorageBufferBindingSize: count * 785 });
});

test('large evaluations are cut, so that their probabilities fit', () => {
  const spec = { inputs: 4, hidden: [], classes: 256 };
  const { orderLength } = inferenceSizes(spec, 1, 1_000_000, 1_000_000);
  expect(orderLength * spec.classes * 4).toBeLessThanOrEqual(DEFAULT_LIMITS.maxStorageBufferBindingSize);
});

test('a batch may have more samples than a dispatch has workgroups along an axis', () => {
  const spec = { inputs: 1, hidden: [], classes: 2 };
  const large = { spec, models: 1, batch: 200_000, samples: 200_000, orderLength: 200_000 };
  assertWithinLimits(trainingPlan('layered', large, ADAM, ANY_TARGET), DEFAULT_LIMITS);
});

test.each([
  [{ models: 1, rows: 32, outputs: 100 }, 32],
  [{ models: 1, rows: 256, outputs: 10 }, 32],
  [{ models: 1, rows: 256, outputs: 100 }, 128],
  [{ models: 4, rows: 64, outputs: 100 }, 256],
  [{ models: 1, rows: 1024, outputs: 1024 }, 256],
])(
  'quads take blocks of rows as large as leave enough workgroups: %j',
  ({ models, rows, outputs }, block) => {
    const sizes = { models, rows, layer: { inputs: 64, outputs }, relu: true, orderLength: rows };
    const bindings = { step: 'step', x: 'x', order: 'order', parameters: 'parameters', y: 'y' };
    const { constants, workgroups } = quadKernels.dense({ ...sizes, input: 'floats' }, bindings);
    expect(constants.BLOCK_ROWS).toBe(block);
    expect(workgroups).toEqual([Math.ceil(outputs / 16), Math.ceil(rows / block), models]);
  },
);

test('a constant that sizes are planned with is in the table', () => {
  expect(shaderConstant('matmul', 'TILE')).toBe(4);
  const shape = { M: 8, N: 16, K: 4, sums: 'f16' } as const;
  expect(shaderConstant('dense_matrix', 'TILE', shape)).toBe(32);
  expect(() => shaderConstant('matmul', 'TILE_COLUMNS')).toThrow('matmul has no constant TILE_COLUMNS');
});

test.each(Object.keys(KERNELS) as KernelName[])('the table says what constants %s has', async (kernel) => {
  const { parts }: Kernel = KERNELS[kernel];
  const shapes = (['f32', 'f16'] as const).map((sums) => ({ M: 8, N: 16, K: 4, sums }));
  for (const shape of parts.includes('matrix') ? shapes : [undefined]) {
    const update = parts.includes('update') ? 'adam' : undefined;
    const { code } = await kernelSource(kernel, update, shape);
    for (const [name, value] of Object.entries(plannedConstants(kernel, shape))) {
      const [, written] = code.match(new RegExp(`^const ${name} = (\\d+)u;$`, 'm')) ?? [];
      expect(Number(written), name).toBe(value);
    }
  }
});

test('an optimizer is asked for where a kernel has a place for one, and nowhere else', async () => {
  await expect(kernelSource('update')).rejects.toThrow(RangeError);
  await expect(kernelSource('dense', 'sgd')).rejects.toThrow(RangeError);
  const { code } = await kernelSource('update', 'sgd');
  expect(code).toContain('override MOMENTUM: f32;');
  expect(code).not.toContain('BETA1');
});

test('the shape of matrix units is asked for where a kernel runs on them, and nowhere else', async () => {
  const shape = { M: 8, N: 16, K: 4, sums: 'f16' } as const;
  await expect(kernelSource('dense_matrix')).rejects.toThrow(RangeError);
  await expect(kernelSource('dense', undefined, shape)).rejects.toThrow(RangeError);
  const { code } = await kernelSource('dense_matrix', undefined, shape);
  for (const line of ['const M = 8u;', 'const N = 16u;', 'const K = 4u;']) {
    expect(code.split('\n').filter((text) => text === line)).toEqual([line]);
  }
  expect(code).toContain('subgroup_matrix_result<f16, N, M>');
  expect(code).not.toContain('f32, N, M');
});

test('every name is declared once in a kernel and its parts', async () => {
  for (const kernel of Object.keys(KERNELS) as KernelName[]) {
    for (const { code } of await kernelSources(kernel)) {
      const names = [...code.matchAll(/^(?:@.* )?(?:override|const|fn|struct|alias|var<.*>) (\w+)/gm)].map(
        ([, name]) => name,
      );
      expect(names.length, kernel).toBeGreaterThan(0);
      expect(new Set(names).size, kernel).toBe(names.length);
    }
  }
});

test('every shader binds what its table entry says, in that order', () => {
  for (const [name, { bindings }] of Object.entries(KERNELS)) {
    const { code } = shader(`${name}.wgsl`);
    const declared = [...code.matchAll(/@group\(0\) @binding\((\d+)\) var<(.+)> (\w+):/g)].map(
      ([, index, space, variable]) => [Number(index), variable, space],
    );
    const spaces = { step: 'uniform', read: 'storage, read', 'read-write': 'storage, read_write' };
    const expected = Object.entries(bindings).map(([variable, access], i) => [i, variable, spaces[access]]);
    expect(declared, name).toEqual(expected);
  }
});
