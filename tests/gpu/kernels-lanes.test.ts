import { beforeAll, describe, test } from 'vitest';
import { targetOf } from '../../src/gpu/target.ts';
import { laneKernels, lanesOf } from '../../src/train/kernels/lanes.ts';
import type { LayeredKernels } from '../../src/train/kernels/layered.ts';
import { testDevice } from '../support/gpu.ts';
import { checkDense, checkInputGradient } from '../support/layered.ts';

// Made for the width of the adapter's subgroups: 4 lanes on SwiftShader, 8 or 16 on lavapipe.
let kernels: LayeredKernels;
beforeAll(async () => {
  kernels = laneKernels(lanesOf(targetOf(await testDevice())));
});

// Below, at and above a vec4, a vector of 4, 8 or 16 columns, a strip of eight such vectors (32, 64 or 128), four rows
// and blocks of 16, 32 and 64 rows; with several workgroups in each direction. The last are real layers.
const LAYERS = [
  { models: 1, rows: 1, inputs: 1, outputs: 1 },
  { models: 2, rows: 3, inputs: 3, outputs: 4 },
  { models: 1, rows: 4, inputs: 4, outputs: 5 },
  { models: 3, rows: 7, inputs: 5, outputs: 7 },
  { models: 1, rows: 15, inputs: 8, outputs: 9 },
  { models: 2, rows: 16, inputs: 15, outputs: 16 },
  { models: 1, rows: 17, inputs: 17, outputs: 31 },
  { models: 2, rows: 31, inputs: 33, outputs: 33 },
  { models: 1, rows: 33, inputs: 65, outputs: 257 },
  { models: 3, rows: 129, inputs: 63, outputs: 65 },
  { models: 1, rows: 70, inputs: 129, outputs: 100 },
  { models: 5, rows: 65, inputs: 128, outputs: 128 },
  { models: 1, rows: 32, inputs: 100, outputs: 10 },
];

describe.each(LAYERS)('%j agrees with its float64 twin', (size) => {
  test.each([false, true])('dense on floats, relu %s', (relu) => checkDense(kernels, size, 'floats', relu));

  test('the input gradient', () => checkInputGradient(kernels, size));
});
