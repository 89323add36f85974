import { activationsOf } from '../model/forward.ts';
import type { Model } from '../model/model.ts';
import { softmax } from '../reference/kernels.ts';
import { mostProbable } from './ensemble.ts';
import type { Prediction } from './history.ts';

/**
 * Probabilities and predictions of images without labels, as `Network.predict` gives them, without a GPU: for a page in a
 * browser that has no WebGPU, or for one image at a time. Everything is computed in float64, and the probabilities are
 * rounded to float32 once. What the GPU's float32 makes of sound weights differs by about a millionth.
 *
 * @param images pixels, 0 to 255: [count, height, width]
 * @throws ShadegradError `bad-data` where the images do not fit the model, `usage` where they are something else than bytes
 *   in a `Uint8Array`, `bad-model` where a tensor is missing
 *
 * @example
 * ```ts
 * import { initialModel, predictOnCpu, syntheticDigits } from 'shadegrad';
 *
 * const { test } = syntheticDigits({ train: 1, test: 2 });
 * // A model from a file, or a fresh one, which guesses.
 * const { predictions, probabilities } = predictOnCpu(initialModel({ inputs: 784, hidden: [32], classes: 10 }, 1), test.images);
 * console.log(predictions, probabilities.subarray(0, 10));
 * ```
 */
export function predictOnCpu(model: Model, images: Uint8Array): Prediction {
  const { classes } = model.spec;
  const logits = activationsOf(model, images).at(-1) ?? new Float64Array();
  const probabilities = new Float32Array(softmax(classes, logits));
  return { probabilities, predictions: mostProbable(probabilities, classes) };
}
