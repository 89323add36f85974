import { describe, expect, test } from 'vitest';
import { CounterRandom } from '../../src/data/random.ts';
import { ShadegradError } from '../../src/errors.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { type Model, tensor } from '../../src/model/model.ts';
import { decodeModel, encodeModel } from '../../src/model/model-file.ts';
import { foldNormalisation, type Normalisation, withNormalisation } from '../../src/model/normalisation.ts';
import { layers, stateDict } from '../support/state-dict.ts';

const MNIST: Normalisation = { mean: 0.1307, std: 0.3081 };
const model = initialModel({ inputs: 784, hidden: [20], classes: 10 }, 4);

/** The first layer's outputs for `inputs`, in float64. */
function firstLayer(of: Model, inputs: readonly number[]): number[] {
  const weight = tensor(of, '0.weight');
  return Array.from(
    tensor(of, '0.bias'),
    (bias, unit) => bias + inputs.reduce((sum, x, i) => sum + x * (weight[unit * inputs.length + i] ?? 0), 0),
  );
}

describe('a normalisation folded into the first layer', () => {
  test('gives for plain pixels what the model gives for normalised ones, but for a rounding to float32', () => {
    const { mean, std } = MNIST;
    const folded = foldNormalisation(model, MNIST);
    const random = new CounterRandom(1, 0);
    const weight = tensor(folded, '0.weight');
    const bias = tensor(folded, '0.bias');
    for (let image = 0; image < 10; image++) {
      const pixels = Array.from({ length: 784 }, () => random.below(256) / 255);
      const right = firstLayer(
        model,
        pixels.map((x) => (x - mean) / std),
      );
      for (const [unit, value] of firstLayer(folded, pixels).entries()) {
        // Each weight and the bias are rounded once, by half a unit in the last place: 2^-24 of themselves at most.
        const rounded = pixels.reduce((sum, x, i) => sum + x * Math.abs(weight[unit * 784 + i] ?? 0), 0);
        const bound = 2 ** -24 * (rounded + Math.abs(bias[unit] ?? 0)) + 1e-12;
        const error = Math.abs(value - (right[unit] ?? Number.NaN));
        if (!(error <= bound)) expect.fail(`unit ${unit} is off by ${error}, more than ${bound}`);
      }
    }
  });

  test('is exact where nothing has to be rounded', () => {
    const small: Model = {
      spec: { inputs: 2, hidden: [], classes: 2 },
      tensors: [
        { name: '0.weight', shape: [2, 2], data: Float32Array.of(1, 2, -3, 0.5) },
        { name: '0.bias', shape: [2], data: Float32Array.of(1, -1) },
      ],
    };
    const { tensors, spec } = foldNormalisation(small, { mean: 0.5, std: 0.25 });
    expect(spec).toEqual(small.spec);
    expect(tensors.map(({ data }) => [...data])).toEqual([
      [4, 8, -12, 2],
      [1 - 2 * 3, -1 + 2 * 2.5],
    ]);
  });

  test('leaves the other layers, and the model that was given, as they were', () => {
    const before = structuredClone(model);
    const folded = foldNormalisation(model, MNIST);
    expect(model).toEqual(before);
    expect(folded.tensors.slice(2)).toEqual(model.tensors.slice(2));
    expect(foldNormalisation(model, { mean: 0, std: 1 })).toEqual(model);
  });

  test.each<[number, number, RegExp]>([
    [0, 0, /mean 0 and standard deviation 0/],
    [0, -1, /standard deviation -1/],
    [0, Number.NaN, /standard deviation NaN/],
    [Number.POSITIVE_INFINITY, 1, /mean Infinity/],
    [0, Number.POSITIVE_INFINITY, /standard deviation Infinity/],
    [0.1, 1e-40, /leave the range of float32/],
  ])('mean %d, std %d: a usage error', (mean, std, message) => {
    expect(() => foldNormalisation(model, { mean, std })).toThrow(ShadegradError);
    expect(() => foldNormalisation(model, { mean, std })).toThrow(message);
    expect(() => foldNormalisation(model, { mean, std })).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('a model file with a normalisation', () => {
  test('no longer assumes how pixels are prepared', () => {
    const file = decodeModel(stateDict(layers(['fc1', 9, 4], ['fc2', 4, 3])));
    const normalised = withNormalisation(file, MNIST);
    expect(normalised).toEqual({
      ...file,
      model: foldNormalisation(file.model, MNIST),
      assumptions: file.assumptions.filter(({ code }) => code === 'relu'),
    });
    expect(() => withNormalisation(normalised, MNIST)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  test('is refused where the file states its own', () => {
    const file = decodeModel(encodeModel(model, { image: { height: 28, width: 28 } }));
    expect(file.assumptions).toEqual([]);
    expect(() => withNormalisation(file, MNIST)).toThrow('states itself how pixels are prepared');
  });
});
