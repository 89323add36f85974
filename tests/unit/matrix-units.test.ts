import { describe, expect, test } from 'vitest';
import { create } from 'webgpu';
import { KERNELS, kernelSource } from '../../src/gpu/kernels.ts';
import { MATRIX_FEATURES, missingForMatrices } from '../../src/gpu/matrix-units.ts';
import { ANY_TARGET } from '../../src/gpu/target.ts';
import { trainingPlan } from '../../src/train/plans/index.ts';
import { ADAM } from '../support/step.ts';

// Dawn's backend that draws and computes nothing has matrix units, though of no shape: it compiles their shaders. What
// `create` returns must outlive its devices: a constant of this file is collected once nothing reads it any more, and
// the process dies of that.
const dawn = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
Object.assign(globalThis, { dawn });
const adapter = await dawn.requestAdapter();
const device = await adapter?.requestDevice({ requiredFeatures: [...MATRIX_FEATURES] });

describe.each([
  { inputs: 784, hidden: [100], classes: 10, batch: 32 },
  { inputs: 784, hidden: [1024, 4096], classes: 100, batch: 4096 },
  { inputs: 1, hidden: [3], classes: 65, batch: 1 },
])('the shaders for $inputs inputs, $hidden hidden units, $classes classes, batch $batch', (spec) => {
  const { batch } = spec;
  const sizes = { spec, models: 2, batch, samples: batch, orderLength: batch };
  const plan = trainingPlan('layered-matrix', sizes, ADAM, ANY_TARGET);
  const dispatches = plan.dispatches.filter(({ kernel }) => kernel.endsWith('_matrix'));

  test.each(dispatches)(
    'compile without an error or a warning: $kernel',
    async ({ kernel, constants, update }) => {
      if (!device) throw new Error('Dawn has no null backend');
      const { code } = kernelSource(kernel, update);
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
  const used = plan.dispatches.filter(({ kernel }) => KERNELS[kernel].code.includes('subgroup_matrix'));
  const all = Object.entries(KERNELS).filter(([, { code }]) => code.includes('subgroup_matrix'));
  expect(new Set(used.map(({ kernel }) => kernel))).toEqual(new Set(all.map(([kernel]) => kernel)));
});

describe('a device can run the shaders', () => {
  const shape = { componentType: 'f16', resultComponentType: 'f32', M: 16, N: 16, K: 16 };
  const fake = (features: readonly string[], subgroupMatrixConfigs: object[], subgroupMaxSize = 32) =>
    ({
      features: new Set(features),
      adapterInfo: { subgroupMaxSize, subgroupMatrixConfigs },
    }) as unknown as GPUDevice;

  test.each([
    ['with the shape among others', fake(MATRIX_FEATURES, [{ ...shape, K: 8 }, shape]), undefined],
    ['not without float16', fake(MATRIX_FEATURES.slice(1), [shape]), 'the feature shader-f16'],
    ['not without matrix units', fake(MATRIX_FEATURES.slice(0, 2), [shape]), 'chromium-experimental-subgr'],
    ['not with none', fake(MATRIX_FEATURES, []), 'f16 into f32 (it has none)'],
    [
      'not with another shape',
      fake(MATRIX_FEATURES, [{ ...shape, M: 8 }]),
      'it has 8 x 16 x 16 of f16 into f32',
    ],
    [
      'not with sums in float16',
      fake(MATRIX_FEATURES, [{ ...shape, resultComponentType: 'f16' }]),
      'it has 16 x 16 x 16 of f16 into f16',
    ],
    ['not where four subgroups may not fit', fake(MATRIX_FEATURES, [shape], 64), 'up to 64'],
  ])('%s', (_, some, missing) => {
    if (missing === undefined) expect(missingForMatrices(some)).toBeUndefined();
    else expect(missingForMatrices(some)).toContain(missing);
  });
});
