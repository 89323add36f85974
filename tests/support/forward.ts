import { transposed } from '../../src/model/layout.ts';
import type { Model } from '../../src/model/model.ts';
import { tensor } from '../../src/model/model.ts';
import { denseLayers } from '../../src/model/spec.ts';
import * as reference from '../../src/reference/kernels.ts';

/** What a network makes of pixels, in float64: logits and probabilities, [rows, classes]. */
export function forward(
  model: Model,
  pixels: Uint8Array | Float64Array,
): { logits: Float64Array; probabilities: Float64Array } {
  const { spec } = model;
  const rows = pixels.length / spec.inputs;
  let logits: Float64Array = Float64Array.from(pixels, (byte) => byte / 255);
  for (const [i, layer] of denseLayers(spec).entries()) {
    const kernel = transposed(tensor(model, `${2 * i}.weight`), layer);
    const parameters = Float64Array.from([...kernel, ...tensor(model, `${2 * i}.bias`)]);
    logits = reference.dense({ models: 1, rows, layer, relu: i < spec.hidden.length }, logits, parameters);
  }
  return { logits, probabilities: reference.softmax(spec.classes, logits) };
}
