import { describe, expect, test } from 'vitest';
import * as reference from '../../src/reference/kernels.ts';
import * as ops from '../../src/train/kernels/plain.ts';
import type { Step } from '../../src/train/step.ts';
import { expectClose, paddedRows, runKernel, withoutPadding, withPadding } from '../support/gpu.ts';
import { randomData } from '../support/random.ts';
import { NO_STEP, OPTIMIZERS, variedRates } from '../support/step.ts';

const joined = (tensors: readonly Float64Array[]) => tensors.flatMap((tensor) => [...tensor]);
const f32 = (values: ArrayLike<number>) => Float32Array.from(values);
const STEP: Step = { ...NO_STEP, offset: 3, count: 5, index: 1, t: 1, rootCorrection: 7.5 };

// Below, at and above a vec4, matmul's register tile and a workgroup's reach; the last are real layers.
const LAYERS = [
  { models: 1, rows: 1, inputs: 1, outputs: 1 },
  { models: 2, rows: 3, inputs: 3, outputs: 4 },
  { models: 1, rows: 4, inputs: 4, outputs: 5 },
  { models: 3, rows: 7, inputs: 5, outputs: 3 },
  { models: 1, rows: 8, inputs: 7, outputs: 8 },
  { models: 2, rows: 9, inputs: 8, outputs: 9 },
  { models: 1, rows: 17, inputs: 9, outputs: 31 },
  { models: 1, rows: 5, inputs: 63, outputs: 32 },
  { models: 2, rows: 16, inputs: 64, outputs: 33 },
  { models: 1, rows: 33, inputs: 65, outputs: 257 },
  { models: 1, rows: 32, inputs: 784, outputs: 100 },
  { models: 1, rows: 32, inputs: 100, outputs: 10 },
].map(({ inputs, outputs, ...sizes }) => ({ ...sizes, layer: { inputs, outputs } }));

describe.each(LAYERS)('%j agrees with its float64 twin', ({ models, rows, layer }) => {
  const { inputs, outputs } = layer;
  const data = randomData(inputs * 1000 + outputs);
  const y = data.floats(models * rows * outputs);
  const delta = data.floats(models * rows * outputs);
  const parameters = data.floats(models * (inputs + 1) * outputs);
  // Sums of up to 784 products of numbers below 1, each rounded to float32.
  const tolerance = { absolute: 2e-5, relative: 1e-5 };

  test('bias', async () => {
    const sizes = { models, rows, layer };
    const result = await runKernel(ops.bias(sizes, { parameters: 'parameters', y: 'y' }), {
      parameters: withPadding(parameters, outputs),
      y: withPadding(y, outputs),
    });
    expectClose('y', withoutPadding(result.y ?? [], outputs), reference.bias(sizes, parameters, y));
  });

  test('bias_gradient writes the bias row and no other', async () => {
    const sizes = { models, batch: rows, layer };
    const result = await runKernel(ops.biasGradient(sizes, { delta: 'delta', gradient: 'gradient' }), {
      delta: withPadding(delta, outputs),
      gradient: withPadding(parameters, outputs),
    });
    const expected = Float64Array.from(parameters);
    const biases = reference.biasGradient(sizes, delta);
    for (let z = 0; z < models; z++) {
      expected.set(biases.subarray(z * outputs, (z + 1) * outputs), (z * (inputs + 1) + inputs) * outputs);
    }
    expectClose('gradient', withoutPadding(result.gradient ?? [], outputs), expected, tolerance);
  });

  test.each(OPTIMIZERS)('update by $name', async (optimizer) => {
    const sizes = { models, layer };
    const step = { ...STEP, rates: variedRates(optimizer, models) };
    const gradient = data.floats(parameters.length);
    const moments = [data.floats(parameters.length), data.floats(parameters.length).map(Math.abs)];
    const state = { parameters, moments: moments.slice(0, optimizer.moments) };
    const bindings = {
      step: 'step',
      gradient: 'gradient',
      rates: 'rates',
      parameters: 'parameters',
      moments: 'moments',
    };
    const result = await runKernel(
      ops.update(sizes, optimizer, bindings),
      {
        gradient: withPadding(gradient, outputs),
        parameters: withPadding(parameters, outputs),
        moments: withPadding(joined(state.moments), outputs),
      },
      step,
    );
    const expected = reference.update(sizes, optimizer, step, gradient, state);
    expectClose('parameters', withoutPadding(result.parameters ?? [], outputs), expected.parameters);
    expectClose('moments', withoutPadding(result.moments ?? [], outputs), joined(expected.moments));
  });

  test.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('matmul, transposed a %s, b %s', async (transposeA, transposeB) => {
    // Strides and sizes above the least, with poison between rows and between matrices.
    const [m, n, k] = [rows, outputs, inputs];
    const [aColumns, bColumns] = [transposeA ? m : k, transposeB ? k : n];
    const layout = (matrixRows: number, columns: number) => ({
      stride: columns + 3,
      size: matrixRows * (columns + 3) + 7,
    });
    const spread = (values: Float64Array, matrixRows: number, columns: number) => {
      const { stride, size } = layout(matrixRows, columns);
      const result = new Float32Array(models * size).fill(Number.NaN);
      values.forEach((value, i) => {
        const z = Math.floor(i / (matrixRows * columns));
        const row = Math.floor(i / columns) % matrixRows;
        result[z * size + row * stride + (i % columns)] = value;
      });
      return result;
    };
    const a = data.floats(models * m * k);
    const b = data.floats(models * k * n);
    const forms = { models, m, n, k, transposeA, transposeB };
    const layouts = {
      a: layout((k * m) / aColumns, aColumns),
      b: layout((k * n) / bColumns, bColumns),
      c: layout(m, n),
    };
    const result = await runKernel(ops.matmul({ ...forms, ...layouts }, { a: 'a', b: 'b', c: 'c' }), {
      a: spread(a, (k * m) / aColumns, aColumns),
      b: spread(b, (k * n) / bColumns, bColumns),
      c: new Float32Array(models * layouts.c.size).fill(Number.NaN),
    });
    const expected = spread(reference.matmul(forms, a, b), m, n);
    const written = Array.from(expected).flatMap((value, i) => (Number.isNaN(value) ? [] : [i]));
    expectClose(
      'c',
      written.map((i) => result.c?.[i] ?? Number.NaN),
      written.map((i) => expected[i] ?? 0),
      tolerance,
    );
    expect(result.c?.filter((value) => !Number.isNaN(value)).length, 'values written').toBe(models * m * n);
  });
});

describe.each([4, 60, 64 * 4, 65 * 4, 1000])('%i floats', (length) => {
  const data = randomData(length);
  const y = data.floats(length);
  const gradient = data.floats(length);

  test('relu agrees with its float64 twin', async () => {
    const result = await runKernel(ops.relu(length, { y: 'y' }), { y: f32(y) });
    expectClose('y', result.y, reference.relu(y), { absolute: 0, relative: 0 });
  });

  test('relu_gradient agrees with its float64 twin, also where the output is exactly 0', async () => {
    const output = reference.relu(y);
    const result = await runKernel(ops.reluGradient(length, { y: 'y', gradient: 'gradient' }), {
      y: f32(output),
      gradient: f32(gradient),
    });
    const expected = reference.reluGradient(output, gradient);
    expectClose('gradient', result.gradient, expected, { absolute: 0, relative: 0 });
  });
});

describe.each([1, 2, 3, 4, 7, 64, 255, 257, 784])('images of %i bytes', (inputs) => {
  test.each([
    { models: 1, batch: 1, step: { ...STEP, offset: 0, count: 1 } },
    { models: 2, batch: 8, step: STEP },
    { models: 1, batch: 5, step: STEP },
  ])('gather agrees with its float64 twin: %j', async ({ models, batch, step }) => {
    const data = randomData(inputs);
    const [samples, orderLength] = [11, 9];
    const images = data.bytes(samples * inputs);
    const order = data.indices(models * orderLength, samples);
    // With the last image, a read past its end would leave the buffer and show.
    order[step.offset] = samples - 1;
    const sizes = { models, batch, inputs, orderLength };
    const result = await runKernel(
      ops.gather(sizes, { step: 'step', samples: 'samples', order: 'order', x: 'x' }),
      {
        samples: paddedRows(images, inputs),
        order,
        x: withPadding(new Float64Array(models * batch * inputs).fill(7), inputs),
      },
      step,
    );
    const expected = reference.gather(sizes, step, images, order);
    expectClose('x', withoutPadding(result.x ?? [], inputs), expected, { absolute: 0, relative: 2 ** -22 });
  });
});

test('gather makes every row of a batch larger than a dispatch has workgroups along an axis', async () => {
  const sizes = { models: 1, batch: 131_075, inputs: 1, orderLength: 131_073 };
  const data = randomData(5);
  const images = data.bytes(1000);
  const order = data.indices(sizes.orderLength, images.length);
  const step = { ...STEP, offset: 0, count: sizes.orderLength };
  const result = await runKernel(
    ops.gather(sizes, { step: 'step', samples: 'samples', order: 'order', x: 'x' }),
    {
      samples: paddedRows(images, 1),
      order,
      x: withPadding(new Float64Array(sizes.batch).fill(7), 1),
    },
    step,
  );
  const expected = reference.gather(sizes, step, images, order);
  expectClose('x', withoutPadding(result.x ?? [], 1), expected, { absolute: 0, relative: 2 ** -22 });
});

describe.each([
  { models: 1, batch: 1, classes: 1, step: { ...STEP, offset: 0, count: 1, index: 0 } },
  { models: 2, batch: 5, classes: 3, step: STEP },
  { models: 1, batch: 6, classes: 4, step: STEP },
  { models: 3, batch: 8, classes: 10, step: STEP },
  { models: 1, batch: 33, classes: 10, step: { ...STEP, count: 33 } },
  { models: 1, batch: 300, classes: 5, step: { ...STEP, count: 299 } },
  { models: 2, batch: 9, classes: 256, step: STEP },
])('$models models, batch of $batch, $classes classes', ({ models, batch, classes, step }) => {
  const data = randomData(batch * classes);
  const [samples, orderLength, steps] = [400, 350, 3];
  const labels = data.bytes(samples, classes);
  const order = data.indices(models * orderLength, samples);
  // Far apart, so that the unstable forms would overflow: exp(200) exceeds float32.
  const logits = data.floats(models * batch * classes, 200);

  test('softmax_cross_entropy agrees with its float64 twin', async () => {
    const sizes = { models, batch, classes, orderLength, steps, labelsAt: 5 };
    const bindings = {
      step: 'step',
      samples: 'samples',
      order: 'order',
      logits: 'logits',
      delta: 'delta',
      metrics: 'metrics',
    };
    const untouched = new Float32Array(models * steps * 2).fill(-1);
    const result = await runKernel(
      ops.softmaxCrossEntropy(sizes, bindings),
      {
        // Five words of pixels before the labels.
        samples: Uint8Array.of(...new Uint8Array(20).fill(255), ...labels),
        order,
        logits: withPadding(logits, classes),
        delta: withPadding(logits, classes),
        metrics: untouched,
      },
      step,
    );
    const expected = reference.softmaxCrossEntropy(sizes, step, labels, order, logits);
    expectClose('delta', withoutPadding(result.delta ?? [], classes), expected.delta);
    for (let z = 0; z < models; z++) {
      const row = Array.from(result.metrics?.subarray(z * steps * 2, (z + 1) * steps * 2) ?? []);
      const [loss, hits] = row.splice(step.index * 2, 2);
      expectClose('loss', [loss ?? Number.NaN], [expected.loss[z] ?? 0], { absolute: 1e-4, relative: 1e-5 });
      expect(hits, 'hits').toBe(expected.hits[z]);
      expect(row, 'metrics of other steps').toEqual(row.map(() => -1));
    }
  });

  test('softmax agrees with its float64 twin', async () => {
    const sizes = { models, batch, classes, probabilityRows: orderLength };
    const result = await runKernel(
      ops.softmax(sizes, { step: 'step', logits: 'logits', probabilities: 'probabilities' }),
      {
        logits: withPadding(logits, classes),
        probabilities: new Float32Array(models * orderLength * classes).fill(-1),
      },
      step,
    );
    const expected = new Float64Array(models * orderLength * classes).fill(-1);
    for (let z = 0; z < models; z++) {
      const rows = logits.subarray(z * batch * classes, (z * batch + step.count) * classes);
      expected.set(reference.softmax(classes, rows), (z * orderLength + step.offset) * classes);
    }
    expectClose('probabilities', result.probabilities, expected);
  });
});
