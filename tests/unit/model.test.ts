import { describe, expect, test } from 'vitest';
import { ShadegradError } from '../../src/errors.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { packParameters, unpackParameters } from '../../src/model/layout.ts';
import { tensor, tensorShapes } from '../../src/model/model.ts';
import { denseLayers, mlp } from '../../src/model/spec.ts';

const spec = { inputs: 6, hidden: [5, 4], classes: 3 };

test('layers and tensors follow the spec, with the names PyTorch gives nn.Sequential', () => {
  expect(denseLayers(spec)).toEqual([
    { inputs: 6, outputs: 5 },
    { inputs: 5, outputs: 4 },
    { inputs: 4, outputs: 3 },
  ]);
  expect(tensorShapes({ inputs: 784, hidden: [100], classes: 10 })).toEqual([
    { name: '0.weight', shape: [100, 784] },
    { name: '0.bias', shape: [100] },
    { name: '2.weight', shape: [10, 100] },
    { name: '2.bias', shape: [10] },
  ]);
});

test('packing transposes, pads with zeros and puts the bias last; unpacking undoes it', () => {
  const model = initialModel(spec, 3);
  const biased = {
    ...model,
    tensors: model.tensors.map((t) => ({ ...t, data: t.data.map((value, i) => value + i) })),
  };
  const packed = packParameters(biased);
  expect(packed.map(({ length }) => length)).toEqual([7 * 8, 6 * 4, 5 * 4]);
  const weight = tensor(biased, '0.weight');
  expect(packed[0]?.[2 * 8 + 4]).toBe(weight[4 * 6 + 2]);
  expect(packed[0]?.[2 * 8 + 5]).toBe(0);
  expect(packed[0]?.slice(6 * 8, 6 * 8 + 5)).toEqual(tensor(biased, '0.bias'));
  expect(unpackParameters(spec, packed)).toEqual(biased);
});

describe('initial weights', () => {
  test('are Glorot-uniform: within the limit, of its mean and variance; biases are zero', () => {
    const model = initialModel({ inputs: 784, hidden: [100], classes: 10 }, 1);
    const weight = tensor(model, '0.weight');
    const limit = Math.sqrt(6 / 884);
    expect(Math.max(...weight.map(Math.abs))).toBeLessThanOrEqual(Math.fround(limit));
    expect(Math.max(...weight)).toBeGreaterThan(0.999 * limit);
    const mean = weight.reduce((sum, w) => sum + w, 0) / weight.length;
    const variance = weight.reduce((sum, w) => sum + (w - mean) ** 2, 0) / weight.length;
    // Standard errors with 78,400 draws: limit / sqrt(3 n) and about limit^2 / 3 * 0.0032.
    expect(Math.abs(mean)).toBeLessThan((4 * limit) / Math.sqrt(3 * weight.length));
    expect(Math.abs(variance / (limit ** 2 / 3) - 1)).toBeLessThan(4 * 0.0032);
    expect(tensor(model, '0.bias').every((value) => value === 0)).toBe(true);
  });

  test('are the same bits for a seed on every machine, and others for another', () => {
    const weight = tensor(initialModel(spec, 1), '0.weight');
    expect(Array.from(weight.slice(0, 3))).toMatchInlineSnapshot(`
      [
        0.5764509439468384,
        0.582987904548645,
        0.12662555277347565,
      ]
    `);
    expect(tensor(initialModel(spec, 2), '0.weight')).not.toEqual(weight);
  });
});

test.each([
  [{ inputs: 0, hidden: [], classes: 2 }, 'inputs'],
  [{ inputs: 1, hidden: [3, -1], classes: 2 }, 'hidden layer 2'],
  [{ inputs: 1, hidden: [], classes: 257 }, '257 classes'],
  [{ inputs: 1, hidden: [], classes: 0 }, 'classes'],
  [{ inputs: Number.NaN, hidden: [], classes: 2 }, 'inputs'],
])('mlp refuses %j', (bad, what) => {
  expect(() => mlp(bad)).toThrow(ShadegradError);
  expect(() => mlp(bad)).toThrow(what);
});
