import { describe, expect, test } from 'vitest';
import { evidence, excitation, outgoingWeights } from '../../src/model/evidence.ts';
import type { Model } from '../../src/model/model.ts';
import { tensorShapes } from '../../src/model/model.ts';
import { type MlpSpec, mlp } from '../../src/model/spec.ts';
import { failure } from '../support/failure.ts';
import { forward } from '../support/forward.ts';
import { randomData } from '../support/random.ts';

/** A network with biases that matter, and an image with blank pixels. */
function made(spec: MlpSpec, seed = 1): { model: Model; image: Uint8Array } {
  const data = randomData(seed);
  const tensors = tensorShapes(spec).map(({ name, shape }) => {
    const length = shape.reduce((product, axis) => product * axis, 1);
    return { name, shape, data: Float32Array.from(data.floats(length, 0.5)) };
  });
  const image = data.bytes(spec.inputs).map((byte) => (byte < 128 ? 0 : byte));
  return { model: { spec, tensors }, image };
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

const shapes = {
  'softmax regression': mlp({ inputs: 30, hidden: [], classes: 10 }),
  'one hidden layer': mlp({ inputs: 30, hidden: [17], classes: 10 }),
  'three hidden layers': mlp({ inputs: 30, hidden: [17, 9, 12], classes: 5 }),
  'two classes': mlp({ inputs: 30, hidden: [8], classes: 2 }),
  'one class': mlp({ inputs: 30, hidden: [8], classes: 1 }),
};

describe.each(Object.entries(shapes))('evidence of %s', (_, spec) => {
  const { model, image } = made(spec);
  const { logits } = forward(model, image);
  const others = (label: number) => [...logits].filter((__, i) => i !== label);
  const leadOf = (label: number) =>
    (logits[label] ?? Number.NaN) - (spec.classes > 1 ? sum(others(label)) / (spec.classes - 1) : 0);

  test("sums to the class's lead over the mean of the others, at the pixels and at every hidden layer", () => {
    for (let label = 0; label < spec.classes; label++) {
      const found = evidence(model, image, label);
      expect(found.lead).toBeCloseTo(leadOf(label), 10);
      expect(found.hidden.map(({ values }) => values.length)).toEqual(spec.hidden);
      for (const { contributions, bias } of [found.inputs, ...found.hidden]) {
        expect(sum(contributions) + bias).toBeCloseTo(found.lead, 10);
      }
    }
  });

  test("is about the network's own verdict by default", () => {
    const { label, logits: own } = evidence(model, image);
    expect(label).toBe([...logits].indexOf(Math.max(...logits)));
    for (const [i, logit] of logits.entries()) expect(own[i]).toBeCloseTo(logit, 10);
  });

  test('gives blank pixels and silent units no say', () => {
    const { inputs, hidden } = evidence(model, image);
    expect([...inputs.values]).toEqual([...image].map((byte) => byte / 255));
    for (const { values, contributions } of [inputs, ...hidden]) {
      for (const [i, value] of values.entries()) if (value === 0) expect(contributions[i]).toBeCloseTo(0, 15);
    }
  });

  test("is what the lead's derivative by each pixel says", () => {
    const label = 0;
    const { inputs } = evidence(model, image, label);
    const step = 1e-6;
    for (const [k, byte] of image.entries()) {
      const moved = (by: number) => {
        const pixels = Float64Array.from(image);
        pixels[k] = byte + 255 * by;
        const { logits: l } = forward(model, pixels);
        const rest = [...l].filter((__, i) => i !== label);
        return (l[label] ?? Number.NaN) - (rest.length > 0 ? sum(rest) / rest.length : 0);
      };
      const derivative = (moved(step) - moved(-step)) / (2 * step);
      expect((derivative * byte) / 255).toBeCloseTo(inputs.contributions[k] ?? Number.NaN, 6);
    }
  });
});

test("of softmax regression is the class's weights less the others', times the pixels", () => {
  const spec = mlp({ inputs: 4, hidden: [], classes: 2 });
  const weight = Float32Array.of(1, 2, 3, 4, 5, 5, -5, 0.5);
  const model = {
    spec,
    tensors: [
      { name: '0.weight', shape: [2, 4], data: weight },
      { name: '0.bias', shape: [2], data: Float32Array.of(0.25, -0.5) },
    ],
  };
  const { inputs, lead, label } = evidence(model, Uint8Array.of(255, 0, 255, 51), 0);
  expect(label).toBe(0);
  expect([...inputs.contributions].map((value) => Number(value.toFixed(12)))).toEqual([-4, 0, 8, 0.7]);
  expect(inputs.bias).toBe(0.75);
  expect(lead).toBeCloseTo(5.45, 12);
});

test('of a trained size: pixels and biases sum to the lead within 1e-5', () => {
  const { model, image } = made(mlp({ inputs: 784, hidden: [100], classes: 10 }));
  const { inputs, lead } = evidence(model, image);
  expect(Math.abs(sum(inputs.contributions) + inputs.bias - lead)).toBeLessThan(1e-5);
});

describe("a unit's outgoing weights", () => {
  test('are a column of the second layer where it is the last one, whatever the image', () => {
    const { model, image } = made(shapes['one hidden layer']);
    const second = model.tensors[2]?.data ?? new Float32Array();
    const column = Array.from({ length: 10 }, (_, label) => second[17 * label + 3]);
    expect([...(outgoingWeights(model, 3, null) ?? [])]).toEqual(column);
    expect([...(outgoingWeights(model, 3, image) ?? [])]).toEqual(column);
  });

  test("are, through more layers, what the unit's contribution is made of", () => {
    const { model, image } = made(shapes['three hidden layers']);
    const { hidden, label } = evidence(model, image);
    const [first] = hidden;
    expect(outgoingWeights(model, 0, null)).toBeNull();
    expect(first?.values.some((value) => value > 0)).toBe(true);
    for (const [unit, value] of first?.values.entries() ?? []) {
      const weights = [...(outgoingWeights(model, unit, image) ?? [])];
      const others = weights.filter((_, i) => i !== label);
      const lead = (weights[label] ?? Number.NaN) - sum(others) / others.length;
      expect(lead * value).toBeCloseTo(first?.contributions[unit] ?? Number.NaN, 10);
    }
  });

  test('are of a unit that there is, in a network with a hidden layer', () => {
    const { model, image } = made(shapes['one hidden layer']);
    expect(failure(() => outgoingWeights(model, 17, image)).code).toBe('usage');
    const { model: flat } = made(shapes['softmax regression']);
    expect(failure(() => outgoingWeights(flat, 0, image)).code).toBe('usage');
  });
});

describe('what excites a unit of the first layer', () => {
  test.each(['softmax regression', 'three hidden layers'] as const)('is its sum before ReLU: %s', (name) => {
    const { model } = made(shapes[name]);
    const images = randomData(5).bytes(4 * 30);
    const layer = mlp({ inputs: 30, hidden: [], classes: shapes[name].hidden[0] ?? 10 });
    const sums = forward({ spec: layer, tensors: model.tensors.slice(0, 2) }, images).logits;
    const found = excitation(model, 2, images);
    expect(found).toHaveLength(4);
    for (const [i, value] of found.entries()) {
      expect(value).toBeCloseTo(sums[i * layer.classes + 2] ?? Number.NaN, 5);
    }
  });

  test('wants whole images, and a unit that there is', () => {
    const { model, image } = made(shapes['one hidden layer']);
    expect(failure(() => excitation(model, 17, image)).code).toBe('usage');
    expect(failure(() => excitation(model, 0, image.subarray(1))).code).toBe('bad-data');
  });
});

test('an image of another size, or a class that there is not, is refused', () => {
  const { model, image } = made(shapes['one hidden layer']);
  expect(failure(() => evidence(model, image.subarray(1))).code).toBe('bad-data');
  expect(failure(() => evidence(model, image, 10)).code).toBe('usage');
});
