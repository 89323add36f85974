import { describe, expect, test, vi } from 'vitest';
import { missingForMatrices } from '../../src/gpu/matrix-units.ts';
import { pipelineFor } from '../../src/gpu/pipeline.ts';
import { matrixKernels } from '../../src/train/kernels/matrix.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { blobs } from '../support/blobs.ts';
import { testDevice } from '../support/gpu.ts';
import { testMatrixKernels } from '../support/matrix.ts';

vi.mock(import('../../src/node/gpu.ts'), async (importOriginal) => {
  const original = await importOriginal();
  const { MATRIX_DEVICE, openDevice } = original;
  return { ...original, openDevice: (options) => openDevice({ ...options, ...MATRIX_DEVICE }) };
});

const device = await testDevice();
const missing = missingForMatrices(device);

if (missing === undefined) {
  describe('on matrix units', () => {
    testMatrixKernels(matrixKernels());
  });
} else {
  // On such a device only the refusal can be tested: tests/gpu/kernels-matrix-emulated.test.ts does more.
  test(`on a device that lacks ${missing} the plan is refused, which says so`, async () => {
    const refusal = { code: 'usage', message: expect.stringContaining(missing) };
    await expect(Trainer.create(device, blobs(), { plan: 'layered-matrix' })).rejects.toMatchObject(refusal);
    await expect(pipelineFor(device, 'dense_matrix', {})).rejects.toMatchObject(refusal);
  });
}
