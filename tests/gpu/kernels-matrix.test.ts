import { describe, expect, test, vi } from 'vitest';
import { missingForMatrices, shapeInWords, USUAL_UNITS, usableShapes } from '../../src/gpu/matrix-units.ts';
import { pipelineFor } from '../../src/gpu/pipeline.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { blobs } from '../support/blobs.ts';
import { testDevice } from '../support/gpu.ts';
import { RAGGED_SIZES, REAL_LAYER, testMatrixKernels } from '../support/matrix.ts';

vi.mock(import('../../src/node/gpu.ts'), async (importOriginal) => {
  const original = await importOriginal();
  const { MATRIX_DEVICE, openDevice } = original;
  return { ...original, openDevice: (options) => openDevice({ ...options, ...MATRIX_DEVICE }) };
});

const device = await testDevice();
const missing = missingForMatrices(device);

if (missing === undefined) {
  const { adapterInfo } = device;
  describe.each(usableShapes(adapterInfo).map((shape) => ({ name: shapeInWords(shape), shape })))(
    'on matrix units, $name',
    ({ shape }) => {
      testMatrixKernels({ shape, subgroup: adapterInfo.subgroupMaxSize }, [...RAGGED_SIZES, REAL_LAYER]);
    },
  );
} else {
  // On such a device only the refusal can be tested: tests/gpu/kernels-matrix-emulated.test.ts does more.
  test(`on a device that lacks ${missing} the plan is refused, which says so`, async () => {
    const refusal = { code: 'usage', message: expect.stringContaining(missing) };
    await expect(Trainer.create(device, blobs(), { plan: 'layered-matrix' })).rejects.toMatchObject(refusal);
    const { shape } = USUAL_UNITS;
    const compiled = pipelineFor(device, 'dense_matrix', {}, undefined, shape);
    await expect(compiled).rejects.toMatchObject(refusal);
  });
}
