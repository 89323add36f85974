import { layerOutputs } from '../../src/model/forward.ts';
import type { Model } from '../../src/model/model.ts';
import { softmax } from '../../src/reference/kernels.ts';

/**
 * What a network makes of pixels, in float64: logits and probabilities, [rows, classes].
 * @param pixels 0 to 255, not necessarily whole numbers
 */
export function forward(
  model: Model,
  pixels: Uint8Array | Float64Array,
): { logits: Float64Array; probabilities: Float64Array } {
  const inputs = Float64Array.from(pixels, (value) => value / 255);
  const logits = layerOutputs(model, inputs).at(-1) ?? new Float64Array();
  return { logits, probabilities: softmax(model.spec.classes, logits) };
}
