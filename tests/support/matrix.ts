import { expect, test } from 'vitest';
import { halfSumTolerance } from '../../src/bench/cases/case.ts';
import { readBuffer } from '../../src/gpu/buffers.ts';
import { packParameters } from '../../src/model/layout.ts';
import { Executable } from '../../src/train/executable.ts';
import type { LayeredKernels } from '../../src/train/kernels/layered.ts';
import { layeredPlan } from '../../src/train/plans/layered.ts';
import { parametersOf } from '../../src/train/plans/sizes.ts';
import { stepMetrics } from '../../src/train/step.ts';
import { deep, goldenSteps } from './golden.ts';
import { expectClose, paddedRows, testDevice } from './gpu.ts';
import { checkDense, checkDenseUpdate, checkInputGradient } from './layered.ts';
import { ADAM, everyStep, UPDATES } from './step.ts';

/** Multiples of it below 1 are exact in float16. */
const EXACT = 2 ** -10;

/** Below, at and above the tile of 64 x 64 and the chunk of 32 in every direction; the last two are real layers. */
const SIZES = [
  { models: 1, rows: 1, inputs: 1, outputs: 1 },
  { models: 3, rows: 7, inputs: 5, outputs: 3, missing: 6 },
  { models: 2, rows: 63, inputs: 31, outputs: 61 },
  { models: 1, rows: 64, inputs: 64, outputs: 64 },
  { models: 2, rows: 66, inputs: 67, outputs: 65, missing: 2 },
  { models: 1, rows: 33, inputs: 130, outputs: 34, missing: 1 },
  { models: 1, rows: 32, inputs: 784, outputs: 100, missing: 1 },
  { models: 1, rows: 32, inputs: 100, outputs: 10 },
];

/** What kernels on matrix units, or their emulations, must do. */
export function testMatrixKernels(kernels: LayeredKernels): void {
  test.each(SIZES)('numbers that halves hold come out as in float32: %j', async (size) => {
    const exact = { ...size, grid: EXACT };
    for (const input of ['samples', 'floats'] as const) {
      await checkDense(kernels, exact, input, input === 'floats');
      for (const optimizer of UPDATES) await checkDenseUpdate(kernels, exact, input, optimizer);
    }
    await checkInputGradient(kernels, exact);
  });

  test.each(SIZES)('other numbers are off by no more than their rounding makes likely: %j', async (size) => {
    const tolerance = (terms: number) => {
      const { absolute, relative } = halfSumTolerance(terms);
      return { absolute: absolute + 2e-5, relative };
    };
    await checkDense(kernels, size, 'floats', false, tolerance(size.inputs));
    await checkDenseUpdate(kernels, size, 'floats', ADAM, tolerance(size.rows));
    await checkInputGradient(kernels, size, tolerance(size.outputs));
  });

  test('gradients that are far too small for halves are scaled', async () => {
    const size = { models: 1, rows: 70, inputs: 40, outputs: 33, grid: EXACT, gradient: 2 ** -16 };
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
      { absolute: 0, relative: 1e-3 },
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
