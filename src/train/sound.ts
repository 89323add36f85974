import { padded } from '../model/layout.ts';
import { denseLayers, type MlpSpec } from '../model/spec.ts';

/**
 * Whether a network's weights are finite, and small enough that its logits of an image are: the forward pass of that one
 * image. Training tells that only with the loss of its next batch.
 *
 * @param layers as `packParameters` returns them
 * @param pixels [inputs]
 */
export function isSound(spec: MlpSpec, layers: readonly Float32Array[], pixels: Uint8Array): boolean {
  let x = Float32Array.from(pixels, (pixel) => pixel / 255);
  return denseLayers(spec).every(({ inputs, outputs }, l) => {
    const parameters = layers[l] ?? new Float32Array();
    const stride = padded(outputs);
    // Beginning with the biases. A blank pixel hides nothing: 0 times infinity is NaN.
    const sums = parameters.slice(inputs * stride, inputs * stride + outputs);
    for (let k = 0; k < inputs; k++) {
      for (let n = 0; n < outputs; n++) {
        sums[n] = (sums[n] ?? 0) + (x[k] ?? 0) * (parameters[k * stride + n] ?? 0);
      }
    }
    x = sums.map((sum) => Math.max(0, sum));
    return sums.length === outputs && sums.every(Number.isFinite);
  });
}
