import { assertImages } from '../data/bytes.ts';
import { transposed } from './layout.ts';
import { type Model, tensor } from './model.ts';
import { type DenseLayer, denseLayers } from './spec.ts';

/**
 * What each layer makes of images, in float64, without a GPU: of a hidden layer what is left of it after ReLU, of the last
 * one the logits, whose softmax are the probabilities.
 *
 * @param images pixels, 0 to 255: [count, height, width]
 * @returns an array for each layer, first to last: [count, outputs of the layer]
 * @throws ShadegradError `bad-data` where the images do not fit the model, `usage` where they are something else than bytes
 *   in a `Uint8Array`, `bad-model` where a tensor is missing
 */
export function activationsOf(model: Model, images: Uint8Array): Float64Array[] {
  const { inputs } = model.spec;
  assertImages(images, Math.floor(images.length / inputs), inputs);
  // `from` with a function would take seven times as long.
  const pixels = new Float64Array(images).map((byte) => byte / 255);
  return layerOutputs(model, pixels);
}

/**
 * As {@link activationsOf}, of inputs that need not be bytes.
 * @param inputs [rows, inputs of the model]
 */
export function layerOutputs(model: Model, inputs: Float64Array): Float64Array[] {
  const outputs: Float64Array[] = [];
  for (const [i, layer] of denseLayers(model.spec).entries()) {
    const kernel = transposed(tensor(model, `${2 * i}.weight`), layer);
    const sums = dense(layer, outputs.at(-1) ?? inputs, kernel, tensor(model, `${2 * i}.bias`));
    outputs.push(i < model.spec.hidden.length ? sums.map((value) => Math.max(value, 0)) : sums);
  }
  return outputs;
}

/** x [rows, inputs] times kernel [inputs, outputs], plus bias [outputs]: [rows, outputs]. */
function dense(
  { inputs, outputs }: DenseLayer,
  x: Float64Array,
  kernel: Float32Array,
  bias: Float32Array,
): Float64Array {
  const rows = x.length / inputs;
  const y = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    const sums = y.subarray(row * outputs, (row + 1) * outputs);
    sums.set(bias);
    for (let i = 0; i < inputs; i++) {
      const value = x[row * inputs + i] ?? 0;
      // Most of a digit's image is blank, and about half of a hidden layer's outputs are 0.
      if (value === 0) continue;
      for (let n = 0; n < outputs; n++) {
        sums[n] = (sums[n] ?? 0) + value * (kernel[i * outputs + n] ?? 0);
      }
    }
  }
  return y;
}
