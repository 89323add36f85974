import { expect } from 'vitest';
import * as reference from '../../src/reference/kernels.ts';
import type { LayeredKernels, LayerInput } from '../../src/train/kernels/layered.ts';
import type { Optimizer } from '../../src/train/optimizer.ts';
import type { Step } from '../../src/train/step.ts';
import { expectClose, paddedRows, runKernel, withoutPadding, withPadding } from './gpu.ts';
import { randomData } from './random.ts';
import { ADAM, NO_STEP, variedRates } from './step.ts';

/** A layer and a batch of `rows` samples, of which the last `missing` are not there. */
export interface LayerSize {
  readonly models: number;
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Default 0. */
  readonly missing?: number;
  /** All numbers are multiples of this. Default: of nothing that float32 would not have anyway. */
  readonly grid?: number;
  /** Gradients are below this. Default 1. */
  readonly gradient?: number;
  /** Pixels that are zero, by sample and input. Default: as chance has it. */
  readonly isBlank?: (sample: number, input: number) => boolean;
  /** A network whose gradients are NaN, which must not reach the others. Default: none. */
  readonly diverged?: number;
}

/** How far a kernel may be from its twin. */
interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

const STEP: Step = { ...NO_STEP, offset: 3, index: 1, t: 1, rootCorrection: 7.5 };
// Sums of up to 784 products of numbers below 1, each rounded to float32.
const TOLERANCE = { absolute: 2e-5, relative: 1e-5 };
const SAMPLES = 11;

/** A layer's tensors, and its input in both forms. */
function makeLayer({ models, rows, inputs, outputs, missing = 0, grid, gradient = 1, isBlank }: LayerSize) {
  const data = randomData(inputs * 1000 + outputs);
  const numbers = (length: number) =>
    data.floats(length).map((value) => (grid === undefined ? value : grid * Math.round(value / grid)));
  const step = { ...STEP, count: rows - missing };
  const orderLength = STEP.offset + rows;
  const images = data
    .bytes(SAMPLES * inputs)
    .map((pixel, i) => (isBlank?.(Math.floor(i / inputs), i % inputs) ? 0 : pixel));
  const order = data.indices(models * orderLength, SAMPLES);
  // The last image is the one at whose end a read past the images would show.
  order[step.offset] = SAMPLES - 1;
  const pixels = reference.gather({ models, batch: rows, inputs, orderLength }, step, images, order);
  const floats = numbers(models * rows * inputs);
  const parameters = numbers(models * (inputs + 1) * outputs);
  return {
    sizes: { models, rows, layer: { inputs, outputs }, orderLength },
    step,
    order,
    input: {
      samples: { x: pixels, buffer: paddedRows(images, inputs) },
      floats: { x: floats, buffer: withPadding(floats, inputs) },
    },
    delta: numbers(models * rows * outputs).map((value) => gradient * value),
    parameters,
    moment1: data.floats(parameters.length),
    moment2: data.floats(parameters.length).map(Math.abs),
  };
}

/** Runs `dense` and holds it against its float64 twin. */
export async function checkDense(
  kernels: LayeredKernels,
  size: LayerSize,
  from: LayerInput['input'],
  relu: boolean,
  tolerance: Tolerance = TOLERANCE,
): Promise<void> {
  const { sizes, step, order, input, delta, parameters } = makeLayer(size);
  const { x, buffer } = input[from];
  const bindings = { step: 'step', x: 'x', order: 'order', parameters: 'parameters', y: 'y' };
  const result = await runKernel(
    kernels.dense({ ...sizes, input: from, relu }, bindings),
    {
      x: buffer,
      order,
      parameters: withPadding(parameters, size.outputs),
      y: withPadding(delta, size.outputs),
    },
    step,
  );
  const expected = reference.dense({ ...sizes, relu }, x, parameters);
  expectClose('y', withoutPadding(result.y ?? [], size.outputs), expected, tolerance);
}

/** Runs `inputGradient` and holds it against its float64 twin. */
export async function checkInputGradient(
  kernels: LayeredKernels,
  size: LayerSize,
  { absolute, relative }: Tolerance = TOLERANCE,
): Promise<void> {
  const { sizes, input, delta, parameters } = makeLayer(size);
  const { x, buffer } = input.floats;
  const bindings = { delta_y: 'delta_y', parameters: 'parameters', x: 'x', delta_x: 'delta_x' };
  const result = await runKernel(kernels.inputGradient(sizes, bindings), {
    delta_y: withPadding(delta, size.outputs),
    parameters: withPadding(parameters, size.outputs),
    x: buffer,
    delta_x: buffer,
  });
  const expected = reference.denseInputGradient(sizes, delta, parameters, x);
  expectClose('delta_x', withoutPadding(result.delta_x ?? [], size.inputs), expected, {
    absolute: absolute * (size.gradient ?? 1),
    relative,
  });
}

/** Runs `denseUpdate` and holds it against its float64 twin, each network at its own rate. */
export async function checkDenseUpdate(
  kernels: LayeredKernels,
  size: LayerSize,
  from: LayerInput['input'],
  optimizer: Optimizer = ADAM,
  tolerance: Tolerance = TOLERANCE,
): Promise<void> {
  const layer = makeLayer(size);
  const { sizes, order, input, delta, parameters } = layer;
  const { x, buffer } = input[from];
  const { models, rows, inputs, outputs } = size;
  const step = { ...layer.step, rates: variedRates(optimizer, models) };
  const moments = [layer.moment1, layer.moment2].slice(0, optimizer.moments);
  // What is missing has no gradient, and its input is no number that a kernel could count with.
  for (let i = 0; i < delta.length; i++) if (Math.floor(i / outputs) % rows >= step.count) delta[i] = 0;
  if (size.diverged !== undefined) {
    const length = rows * outputs;
    delta.fill(Number.NaN, size.diverged * length, (size.diverged + 1) * length);
  }
  const bindings = {
    step: 'step',
    x: 'x',
    order: 'order',
    delta: 'delta',
    rates: 'rates',
    parameters: 'parameters',
    moments: 'moments',
  };
  const result = await runKernel(
    kernels.denseUpdate({ ...sizes, input: from }, optimizer, bindings),
    {
      x: buffer,
      order,
      delta: withPadding(delta, outputs),
      parameters: withPadding(parameters, outputs),
      moments: withPadding(
        moments.flatMap((moment) => [...moment]),
        outputs,
      ),
    },
    step,
  );
  const batch = { models, batch: rows, layer: sizes.layer };
  const expected = reference.denseUpdate(batch, optimizer, step, { x, delta, parameters, moments });
  const updatedMoments = expected.moments.flatMap((moment) => [...moment]);
  const ofTheOthers = (values: Float64Array): Float64Array =>
    values.filter((_, i) => Math.floor(i / ((inputs + 1) * outputs)) % models !== size.diverged);
  const check = (what: string, actual: Float32Array | undefined, twin: ArrayLike<number>) =>
    expectClose(
      what,
      ofTheOthers(withoutPadding(actual ?? [], outputs)),
      ofTheOthers(Float64Array.from(twin)),
      tolerance,
    );
  check('moments', result.moments, updatedMoments);
  check('parameters', result.parameters, expected.parameters);
}

/**
 * Runs `head` and holds it against its float64 twins.
 * @param scale of the parameters: far above 1, logits are so far apart that the unstable form of softmax overflows; at
 *   0 they are all the same, and the first class is the predicted one
 */
export async function checkHead(kernels: LayeredKernels, size: LayerSize, scale = 1): Promise<void> {
  const { models, rows, inputs, outputs, missing = 0 } = size;
  const data = randomData(rows * inputs);
  const [samples, orderLength, steps, labelsAt] = [50, STEP.offset + rows, 3, 5];
  const step = { ...STEP, count: rows - missing };
  const layer = { inputs, outputs };
  const labels = data.bytes(samples, outputs);
  const order = data.indices(models * orderLength, samples);
  const x = reference.relu(data.floats(models * rows * inputs));
  const parameters = data.floats(models * (inputs + 1) * outputs, scale);
  const parts = kernels.headParts(rows);
  const result = await runKernel(
    kernels.head(
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
    ),
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
  const deltaX = reference.denseInputGradient({ models, rows, layer }, expected.delta, parameters, x);
  // Logits are sums of `inputs` products of numbers up to the scale; a gradient is off by as much as its logit.
  const magnitude = Math.max(1, scale);
  const error = { absolute: 2e-6 * magnitude, relative: 1e-5 * magnitude };
  expectClose('delta', withoutPadding(result.delta ?? [], outputs), expected.delta, error);
  const errorOfX = { absolute: error.absolute * magnitude, relative: error.relative };
  expectClose('delta_x', withoutPadding(result.delta_x ?? [], inputs), deltaX, errorOfX);
  const stride = 2 * parts;
  for (let z = 0; z < models; z++) {
    const slots = (result.metrics ?? new Float32Array()).subarray(
      z * steps * stride,
      (z + 1) * steps * stride,
    );
    const [at, end] = [step.index * stride, (step.index + 1) * stride];
    const own = slots.slice(at, end);
    const sum = (first: number) => own.reduce((s, value, i) => s + (i % 2 === first ? value : 0), 0);
    expectClose('loss', [sum(0)], [expected.loss[z] ?? Number.NaN], {
      absolute: 1e-4 * magnitude,
      relative: 1e-5,
    });
    expect(sum(1), 'hits').toBe(expected.hits[z]);
    const written = slots.findIndex((value, i) => value !== -1 && (i < at || i >= end));
    expect(written, 'a slot of another step that was written').toBe(-1);
  }
}
