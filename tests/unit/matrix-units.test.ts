import { describe, expect, test } from 'vitest';
import { create } from 'webgpu';
import { KERNELS, kernelSource } from '../../src/gpu/kernels.ts';
import {
  MATRIX_FEATURES,
  type MatrixShape,
  matrixUnits,
  missingForMatrices,
  shapeInWords,
  shapesInWords,
  USUAL_UNITS,
  usableShapes,
} from '../../src/gpu/matrix-units.ts';
import { ANY_TARGET } from '../../src/gpu/target.ts';
import { trainingPlan } from '../../src/train/plans/index.ts';
import { shader } from '../support/shader.ts';
import { ADAM } from '../support/step.ts';

// Dawn's backend that draws and computes nothing has matrix units, though of no shape: it compiles their shaders. What
// `create` returns must outlive its devices: a constant of this file is collected once nothing reads it any more, and
// the process dies of that.
const dawn = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
Object.assign(globalThis, { dawn });
const adapter = await dawn.requestAdapter();
const device = await adapter?.requestDevice({ requiredFeatures: [...MATRIX_FEATURES] });

const SHAPES: readonly MatrixShape[] = [
  { M: 16, N: 16, K: 16, sums: 'f32' },
  { M: 8, N: 16, K: 16, sums: 'f32' },
  { M: 8, N: 8, K: 8, sums: 'f32' },
  { M: 16, N: 16, K: 16, sums: 'f16' },
  { M: 8, N: 16, K: 16, sums: 'f16' },
  { M: 8, N: 8, K: 8, sums: 'f16' },
  { M: 16, N: 8, K: 4, sums: 'f16' },
];

const NETWORKS = [
  { inputs: 784, hidden: [100], classes: 10, batch: 32 },
  { inputs: 784, hidden: [1024, 4096], classes: 100, batch: 4096 },
  { inputs: 1, hidden: [3], classes: 65, batch: 1 },
];

describe.each(SHAPES.map((shape) => ({ name: shapeInWords(shape), shape })))('for $name', ({ shape }) => {
  const dispatches = (shape === SHAPES[0] ? NETWORKS : NETWORKS.slice(0, 1)).flatMap((spec) => {
    const { batch } = spec;
    const sizes = { spec, models: 2, batch, samples: batch, orderLength: batch };
    const target = { ...ANY_TARGET, matrix: { shape, subgroup: 32 } };
    const plan = trainingPlan('layered-matrix', sizes, ADAM, target);
    return plan.dispatches.filter(({ kernel }) => kernel.endsWith('_matrix'));
  });

  test.each(dispatches)(
    'shaders compile without an error or a warning: $kernel, $constants',
    async ({ kernel, constants, update, matrix }) => {
      if (!device) throw new Error('Dawn has no null backend');
      const { code } = await kernelSource(kernel, update, matrix);
      const { bindings } = KERNELS[kernel];
      device.pushErrorScope('validation');
      const module = device.createShaderModule({ code });
      const { messages } = await module.getCompilationInfo();
      expect(messages.map(({ message, lineNum }) => `line ${lineNum}: ${message}`)).toEqual([]);
      const entries = Object.values(bindings).map((access, binding) => ({
        binding,
        visibility: 4,
        buffer: {
          type: { read: 'read-only-storage', 'read-write': 'storage', step: 'uniform' }[
            access
          ] as GPUBufferBindingType,
        },
      }));
      const layout = device.createPipelineLayout({
        bindGroupLayouts: [device.createBindGroupLayout({ entries })],
      });
      await device.createComputePipelineAsync({ layout, compute: { module, constants } });
      expect((await device.popErrorScope())?.message).toBeUndefined();
    },
  );
});

test('every kernel on matrix units is in that plan', () => {
  const sizes = { spec: { inputs: 9, hidden: [8, 7], classes: 6 }, models: 1, batch: 5, samples: 5 };
  const plan = trainingPlan('layered-matrix', { ...sizes, orderLength: 5 }, ADAM, ANY_TARGET);
  const used = plan.dispatches.filter(({ matrix }) => matrix !== undefined);
  const all = Object.keys(KERNELS).filter((kernel) =>
    shader(`${kernel}.wgsl`).code.includes('subgroup_matrix'),
  );
  expect(new Set(used.map(({ kernel }) => kernel))).toEqual(new Set(all));
});

/** A device with matrix units, as Dawn and browsers list them: M, N, K, what is multiplied, what it is added up in. */
function fake(
  configs: readonly (readonly [number, number, number, string, string])[],
  { features = MATRIX_FEATURES, subgroupMaxSize = 32 } = {},
): GPUDevice {
  const subgroupMatrixConfigs = configs.map(([M, N, K, componentType, resultComponentType]) => ({
    ...{ M, N, K, componentType, resultComponentType },
  }));
  const adapterInfo = { subgroupMaxSize, subgroupMatrixConfigs };
  return { features: new Set(features), adapterInfo } as unknown as GPUDevice;
}

const USUAL = [16, 16, 16, 'f16', 'f32'] as const;

describe('a device can run the shaders', () => {
  test.each([
    ['with the usual shape among others', fake([[16, 16, 32, 'u8', 'u32'], USUAL]), undefined],
    ['with wide subgroups', fake([USUAL], { subgroupMaxSize: 64 }), undefined],
    ['not without float16', fake([USUAL], { features: MATRIX_FEATURES.slice(1) }), 'the feature shader-f16'],
    [
      'not without units',
      fake([USUAL], { features: MATRIX_FEATURES.slice(0, 2) }),
      'chromium-experimental-sub',
    ],
    ['not with units of no shape', fake([]), 'that multiply f16 with sides of 4, 8, 16 (it has none)'],
    ['not with floats only', fake([[8, 8, 8, 'f32', 'f32']]), 'it has 8 x 8 x 8 of f32 into f32'],
    ['not with another side', fake([[16, 16, 32, 'f16', 'f32']]), 'it has 16 x 16 x 32 of f16 into f32'],
    ['not where four subgroups may not fit', fake([USUAL], { subgroupMaxSize: 128 }), 'up to 128'],
  ])('%s', (_, some, missing) => {
    if (missing === undefined) expect(missingForMatrices(some)).toBeUndefined();
    else expect(missingForMatrices(some)).toContain(missing);
    expect(matrixUnits(some) === undefined).toBe(missing !== undefined);
  });
});

test.each([
  [
    'NVIDIA, AMD',
    fake([[16, 8, 16, 'f16', 'f32'], [16, 16, 16, 'f16', 'f16'], USUAL]),
    ['16 x 16 x 16 of f16 into f32', '16 x 8 x 16 of f16 into f32', '16 x 16 x 16 of f16 into f16'],
  ],
  [
    'Apple',
    fake([
      [8, 8, 8, 'f32', 'f32'],
      [8, 8, 8, 'f16', 'f16'],
    ]),
    ['8 x 8 x 8 of f16 into f16'],
  ],
  [
    'Intel',
    fake([
      [8, 16, 16, 'f16', 'f16'],
      [8, 16, 16, 'f16', 'f32'],
    ]),
    ['8 x 16 x 16 of f16 into f32', '8 x 16 x 16 of f16 into f16'],
  ],
])('of several shapes the exact ones come first, then the large ones: %s', (_, some, shapes) => {
  expect(usableShapes(some.adapterInfo).map(shapeInWords)).toEqual(shapes);
  expect(matrixUnits(some)).toEqual({ shape: usableShapes(some.adapterInfo)[0], subgroup: 32 });
});

test('all shapes are told in words', () => {
  const bytes = { M: 16, N: 16, K: 32, componentType: 'u8', resultComponentType: 'u32' };
  const halves = { M: 8, N: 8, K: 8, componentType: 'f16', resultComponentType: 'f32' };
  expect(shapesInWords([bytes, halves])).toBe('16 x 16 x 32 of u8 into u32, 8 x 8 x 8 of f16 into f32');
  expect(shapesInWords([])).toBe('none');
});

test('a workgroup has four of the widest subgroups', () => {
  const sizes = { spec: { inputs: 9, hidden: [8], classes: 6 }, models: 1, batch: 5, samples: 5 };
  const invocations = [4, 8, 16, 32, 64].map((subgroup) => {
    const target = { ...ANY_TARGET, matrix: { ...USUAL_UNITS, subgroup } };
    const { dispatches } = trainingPlan('layered-matrix', { ...sizes, orderLength: 5 }, ADAM, target);
    return dispatches.find(({ matrix }) => matrix)?.constants.WORKGROUP_SIZE;
  });
  expect(invocations).toEqual([16, 32, 64, 128, 256]);
});
