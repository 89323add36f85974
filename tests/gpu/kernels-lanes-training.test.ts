import { beforeAll, describe, test } from 'vitest';
import { targetOf } from '../../src/gpu/target.ts';
import { laneKernels, lanesOf } from '../../src/train/kernels/lanes.ts';
import type { LayeredKernels } from '../../src/train/kernels/layered.ts';
import { testDevice } from '../support/gpu.ts';
import { checkDense, checkDenseUpdate, checkHead } from '../support/layered.ts';
import { UPDATES } from '../support/step.ts';

// Made for the width of the adapter's subgroups: 4 lanes on SwiftShader, where kernels-lanes-emulated.test.ts has the others.
let kernels: LayeredKernels;
beforeAll(async () => {
  kernels = laneKernels(lanesOf(targetOf(await testDevice())));
});

// Below, at and above a vec4, subgroups of 4, 8 and 16 lanes, their rows of parameters (16, 32, 64), 32 rows and samples,
// strips of 16, 32 and 64 columns, and 32 vec4s of columns. The last are real layers.
describe.each([
  { models: 1, rows: 1, inputs: 1, outputs: 1 },
  { models: 2, rows: 3, inputs: 3, outputs: 4 },
  { models: 3, rows: 8, inputs: 16, outputs: 9 },
  { models: 1, rows: 16, inputs: 17, outputs: 15 },
  { models: 1, rows: 17, inputs: 32, outputs: 17 },
  { models: 2, rows: 33, inputs: 63, outputs: 21 },
  { models: 1, rows: 64, inputs: 64, outputs: 64 },
  { models: 1, rows: 65, inputs: 65, outputs: 131 },
  { models: 2, rows: 70, inputs: 129, outputs: 128 },
  { models: 1, rows: 32, inputs: 784, outputs: 100 },
  { models: 1, rows: 32, inputs: 100, outputs: 10 },
])('%j agrees with its float64 twin', (size) => {
  const { rows, inputs } = size;
  const missing = rows - Math.ceil(rows / 2);
  // As in digits, much is blank: every third image, and in all images the lower half and some words above it.
  const isBlank = (sample: number, input: number) =>
    sample % 3 === 0 || input >= inputs / 2 || Math.floor(input / 4) % 5 === 1;

  test.each([
    { of: 'a whole batch', batch: size },
    { of: 'a whole batch, much of it blank', batch: { ...size, isBlank } },
    { of: 'a short batch, much of it blank', batch: { ...size, isBlank, missing } },
    { of: 'blank images', batch: { ...size, isBlank: () => true, missing } },
  ])('dense on the bytes of $of', ({ batch }) => checkDense(kernels, batch, 'samples', true));

  test.each(UPDATES)('the update from floats by $name', (optimizer) =>
    checkDenseUpdate(kernels, size, 'floats', optimizer),
  );

  test('the update from the bytes of a whole batch', () => checkDenseUpdate(kernels, size, 'samples'));

  test('the update from the bytes of a short batch, much of it blank', () =>
    checkDenseUpdate(kernels, { ...size, isBlank, missing }, 'samples'));
});

// More than the 32 samples that stand still, and not a multiple of 32, but of 4, 8 or 16 lanes.
test.each([{ rows: 36 }, { rows: 40 }, { rows: 48 }, { rows: 80 }])(
  'an update leaves NaN to the network that has it, %j',
  ({ rows }) => checkDenseUpdate(kernels, { models: 3, rows, inputs: 5, outputs: 6, diverged: 1 }, 'floats'),
);

describe('from bytes too', () => {
  const size = { models: 2, rows: 35, inputs: 18, outputs: 33 };

  test('dense can be without ReLU', () => checkDense(kernels, size, 'samples', false));

  test.each(UPDATES)('$name updates', (optimizer) => checkDenseUpdate(kernels, size, 'samples', optimizer));
});

describe.each([
  { models: 1, rows: 1, inputs: 1, outputs: 1 },
  { models: 2, rows: 5, inputs: 3, outputs: 3 },
  { models: 1, rows: 15, inputs: 4, outputs: 4, missing: 6 },
  { models: 3, rows: 16, inputs: 5, outputs: 10 },
  { models: 1, rows: 17, inputs: 31, outputs: 5 },
  { models: 2, rows: 33, inputs: 32, outputs: 12 },
  { models: 1, rows: 32, inputs: 100, outputs: 10, missing: 1 },
  { models: 1, rows: 40, inputs: 7, outputs: 16, missing: 38 },
])('the head, %j', (size) => {
  test.each([
    { logits: 'far apart', scale: 100 },
    { logits: 'close to each other', scale: 1 },
    { logits: 'all the same', scale: 0 },
  ])('agrees with its float64 twins where logits are $logits', ({ scale }) =>
    checkHead(kernels, size, scale),
  );
});
