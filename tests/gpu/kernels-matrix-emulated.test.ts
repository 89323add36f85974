import { describe, test, vi } from 'vitest';
import { matrixKernels } from '../../src/train/kernels/matrix.ts';
import { checkDense, checkDenseUpdate, checkInputGradient } from '../support/layered.ts';
import { testMatrixKernels } from '../support/matrix.ts';

// No software adapter has matrix units, so everything but the products is tested with the products emulated.
vi.mock(import('../../src/gpu/kernels.ts'), async (importOriginal) => {
  const { emulated } = await import('../support/matrix-emulation.ts');
  const original = await importOriginal();
  return { ...original, kernelSource: (...kernel) => emulated(original.kernelSource(...kernel)) };
});

// A half that is emulated by a float takes twice the workgroup memory.
vi.mock(import('../../src/node/gpu.ts'), async (importOriginal) => {
  const original = await importOriginal();
  const requiredLimits = { maxComputeWorkgroupStorageSize: 32_768 };
  return { ...original, openDevice: (options) => original.openDevice({ ...options, requiredLimits }) };
});

describe('emulated, in four subgroups of one invocation', () => {
  testMatrixKernels(matrixKernels(4));
});

test('more subgroups than the tile has quarters change nothing', async () => {
  const size = { models: 2, rows: 66, inputs: 67, outputs: 65 };
  await checkDense(matrixKernels(7), { ...size, grid: 2 ** -10 }, 'floats', false);
  await checkDenseUpdate(matrixKernels(7), { ...size, grid: 2 ** -10 }, 'floats');
  await checkInputGradient(matrixKernels(7), { ...size, grid: 2 ** -10 });
});
