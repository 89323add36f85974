import { describe, test, vi } from 'vitest';
import { laneKernels } from '../../src/train/kernels/lanes.ts';
import { checkDense, checkDenseUpdate, checkHead, checkInputGradient } from '../support/layered.ts';

// SwiftShader's subgroups are four wide, so everything but the exchange between lanes is tested with that emulated.
vi.mock(import('../../src/gpu/kernels.ts'), async (importOriginal) => {
  const { emulated } = await import('../support/lane-emulation.ts');
  const original = await importOriginal();
  return { ...original, kernelSource: async (...kernel) => emulated(await original.kernelSource(...kernel)) };
});

// A word has pixels in one image of eleven: then few lanes say so, and all others have to hear of it.
const isBlank = (sample: number, input: number) => sample !== Math.floor(input / 4) % 11;

// Few numbers, since barriers are slow, but several workgroups in each direction and ragged ones last.
describe.each([8, 16])('emulated, subgroups of %i', (lanes) => {
  const kernels = laneKernels(lanes);
  const wide = 4 * lanes + 5;

  test('dense on floats', () =>
    checkDense(kernels, { models: 2, rows: 19, inputs: 11, outputs: wide }, 'floats', true));

  test('dense on bytes, most of them blank', () =>
    checkDense(
      kernels,
      { models: 2, rows: 35, inputs: 43, outputs: wide, isBlank, missing: 19 },
      'samples',
      true,
    ));

  test('the input gradient', () =>
    checkInputGradient(kernels, { models: 2, rows: 19, inputs: wide, outputs: 11 }));

  test('the update from bytes', () =>
    checkDenseUpdate(kernels, { models: 2, rows: 35, inputs: wide, outputs: 9, missing: 7 }, 'samples'));

  // A multiple of both widths, but not of the 32 samples that stand still.
  test('the update from floats, which leaves NaN to the network that has it', () =>
    checkDenseUpdate(kernels, { models: 3, rows: 48, inputs: 5, outputs: 6, diverged: 1 }, 'floats'));

  test('the head', () => checkHead(kernels, { models: 2, rows: 35, inputs: 6, outputs: 13, missing: 3 }));
});
