import { beforeAll, describe, test } from 'vitest';
import { targetOf } from '../../src/gpu/target.ts';
import { laneKernels, lanesOf } from '../../src/train/kernels/lanes.ts';
import type { LayeredKernels } from '../../src/train/kernels/layered.ts';
import { testDevice } from '../support/gpu.ts';
import { checkDense, checkInputGradient } from '../support/layered.ts';

// Made for the width of the adapter's subgroups: 4 lanes on SwiftShader, where kernels-lanes-emulated.test.ts has the others.
let kernels: LayeredKernels;
beforeAll(async () => {
  kernels = laneKernels(lanesOf(targetOf(await testDevice())));
});

// Below, at and above a vec4, as many vec4s as there are lanes (16, 32 or 64 columns), rows to a load (4, 8 or 16) and
// blocks of 16 rows, with several workgroups in each direction. The last are a real layer and two with enough work for
// larger blocks: 32 rows, and twice as many columns.
const LAYERS = [
  { models: 1, rows: 1, inputs: 1, outputs: 1 },
  { models: 2, rows: 3, inputs: 3, outputs: 4 },
  { models: 1, rows: 4, inputs: 4, outputs: 5 },
  { models: 3, rows: 7, inputs: 5, outputs: 7 },
  { models: 1, rows: 8, inputs: 8, outputs: 16 },
  { models: 2, rows: 15, inputs: 15, outputs: 17 },
  { models: 1, rows: 16, inputs: 33, outputs: 31 },
  { models: 2, rows: 17, inputs: 64, outputs: 32 },
  { models: 1, rows: 33, inputs: 65, outputs: 67 },
  { models: 1, rows: 32, inputs: 100, outputs: 10 },
  { models: 3, rows: 65, inputs: 257, outputs: 253 },
  { models: 1, rows: 641, inputs: 301, outputs: 699 },
];

describe.each(LAYERS)('%j agrees with its float64 twin', (size) => {
  test.each([false, true])('dense on floats, relu %s', (relu) => checkDense(kernels, size, 'floats', relu));

  test('the input gradient', () => checkInputGradient(kernels, size));
});
