import { describe, test, vi } from 'vitest';
import type { MatrixShape } from '../../src/gpu/matrix-units.ts';
import { matrixKernels } from '../../src/train/kernels/matrix.ts';
import { checkDense, checkDenseUpdate, checkInputGradient } from '../support/layered.ts';
import { ALL_SIZES, RAGGED_SIZES, testMatrixKernels } from '../support/matrix.ts';

// SwiftShader has no matrix units, so everything but the products is tested with the products emulated.
vi.mock(import('../../src/gpu/kernels.ts'), async (importOriginal) => {
  const { emulated } = await import('../support/matrix-emulation.ts');
  const original = await importOriginal();
  return { ...original, kernelSource: async (...kernel) => emulated(await original.kernelSource(...kernel)) };
});

// A half that is emulated by a float takes twice the workgroup memory.
vi.mock(import('../../src/node/gpu.ts'), async (importOriginal) => {
  const original = await importOriginal();
  const requiredLimits = { maxComputeWorkgroupStorageSize: 32_768 };
  return { ...original, openDevice: (options) => original.openDevice({ ...options, requiredLimits }) };
});

// What sums are made in and which shape units have are independent parts of the shaders.
const SHAPES: readonly MatrixShape[] = [
  { M: 16, N: 16, K: 16, sums: 'f32' },
  { M: 8, N: 16, K: 16, sums: 'f32' },
  { M: 8, N: 8, K: 8, sums: 'f16' },
];

describe.each(SHAPES)('emulated, in four subgroups of one invocation: %j', (shape) => {
  testMatrixKernels({ shape, subgroup: 1 }, shape === SHAPES[0] ? ALL_SIZES : RAGGED_SIZES);
});

test.each(['f32', 'f16'] as const)(
  'more subgroups than the tile has quarters change nothing, with sums in %s',
  async (sums) => {
    // Four subgroups of two, which are eight of one.
    const kernels = matrixKernels({ shape: { M: 8, N: 8, K: 8, sums }, subgroup: 2 });
    const size = { models: 2, rows: 66, inputs: 67, outputs: 65, grid: 2 ** -3 };
    await checkDense(kernels, size, 'floats', false);
    await checkDenseUpdate(kernels, size, 'floats');
    await checkInputGradient(kernels, size);
  },
);
