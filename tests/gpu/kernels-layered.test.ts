import { describe, test } from 'vitest';
import { tiledKernels } from '../../src/train/kernels/tiled.ts';
import { TILES } from '../../src/train/kernels/tiles.ts';
import { checkDense, checkDenseUpdate, checkHead, checkInputGradient } from '../support/layered.ts';
import { UPDATES } from '../support/step.ts';

describe.each(TILES)('tiles of $side, $registers to an invocation, $workgroup invocations', (tile) => {
  const kernels = tiledKernels([tile]);
  const chunk = (8 * tile.workgroup) / tile.side;
  // An m x k matrix by a k x n one, below and above the tile and the chunk in every direction.
  const below = { models: 3, m: tile.side - 1, n: tile.side - 3, k: chunk - 1 };
  const above = { models: 2, m: tile.side + 1, n: tile.side + 5, k: 2 * chunk + 3 };

  test('dense agrees with its float64 twin', async () => {
    const size = ({ models, m, n, k }: typeof below) => ({ models, rows: m, inputs: k, outputs: n });
    await checkDense(kernels, { ...size(below), missing: 2 }, 'samples', true);
    await checkDense(kernels, size(above), 'floats', false);
  });

  test('the input gradient agrees with its float64 twin', async () => {
    const size = ({ models, m, n, k }: typeof below) => ({ models, rows: m, inputs: n, outputs: k });
    await checkInputGradient(kernels, size(below));
    await checkInputGradient(kernels, size(above));
  });

  test('the update agrees with its float64 twin', async () => {
    const size = ({ models, m, n, k }: typeof below) => ({ models, rows: k, inputs: m - 1, outputs: n });
    for (const optimizer of UPDATES) {
      await checkDenseUpdate(kernels, size(below), 'floats', optimizer);
      await checkDenseUpdate(kernels, { ...size(above), missing: 2 }, 'samples', optimizer);
    }
  });
});

// Sums of whole chunks and of single numbers; the last two are real layers.
describe.each([
  { models: 1, rows: 1, inputs: 1, outputs: 1 },
  { models: 3, rows: 7, inputs: 5, outputs: 3, missing: 6 },
  { models: 2, rows: 64, inputs: 256, outputs: 128 },
  { models: 1, rows: 32, inputs: 784, outputs: 100, missing: 1 },
  { models: 1, rows: 32, inputs: 100, outputs: 10 },
])('in the tiles chosen for %j', (size) => {
  const kernels = tiledKernels();

  test.each(['samples', 'floats'] as const)(
    'dense and the update of %s agree with their float64 twins',
    async (input) => {
      await checkDense(kernels, size, input, input === 'floats');
      await checkDenseUpdate(kernels, size, input);
    },
  );

  test('the input gradient agrees with its float64 twin', async () => {
    await checkInputGradient(kernels, size);
  });
});

// Below, at and above the four rows of a workgroup, a vector of classes, and one input for each invocation.
test.each([
  { models: 1, rows: 1, inputs: 1, outputs: 1 },
  { models: 2, rows: 3, inputs: 3, outputs: 2 },
  { models: 1, rows: 4, inputs: 4, outputs: 4, missing: 1 },
  { models: 3, rows: 5, inputs: 31, outputs: 5 },
  { models: 1, rows: 7, inputs: 191, outputs: 64 },
  { models: 2, rows: 9, inputs: 193, outputs: 63, missing: 6 },
  { models: 1, rows: 6, inputs: 1000, outputs: 10 },
  { models: 1, rows: 32, inputs: 100, outputs: 10 },
])('the head agrees with its float64 twins: %j', async (size) => {
  for (const scale of [0, 1, 100]) await checkHead(tiledKernels(), size, scale);
});

test('the head makes every row of a batch larger than a dispatch has workgroups along an axis', async () => {
  await checkHead(tiledKernels(), { models: 1, rows: 4 * 65_535 + 3, inputs: 1, outputs: 2, missing: 1 });
});
