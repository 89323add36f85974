import { describe, expect, test } from 'vitest';
import * as reference from '../../src/reference/kernels.ts';
import { quadKernels } from '../../src/train/kernels/quads.ts';
import type { Step } from '../../src/train/step.ts';
import { expectClose, runKernel, withoutPadding, withPadding } from '../support/gpu.ts';
import { checkDense, checkDenseUpdate, checkInputGradient } from '../support/layered.ts';
import { randomData } from '../support/random.ts';
import { NO_STEP, UPDATES } from '../support/step.ts';

// Below, at and above a vec4, a quad's 16 columns, 16 rows of bytes, 32 samples, 64 inputs that go past at once, 112
// parameter rows, and blocks of 32 and 64 rows. The last are real layers.
const LAYERS = [
  { models: 1, rows: 1, inputs: 1, outputs: 1 },
  { models: 2, rows: 3, inputs: 3, outputs: 4 },
  { models: 1, rows: 4, inputs: 4, outputs: 5 },
  { models: 3, rows: 7, inputs: 5, outputs: 3 },
  { models: 1, rows: 8, inputs: 15, outputs: 8 },
  { models: 2, rows: 15, inputs: 16, outputs: 9 },
  { models: 1, rows: 16, inputs: 17, outputs: 15 },
  { models: 1, rows: 17, inputs: 9, outputs: 17 },
  { models: 1, rows: 31, inputs: 20, outputs: 13 },
  { models: 2, rows: 9, inputs: 63, outputs: 21 },
  { models: 1, rows: 18, inputs: 64, outputs: 20 },
  { models: 1, rows: 33, inputs: 65, outputs: 257 },
  { models: 2, rows: 64, inputs: 111, outputs: 65 },
  { models: 1, rows: 65, inputs: 112, outputs: 16 },
  { models: 1, rows: 70, inputs: 129, outputs: 100 },
  { models: 1, rows: 2, inputs: 227, outputs: 3 },
  { models: 2, rows: 35, inputs: 128, outputs: 64 },
  { models: 1, rows: 32, inputs: 784, outputs: 100 },
  { models: 1, rows: 32, inputs: 100, outputs: 10 },
];

describe.each(LAYERS)('%j agrees with its float64 twin', (size) => {
  const { rows, inputs } = size;
  const missing = rows - Math.ceil(rows / 2);
  // As in digits, much is blank: every third image, and in all images the lower half and some words above it.
  const isBlank = (sample: number, input: number) =>
    sample % 3 === 0 || input >= inputs / 2 || Math.floor(input / 4) % 5 === 1;
  const BATCHES = [
    { of: 'a whole batch', batch: size },
    { of: 'a whole batch, much of it blank', batch: { ...size, isBlank } },
    { of: 'a short batch, much of it blank', batch: { ...size, isBlank, missing } },
    { of: 'blank images', batch: { ...size, isBlank: () => true, missing } },
  ];

  test.each([false, true])('dense on floats, relu %s', (relu) =>
    checkDense(quadKernels, size, 'floats', relu),
  );

  test.each(BATCHES)('dense on the bytes of $of', ({ batch }) =>
    checkDense(quadKernels, batch, 'samples', true),
  );

  test('the input gradient', () => checkInputGradient(quadKernels, size));

  test.each(UPDATES)('the update from floats by $name', (optimizer) =>
    checkDenseUpdate(quadKernels, size, 'floats', optimizer),
  );

  test.each(BATCHES)('the update from the bytes of $of', ({ batch }) =>
    checkDenseUpdate(quadKernels, batch, 'samples'),
  );
});

describe.each([
  { models: 1, rows: 1, inputs: 1, outputs: 1, count: 1 },
  { models: 2, rows: 5, inputs: 3, outputs: 3, count: 5 },
  { models: 1, rows: 15, inputs: 4, outputs: 4, count: 9 },
  { models: 3, rows: 16, inputs: 5, outputs: 10, count: 16 },
  { models: 1, rows: 17, inputs: 31, outputs: 5, count: 17 },
  { models: 2, rows: 33, inputs: 32, outputs: 12, count: 33 },
  { models: 1, rows: 32, inputs: 100, outputs: 10, count: 31 },
  { models: 1, rows: 40, inputs: 7, outputs: 16, count: 2 },
])('the head, %j', ({ models, rows, inputs, outputs, count }) => {
  test('agrees with its float64 twins', async () => {
    const data = randomData(rows * inputs);
    const [samples, orderLength, steps, labelsAt] = [50, 60, 3, 5];
    const step: Step = { ...NO_STEP, offset: 3, count, index: 1, t: 1 };
    const layer = { inputs, outputs };
    const labels = data.bytes(samples, outputs);
    const order = data.indices(models * orderLength, samples);
    const x = reference.relu(data.floats(models * rows * inputs));
    // Logits far apart, so that the unstable forms would overflow: exp(200) exceeds float32.
    const parameters = data.floats(models * (inputs + 1) * outputs, 100);
    const parts = quadKernels.headParts(rows);
    const dispatch = quadKernels.head(
      { models, rows, layer, orderLength, steps, labelsAt },
      {
        step: 'step',
        samples: 'samples',
        order: 'order',
        x: 'x',
        parameters: 'parameters',
        delta: 'delta',
        delta_x: 'delta_x',
        metrics: 'metrics',
      },
    );
    const result = await runKernel(
      dispatch,
      {
        samples: Uint8Array.of(...new Uint8Array(4 * labelsAt).fill(255), ...labels),
        order,
        x: withPadding(x, inputs),
        parameters: withPadding(parameters, outputs),
        delta: withPadding(new Float64Array(models * rows * outputs), outputs),
        delta_x: withPadding(new Float64Array(models * rows * inputs), inputs),
        metrics: new Float32Array(models * steps * parts * 2).fill(-1),
      },
      step,
    );
    const logits = reference.dense({ models, rows, layer, relu: false }, x, parameters);
    const sizes = { models, batch: rows, classes: outputs, orderLength };
    const expected = reference.softmaxCrossEntropy(sizes, step, labels, order, logits);
    // The logits are in the hundreds: they are rounded by 2e-5 or more, which adds as much to the gradients' error.
    const rough = { absolute: 1e-3 / count, relative: 1e-4 };
    expectClose('delta', withoutPadding(result.delta ?? [], outputs), expected.delta, rough);
    const deltaX = reference.denseInputGradient({ models, rows, layer }, expected.delta, parameters, x);
    const roughX = { absolute: 0.1 / count, relative: 1e-3 };
    expectClose('delta_x', withoutPadding(result.delta_x ?? [], inputs), deltaX, roughX);
    for (let z = 0; z < models; z++) {
      const slots = Array.from(result.metrics ?? []).slice(
        z * steps * parts * 2,
        (z + 1) * steps * parts * 2,
      );
      const own = slots.splice(step.index * parts * 2, parts * 2);
      const sum = (first: number) => own.reduce((s, value, i) => s + (i % 2 === first ? value : 0), 0);
      const loss = expected.loss[z] ?? Number.NaN;
      expectClose('loss', [sum(0)], [loss], { absolute: 1e-2, relative: 1e-4 });
      expect(sum(1), 'hits').toBe(expected.hits[z]);
      expect(slots, 'metrics of other steps').toEqual(slots.map(() => -1));
    }
  });
});
