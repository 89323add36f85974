import { expect, test } from 'vitest';
import * as reference from '../../src/reference/kernels.ts';
import { randomData } from '../support/random.ts';
import { ADAM, NO_STEP } from '../support/step.ts';

/**
 * Checks the float64 twins themselves: every derivative of the mean loss of a network with two hidden layers is compared
 * with central differences.
 */
test('the twins compute the derivative of the loss by every parameter', () => {
  const data = randomData(11);
  const [batch, widths] = [5, [4, 6, 3, 3]];
  const layers = widths.slice(1).map((outputs, i) => ({ inputs: widths[i] ?? 0, outputs }));
  const classes = 3;
  const x = data.floats(batch * 4);
  const labels = data.bytes(batch, classes);
  const order = Uint32Array.from({ length: batch }, (_, i) => i);
  const step = { ...NO_STEP, count: batch };
  const sizes = { models: 1, batch, classes, orderLength: batch };
  const parameters = layers.map(({ inputs, outputs }) => data.floats((inputs + 1) * outputs));

  const forward = () => {
    const activations: Float64Array[] = [x];
    for (const [i, layer] of layers.entries()) {
      const dense = { models: 1, rows: batch, layer, relu: i < layers.length - 1 };
      activations.push(reference.dense(dense, activations[i] ?? [], parameters[i] ?? []));
    }
    return {
      activations,
      top: reference.softmaxCrossEntropy(sizes, step, labels, order, activations.at(-1) ?? []),
    };
  };

  const { activations, top } = forward();
  let delta: Float64Array = top.delta;
  for (let i = layers.length - 1; i >= 0; i--) {
    const layer = layers[i];
    const own = parameters[i];
    const input = activations[i];
    if (!layer || !own || !input) throw new RangeError(`layer ${i}`);
    const gradient = reference.denseGradient({ models: 1, batch, layer }, input, delta);
    for (const [j, analytic] of gradient.entries()) {
      const kept = own[j] ?? 0;
      const h = 1e-6;
      own[j] = kept + h;
      const above = (forward().top.loss[0] ?? Number.NaN) / batch;
      own[j] = kept - h;
      const below = (forward().top.loss[0] ?? Number.NaN) / batch;
      own[j] = kept;
      expect((above - below) / (2 * h), `layer ${i}, parameter ${j}`).toBeCloseTo(analytic, 8);
    }
    delta = reference.denseInputGradient({ models: 1, rows: batch, layer }, delta, own, input);
  }
});

test("Adam's first step moves every parameter by the learning rate against its gradient's sign", () => {
  const gradient = [3, -0.001, 1e-5];
  const step = { ...NO_STEP, rootCorrection: ADAM.rootCorrection(1) };
  const rate = ADAM.rate(1, { learningRate: 0.01, weightDecay: 0 });
  for (const g of gradient) {
    const update = { constants: ADAM.constants, step, rate, gradient: g, parameter: 0, moments: [0, 0] };
    // Epsilon stands outside the bias-corrected root: 0.01 g / (|g| + epsilon).
    expect(reference.adam(update).parameter).toBeCloseTo((-0.01 * g) / (Math.abs(g) + 1e-7), 12);
  }
});
