/**
 * How far a peer's loss after the check's steps may be from Shadegrad's. On MNIST NumPy's is off by 1e-10; jax-js's and
 * tensorflow.js's, which compute 1 - 0.999 in float32, by 1.4e-6. A peer's mistakes would move it further: a learning
 * rate off by one in ten thousand by 4e-5, an epsilon of 1e-8 by 1e-4, Keras's place for epsilon by 4e-4, other batches
 * by 3e-2.
 */
export const TOLERANCE = 2e-5;

/**
 * Mean cross-entropy of a network with one hidden layer on samples that no peer trained on. Computed in float64 on the
 * host, in the same way for all peers.
 *
 * @param {Float32Array} parameters PyTorch's order and shapes, [hidden, inputs], [hidden], [classes, hidden],
 *   [classes], one after the other
 * @param {{ readonly inputs: number, readonly hidden: number, readonly classes: number }} sizes
 * @param {{ readonly images: Uint8Array, readonly labels: Uint8Array, readonly count: number }} samples
 * @returns {number} NaN where a parameter is
 */
export function heldOutLoss(parameters, { inputs, hidden, classes }, { images, labels, count }) {
  let sum = 0;
  const biases1 = hidden * inputs;
  const weights2 = biases1 + hidden;
  const biases2 = weights2 + classes * hidden;
  for (let sample = 0; sample < count; sample++) {
    const pixels = Float64Array.from(
      images.subarray(sample * inputs, (sample + 1) * inputs),
      (pixel) => pixel / 255,
    );
    const activations = dense(parameters, pixels, 0, biases1, hidden).map((value) => (value < 0 ? 0 : value));
    const logits = dense(parameters, activations, weights2, biases2, classes);
    const highest = Math.max(...logits);
    const logSum = highest + Math.log(logits.reduce((total, logit) => total + Math.exp(logit - highest), 0));
    sum += logSum - (logits[labels[sample] ?? Number.NaN] ?? Number.NaN);
  }
  return sum / count;
}

/**
 * @param {Float32Array} parameters
 * @param {Float64Array} x [inputs]
 * @param {number} weights where the weights [outputs, inputs] begin
 * @param {number} biases where the biases [outputs] begin
 * @param {number} outputs
 */
function dense(parameters, x, weights, biases, outputs) {
  return Float64Array.from({ length: outputs }, (_, output) => {
    let sum = parameters[biases + output] ?? Number.NaN;
    const row = weights + output * x.length;
    for (let i = 0; i < x.length; i++) sum += (parameters[row + i] ?? Number.NaN) * (x[i] ?? Number.NaN);
    return sum;
  });
}
