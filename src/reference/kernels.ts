/**
 * Float64 twins of the kernels in `shaders/`, under the same names and obviously right: tests compare the shaders with
 * them, training never uses them. Tensors are row by row, without padding; each has the leading axis `models`.
 * Parameters are [models, inputs + 1, outputs], the bias as the last row.
 */
import type { DenseLayer } from '../model/spec.ts';
import type { Optimizer } from '../train/optimizer.ts';
import type { Step } from '../train/step.ts';

type Floats = Float64Array;

const zeros = (length: number): Floats => new Float64Array(length);
const at = (values: ArrayLike<number>, index: number): number => {
  const value = values[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${values.length}`);
  return value;
};

/** x [models, batch, inputs] from images [samples, inputs] and order [models, orderLength]. */
export function gather(
  sizes: { models: number; batch: number; inputs: number; orderLength: number },
  step: Step,
  images: Uint8Array,
  order: Uint32Array,
): Floats {
  const { models, batch, inputs, orderLength } = sizes;
  const x = zeros(models * batch * inputs);
  for (let z = 0; z < models; z++) {
    for (let b = 0; b < step.count; b++) {
      const sample = at(order, z * orderLength + step.offset + b);
      for (let i = 0; i < inputs; i++)
        x[(z * batch + b) * inputs + i] = at(images, sample * inputs + i) / 255;
    }
  }
  return x;
}

/** c [models, m, n] = A B; a is [m, k] or, transposed, [k, m]; b is [k, n] or, transposed, [n, k]. */
export function matmul(
  sizes: { models: number; m: number; n: number; k: number; transposeA?: boolean; transposeB?: boolean },
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): Floats {
  const { models, m, n, k, transposeA = false, transposeB = false } = sizes;
  const c = zeros(models * m * n);
  for (let z = 0; z < models; z++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let l = 0; l < k; l++) {
          const left = transposeA ? l * m + i : i * k + l;
          const right = transposeB ? j * k + l : l * n + j;
          sum += at(a, z * m * k + left) * at(b, z * k * n + right);
        }
        c[(z * m + i) * n + j] = sum;
      }
    }
  }
  return c;
}

/** y [models, rows, outputs] plus the bias. */
export function bias(
  { models, rows, layer }: { models: number; rows: number; layer: DenseLayer },
  parameters: ArrayLike<number>,
  y: ArrayLike<number>,
): Floats {
  const { inputs, outputs } = layer;
  return Float64Array.from({ length: models * rows * outputs }, (_, i) => {
    const z = Math.floor(i / (rows * outputs));
    return at(y, i) + at(parameters, (z * (inputs + 1) + inputs) * outputs + (i % outputs));
  });
}

export function relu(y: ArrayLike<number>): Floats {
  return Float64Array.from(y, (value) => Math.max(value, 0));
}

/** The gradient where y > 0, else 0. */
export function reluGradient(y: ArrayLike<number>, gradient: ArrayLike<number>): Floats {
  return Float64Array.from(gradient, (value, i) => (at(y, i) > 0 ? value : 0));
}

/** [models, outputs]: sums of delta [models, batch, outputs] over the batch. */
export function biasGradient(
  { models, batch, layer }: { models: number; batch: number; layer: DenseLayer },
  delta: ArrayLike<number>,
): Floats {
  const sums = zeros(models * layer.outputs);
  for (let i = 0; i < models * batch * layer.outputs; i++) {
    const z = Math.floor(i / (batch * layer.outputs));
    const target = z * layer.outputs + (i % layer.outputs);
    sums[target] = at(sums, target) + at(delta, i);
  }
  return sums;
}

/** Softmax over the last axis of logits [..., classes]. */
export function softmax(classes: number, logits: ArrayLike<number>): Floats {
  const probabilities = zeros(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    let highest = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) highest = Math.max(highest, at(logits, row + c));
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += Math.exp(at(logits, row + c) - highest);
    for (let c = 0; c < classes; c++) probabilities[row + c] = Math.exp(at(logits, row + c) - highest) / sum;
  }
  return probabilities;
}

/** Sum of the losses and hits [models], and delta [models, batch, classes]: the gradient of the batch's mean loss. */
export function softmaxCrossEntropy(
  sizes: { models: number; batch: number; classes: number; orderLength: number },
  step: Step,
  labels: Uint8Array,
  order: Uint32Array,
  logits: ArrayLike<number>,
): { loss: Floats; hits: Floats; delta: Floats } {
  const { models, batch, classes, orderLength } = sizes;
  const loss = zeros(models);
  const hits = zeros(models);
  const delta = zeros(models * batch * classes);
  for (let z = 0; z < models; z++) {
    for (let b = 0; b < step.count; b++) {
      const start = (z * batch + b) * classes;
      const row = Array.from({ length: classes }, (_, c) => at(logits, start + c));
      const label = at(labels, at(order, z * orderLength + step.offset + b));
      const highest = Math.max(...row);
      const logSum = highest + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
      loss[z] = at(loss, z) + logSum - at(row, label);
      hits[z] = at(hits, z) + (row.indexOf(highest) === label ? 1 : 0);
      row.forEach((logit, c) => {
        delta[start + c] = (Math.exp(logit - logSum) - (c === label ? 1 : 0)) / step.count;
      });
    }
  }
  return { loss, hits, delta };
}

/** A dense layer's parameters [models, inputs + 1, outputs] and the optimizer's moments, each of the same shape. */
export interface LayerState {
  readonly parameters: Floats;
  readonly moments: readonly Floats[];
}

/** One parameter with its moments and gradient, and how it is updated. */
interface Update {
  readonly constants: Optimizer['constants'];
  readonly step: Step;
  /** The factor of the step, and the share by which the parameter decays before it. */
  readonly rate: readonly [size: number, decay: number];
  readonly gradient: number;
  readonly parameter: number;
  readonly moments: readonly number[];
}

/** Adam and AdamW: one parameter and its moments after a step. */
export function adam({ constants, step, rate: [size, decay], gradient, parameter, moments }: Update) {
  const { BETA1 = Number.NaN, BETA2 = Number.NaN, EPSILON = Number.NaN } = constants;
  const m = BETA1 * at(moments, 0) + (1 - BETA1) * gradient;
  const v = BETA2 * at(moments, 1) + (1 - BETA2) * gradient * gradient;
  const updated = (1 - decay) * parameter - (size * m) / (Math.sqrt(v) * step.rootCorrection + EPSILON);
  return { parameter: updated, moments: [m, v] };
}

/** Stochastic gradient descent with momentum, likewise. */
export function sgd({ constants, rate: [size], gradient, parameter, moments }: Update) {
  const { MOMENTUM = Number.NaN } = constants;
  const m = MOMENTUM * at(moments, 0) + gradient;
  return { parameter: parameter - size * m, moments: [m] };
}

/** The state after a step with the gradient [models, inputs + 1, outputs], each model at its own rate. */
export function update(
  { layer: { inputs, outputs } }: { layer: DenseLayer },
  { part, constants }: Optimizer,
  step: Step,
  gradient: ArrayLike<number>,
  state: LayerState,
): LayerState {
  const parameters = Float64Array.from(state.parameters);
  const moments = state.moments.map((moment) => Float64Array.from(moment));
  for (let i = 0; i < parameters.length; i++) {
    const row = Math.floor(i / outputs);
    const model = Math.floor(row / (inputs + 1));
    // Biases do not decay.
    const isBias = row % (inputs + 1) === inputs;
    const after = { adam, sgd }[part]({
      constants,
      step,
      rate: [at(step.rates, 2 * model), isBias ? 0 : at(step.rates, 2 * model + 1)],
      gradient: at(gradient, i),
      parameter: at(state.parameters, i),
      moments: state.moments.map((moment) => at(moment, i)),
    });
    parameters[i] = after.parameter;
    for (const [k, moment] of moments.entries()) moment[i] = at(after.moments, k);
  }
  return { parameters, moments };
}

/** y [models, rows, outputs] from x [models, rows, inputs]. */
export function dense(
  sizes: { models: number; rows: number; layer: DenseLayer; relu: boolean },
  x: ArrayLike<number>,
  parameters: ArrayLike<number>,
): Floats {
  const { models, rows, layer } = sizes;
  const product = matmul(
    { models, m: rows, n: layer.outputs, k: layer.inputs },
    x,
    kernelOf(models, layer, parameters),
  );
  const y = bias(sizes, parameters, product);
  return sizes.relu ? relu(y) : y;
}

/** delta_x [models, rows, inputs] from delta_y [models, rows, outputs], through the ReLU whose output is x. */
export function denseInputGradient(
  { models, rows, layer }: { models: number; rows: number; layer: DenseLayer },
  deltaY: ArrayLike<number>,
  parameters: ArrayLike<number>,
  x: ArrayLike<number>,
): Floats {
  const sizes = { models, m: rows, n: layer.inputs, k: layer.outputs, transposeB: true };
  return reluGradient(x, matmul(sizes, deltaY, kernelOf(models, layer, parameters)));
}

/** Gradient of the parameters, [models, inputs + 1, outputs]. */
export function denseGradient(
  sizes: { models: number; batch: number; layer: DenseLayer },
  x: ArrayLike<number>,
  delta: ArrayLike<number>,
): Floats {
  const { models, batch, layer } = sizes;
  const { inputs, outputs } = layer;
  const kernel = matmul({ models, m: inputs, n: outputs, k: batch, transposeA: true }, x, delta);
  const biases = biasGradient(sizes, delta);
  const gradient = zeros(models * (inputs + 1) * outputs);
  for (let z = 0; z < models; z++) {
    gradient.set(
      kernel.subarray(z * inputs * outputs, (z + 1) * inputs * outputs),
      z * (inputs + 1) * outputs,
    );
    gradient.set(biases.subarray(z * outputs, (z + 1) * outputs), (z * (inputs + 1) + inputs) * outputs);
  }
  return gradient;
}

/** The state after one update with the parameters' gradient. */
export function denseUpdate(
  sizes: { models: number; batch: number; layer: DenseLayer },
  optimizer: Optimizer,
  step: Step,
  { x, delta, ...state }: LayerState & { x: Floats; delta: Floats },
): LayerState {
  return update(sizes, optimizer, step, denseGradient(sizes, x, delta), state);
}

/**
 * One step of a network with one hidden layer, from the hidden layer's outputs for the batch, `activation`
 * [models, batch, hidden], to those for the next batch in the order. Without samples it trains nothing.
 */
export function fusedStep(
  sizes: {
    models: number;
    batch: number;
    inputs: number;
    hidden: number;
    classes: number;
    orderLength: number;
  },
  optimizer: Optimizer,
  step: Step,
  data: { images: Uint8Array; labels: Uint8Array; order: Uint32Array },
  state: { activation: Floats; hidden: LayerState; output: LayerState },
): { loss: Floats; hits: Floats; activation: Floats; hidden: LayerState; output: LayerState } {
  const { models, batch, inputs, classes, orderLength } = sizes;
  const { images, labels, order } = data;
  const top = { models, batch, rows: batch, layer: { inputs: sizes.hidden, outputs: classes }, relu: false };
  const bottom = { models, batch, rows: batch, layer: { inputs, outputs: sizes.hidden }, relu: true };

  const logits = dense(top, state.activation, state.output.parameters);
  const { loss, hits, delta } = softmaxCrossEntropy(sizes, step, labels, order, logits);
  const deltaHidden = denseInputGradient(top, delta, state.output.parameters, state.activation);
  const x = gather(sizes, step, images, order);
  const trains = step.count > 0;
  const hidden = trains
    ? denseUpdate(bottom, optimizer, step, { ...state.hidden, x, delta: deltaHidden })
    : state.hidden;
  const output = trains
    ? denseUpdate(top, optimizer, step, { ...state.output, x: state.activation, delta })
    : state.output;

  const offset = step.offset + step.count;
  const next = { ...step, offset, count: Math.min(batch, orderLength - offset) };
  const activation = dense(bottom, gather(sizes, next, images, order), hidden.parameters);
  return { loss, hits, activation, hidden, output };
}

/** The parameters without their bias rows: [models, inputs, outputs]. */
function kernelOf(models: number, { inputs, outputs }: DenseLayer, parameters: ArrayLike<number>): Floats {
  return Float64Array.from({ length: models * inputs * outputs }, (_, i) => {
    const z = Math.floor(i / (inputs * outputs));
    return at(parameters, i + z * outputs);
  });
}
