import { expect, test } from 'vitest';
import { halfSumTolerance } from '../../src/bench/cases/case.ts';
import { readBuffer } from '../../src/gpu/buffers.ts';
import type { MatrixUnits } from '../../src/gpu/matrix-units.ts';
import { packParameters } from '../../src/model/layout.ts';
import { Executable } from '../../src/train/executable.ts';
import { matrixKernels } from '../../src/train/kernels/matrix.ts';
import { layeredPlan } from '../../src/train/plans/layered.ts';
import { parametersOf } from '../../src/train/plans/sizes.ts';
import { stepMetrics } from '../../src/train/step.ts';
import { deep, goldenSteps } from './golden.ts';
import { expectClose, paddedRows, testDevice } from './gpu.ts';
import { checkDense, checkDenseUpdate, checkInputGradient, type LayerSize } from './layered.ts';
import { ADAM, everyStep, UPDATES } from './step.ts';

const [ADAMW = ADAM, SGD = ADAM] = UPDATES;

/**
 * Multiples of it below 1 are exact in float16, and so are sums of sixteen products of them where units add up in that.
 */
const EXACT = { f32: 2 ** -10, f16: 2 ** -3 } as const;

/** How far the losses of training may be from PyTorch's: see docs/numerics.md. */
export const HALF_LOSS_ERROR = { f32: 1e-3, f16: 3e-3 } as const;

/** Below, at and above tiles of 64 x 64 or 32 x 32 and chunks of 32 or 16 in every direction. */
export const RAGGED_SIZES: readonly LayerSize[] = [
  { models: 3, rows: 7, inputs: 5, outputs: 3, missing: 6 },
  { models: 2, rows: 63, inputs: 31, outputs: 61 },
  { models: 2, rows: 66, inputs: 67, outputs: 65, missing: 2 },
];

/** The first layer of 784-100-10. */
export const REAL_LAYER: LayerSize = { models: 1, rows: 32, inputs: 784, outputs: 100, missing: 1 };

export const ALL_SIZES: readonly LayerSize[] = [
  { models: 1, rows: 1, inputs: 1, outputs: 1 },
  ...RAGGED_SIZES,
  { models: 1, rows: 64, inputs: 64, outputs: 64 },
  { models: 1, rows: 33, inputs: 130, outputs: 34, missing: 1 },
  REAL_LAYER,
  { models: 1, rows: 32, inputs: 100, outputs: 10 },
];

/** What kernels on matrix units, or their emulations, must do. */
export function testMatrixKernels(units: MatrixUnits, sizes: readonly LayerSize[]): void {
  const kernels = matrixKernels(units);
  const { sums } = units.shape;
  const grid = EXACT[sums];
  const tolerance = (terms: number) => {
    const { absolute, relative } = halfSumTolerance(terms, sums);
    return { absolute: absolute + 2e-5, relative };
  };

  test.each(sizes)('numbers that halves hold come out as in float32: %j', async (size) => {
    const exact = { ...size, grid };
    await checkDense(kernels, exact, 'floats', false);
    await checkDenseUpdate(kernels, exact, 'floats', ADAMW);
    await checkInputGradient(kernels, exact);
    // Bytes are exact in float16, and their products with other numbers are not.
    const ofBytes = (terms: number) => (sums === 'f32' ? undefined : tolerance(terms));
    await checkDense(kernels, exact, 'samples', true, ofBytes(size.inputs));
    await checkDenseUpdate(kernels, exact, 'samples', SGD, ofBytes(size.rows));
  });

  test.each(sizes)('other numbers are off by no more than their rounding makes likely: %j', async (size) => {
    await checkDense(kernels, size, 'floats', false, tolerance(size.inputs));
    await checkDenseUpdate(kernels, size, 'floats', ADAM, tolerance(size.rows));
    await checkInputGradient(kernels, size, tolerance(size.outputs));
  });

  test('gradients that are far too small for halves are scaled', async () => {
    const size = { models: 1, rows: 70, inputs: 40, outputs: 33, grid, gradient: 2 ** -16 };
    await checkInputGradient(kernels, size);
  });

  test("training follows PyTorch's 20 Adam steps, and three models side by side the bits of one", async () => {
    const { trajectory, spec, model } = deep;
    const device = await testDevice();
    const samples = trajectory.labels.length;
    const packed = packParameters(model);
    const run = async (models: number) => {
      const sizes = { spec, models, batch: trajectory.batchSize, samples, orderLength: samples };
      const plan = layeredPlan('layered-matrix', kernels, sizes, ADAM);
      const executable = await Executable.create(device, plan);
      const images = paddedRows(Uint8Array.from(trajectory.pixels), spec.inputs);
      executable.write('samples', Uint8Array.from([...images, ...trajectory.labels, 0, 0]));
      executable.write(
        'order',
        Uint32Array.from({ length: models * samples }, (_, i) => i % samples),
      );
      for (const [layer, values] of packed.entries()) {
        const all = Array.from({ length: models }, () => [...values]).flat();
        executable.write(parametersOf(layer), Float32Array.from(all));
      }
      executable.submit(everyStep(goldenSteps(trajectory, models)));
      const read = async (name: string) =>
        new Float32Array(await readBuffer(device, executable.buffer(name)));
      const metrics = stepMetrics(await read('metrics'), plan.metricParts);
      const parameters = await Promise.all(packed.map((_, layer) => read(parametersOf(layer))));
      executable.destroy();
      return { metrics, parameters };
    };

    const one = await run(1);
    const steps = everyStep(goldenSteps(trajectory, 1));
    const losses = one.metrics.map(({ loss }, i) => loss / (steps[i]?.count ?? Number.NaN));
    expectClose(
      'loss',
      losses,
      trajectory.steps.map(({ loss }) => loss),
      { absolute: 0, relative: HALF_LOSS_ERROR[sums] },
    );
    const three = await run(3);
    for (let z = 0; z < 3; z++) {
      const metrics = three.metrics.slice(z * steps.length, (z + 1) * steps.length);
      expect(metrics).toEqual(one.metrics);
      for (const [layer, alone] of one.parameters.entries()) {
        const part = three.parameters[layer]?.subarray(z * alone.length, (z + 1) * alone.length);
        expect(part).toEqual(alone);
      }
    }
  });
}
