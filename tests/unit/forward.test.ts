import { describe, expect, test } from 'vitest';
import { activationsOf } from '../../src/model/forward.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { transposed } from '../../src/model/layout.ts';
import { type Model, tensor } from '../../src/model/model.ts';
import { denseLayers } from '../../src/model/spec.ts';
import * as reference from '../../src/reference/kernels.ts';
import { predictOnCpu } from '../../src/train/predict-on-cpu.ts';
import { failure } from '../support/failure.ts';
import { randomData } from '../support/random.ts';

/** A fresh network, but with biases that are not 0. */
function modelOf(hidden: readonly number[]): Model {
  const { spec, tensors } = initialModel({ inputs: 20, hidden, classes: 3 }, 5);
  const { floats } = randomData(6);
  return {
    spec,
    tensors: tensors.map((each) =>
      each.name.endsWith('bias') ? { ...each, data: new Float32Array(floats(each.data.length)) } : each,
    ),
  };
}

/** Half of the pixels are blank, and one image is: of such inputs the products are left out. */
const images = randomData(7)
  .bytes(9 * 20, 511)
  .map((byte) => (byte > 255 ? 0 : byte));
images.fill(0, 20, 40);

describe.each([[[]], [[7]], [[16, 5]]])('of a network with hidden layers %j', (hidden) => {
  const model = modelOf(hidden);

  test("the activations are those of the shaders' twins, layer by layer", () => {
    let x: Float64Array = Float64Array.from(images, (byte) => byte / 255);
    const activations = activationsOf(model, images);
    expect(activations.length).toBe(hidden.length + 1);
    for (const [i, layer] of denseLayers(model.spec).entries()) {
      const kernel = transposed(tensor(model, `${2 * i}.weight`), layer);
      const parameters = Float64Array.from([...kernel, ...tensor(model, `${2 * i}.bias`)]);
      x = reference.dense({ models: 1, rows: 9, layer, relu: i < hidden.length }, x, parameters);
      const found = activations[i] ?? new Float64Array();
      expect(found.length).toBe(9 * layer.outputs);
      // Only the order of the sums is another: at most 21 terms of about one.
      for (const [n, right] of x.entries())
        expect(Math.abs((found[n] ?? Number.NaN) - right)).toBeLessThan(1e-14);
    }
  });

  test('the probabilities are the softmax of the last, and the greatest of each image is the prediction', () => {
    const { probabilities, predictions } = predictOnCpu(model, images);
    const logits = activationsOf(model, images).at(-1) ?? [];
    expect(probabilities).toEqual(new Float32Array(reference.softmax(3, logits)));
    expect([...predictions]).toEqual(
      Array.from({ length: 9 }, (_, row) => {
        const own = [...probabilities.subarray(3 * row, 3 * row + 3)];
        return own.indexOf(Math.max(...own));
      }),
    );
  });
});

test('weights that are not finite give probabilities that are not', () => {
  const model = modelOf([7]);
  model.tensors[1]?.data.fill(Number.NaN);
  expect(predictOnCpu(model, images).probabilities.every(Number.isNaN)).toBe(true);
});

test.each<[string, unknown, string, RegExp]>([
  ['no image', new Uint8Array(), 'bad-data', /0 bytes of pixels are not 0 images of 20 pixels/],
  ['half an image', new Uint8Array(30), 'bad-data', /30 bytes of pixels are not 1 image of 20 pixels/],
  ['floats', new Float32Array(20), 'usage', /Float32Array was given as the pixels of images/],
])('%s is refused', (_, given, code, message) => {
  const model = modelOf([7]);
  for (const refused of [predictOnCpu, activationsOf]) {
    const error = failure(() => refused(model, given as Uint8Array));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  }
});

test('so is a model that lacks a tensor', () => {
  const { spec, tensors } = modelOf([7]);
  expect(failure(() => predictOnCpu({ spec, tensors: tensors.slice(1) }, images)).code).toBe('bad-model');
});
