import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ShadegradError } from '../../src/errors.ts';
import { initialModel } from '../../src/model/initialise.ts';
import type { Model } from '../../src/model/model.ts';
import { decodeModel, encodeModel } from '../../src/model/model-file.ts';
import { decodeModels, encodeModels } from '../../src/model/population-file.ts';
import { decodeSafetensors } from '../../src/model/safetensors.ts';
import { denseLayers } from '../../src/model/spec.ts';
import { failure } from '../support/failure.ts';
import { type Stored, stateDict } from '../support/state-dict.ts';

const SPEC = { inputs: 6, hidden: [5, 4], classes: 3 };
const SETTINGS = [1, 2, 7].map((seed) => ({ seed, learningRate: seed / 1000, weightDecay: 0.01 }));
const MODELS = SETTINGS.map(({ seed }) => initialModel(SPEC, seed));
const NOTES = { image: { height: 2, width: 3 }, dataset: 'blobs', classNames: ['a', 'b', 'c'] };
const BYTES = encodeModels(MODELS, NOTES, SETTINGS);

/** [networks, ...] */
function stacked(...described: readonly [name: string, ...shape: number[]][]): Stored[] {
  return described.map(([name, ...shape]) => ({ name, shape }));
}

describe('several models in one file', () => {
  test('survive being saved and read, to the bit, with their settings and notes', () => {
    const { models, networks, metadata, ...notes } = decodeModels(BYTES);
    expect(models).toEqual(MODELS);
    expect(networks).toEqual(SETTINGS);
    expect(notes).toEqual({
      image: NOTES.image,
      classNames: NOTES.classNames,
      traits: null,
      assumptions: [],
    });
    const [first] = MODELS as [Model];
    expect(metadata).toEqual({
      ...decodeModel(encodeModel(first, NOTES)).metadata,
      'shadegrad.models': JSON.stringify(SETTINGS),
    });
  });

  test('have an axis in front of every tensor', () => {
    const { tensors } = decodeSafetensors(BYTES);
    expect(tensors.map(({ name, shape }) => [name, shape])).toEqual([
      ['0.weight', [3, 5, 6]],
      ['0.bias', [3, 5]],
      ['2.weight', [3, 4, 5]],
      ['2.bias', [3, 4]],
      ['4.weight', [3, 3, 4]],
      ['4.bias', [3, 3]],
    ]);
  });

  test('may be one', () => {
    const [model, settings] = [MODELS.slice(0, 1), SETTINGS.slice(0, 1)];
    const file = decodeModels(encodeModels(model, NOTES, settings));
    expect(file).toMatchObject({ models: model, networks: settings });
  });

  test('are no file of one model: what reads that says how many they are, and what reads them', () => {
    expect(failure(() => decodeModel(BYTES))).toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining('3 of them'),
      nextStep: expect.stringContaining('decodeModels'),
    });
  });
});

test('the file of a single model is read as one network, as it is alone', () => {
  const [first] = MODELS as [Model];
  const bytes = encodeModel(first, NOTES);
  const { model, ...rest } = decodeModel(bytes);
  expect(decodeModels(bytes)).toEqual({ models: [model], networks: null, ...rest });
});

describe('networks stacked by PyTorch', () => {
  const read = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
  const bytes = read('pytorch-population.safetensors');
  const golden = JSON.parse(read('pytorch-population.json').toString()) as {
    pixels: number[][];
    probabilities: number[][][];
  };

  test('are read, and say what they say there', () => {
    const { models, networks, image, assumptions } = decodeModels(bytes);
    expect(models.map(({ spec }) => spec)).toEqual(new Array(3).fill({ inputs: 9, hidden: [4], classes: 3 }));
    expect(networks).toBeNull();
    expect(image).toEqual({ height: 3, width: 3 });
    expect(assumptions.map(({ code }) => code)).toEqual(['relu', 'pixels']);
    models.forEach((model, network) => {
      golden.pixels.forEach((pixels, i) => {
        probabilities(model, pixels).forEach((probability, label) => {
          const expected = golden.probabilities[network]?.[i]?.[label] ?? Number.NaN;
          expect(Math.abs(probability - expected)).toBeLessThan(1e-14);
        });
      });
    });
  });

  test('have the names, shapes and bytes that these models are saved with', () => {
    const { models } = decodeModels(bytes);
    const ours = encodeModels(
      models,
      { image: { height: 3, width: 3 } },
      models.map(() => ({ seed: 1, learningRate: 1, weightDecay: 0 })),
    );
    const tensorsOf = (file: Uint8Array) =>
      decodeSafetensors(file)
        .tensors.map(({ bytes, ...tensor }) => ({ ...tensor, bytes: [...bytes] }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(tensorsOf(ours)).toEqual(tensorsOf(bytes));
  });
});

/** In float64. */
function probabilities(model: Model, pixels: readonly number[]): number[] {
  const layers = denseLayers(model.spec);
  const logits = layers.reduce(
    (values, { inputs, outputs }, layer) => {
      const [weight, bias] = [model.tensors[2 * layer]?.data, model.tensors[2 * layer + 1]?.data];
      return Array.from({ length: outputs }, (_, unit) => {
        const sum = values.reduce(
          (sum, value, i) => sum + value * (weight?.[unit * inputs + i] ?? Number.NaN),
          bias?.[unit] ?? Number.NaN,
        );
        return layer === layers.length - 1 ? sum : Math.max(0, sum);
      });
    },
    pixels.map((pixel) => pixel / 255),
  );
  const exponentials = logits.map(Math.exp);
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return exponentials.map((value) => value / total);
}

describe('stacked files from elsewhere', () => {
  test('are read by their shapes, whatever their names', () => {
    const file = stateDict(
      stacked(['net.out.weight', 2, 3, 4], ['net.in.weight', 2, 4, 9], ['net.in.bias', 2, 4]),
    );
    const { models } = decodeModels(file);
    expect(models.map(({ spec }) => spec)).toEqual(new Array(2).fill({ inputs: 9, hidden: [4], classes: 3 }));
    expect(failure(() => decodeModel(file)).message).toContain('2 of them');
  });

  test('are read where no layer has a bias', () => {
    const { models } = decodeModels(stateDict(stacked(['0.weight', 2, 4, 9], ['2.weight', 2, 3, 4])));
    expect(models).toHaveLength(2);
  });

  test.each<[string, Stored[], RegExp]>([
    ['no networks', stacked(['0.weight', 0, 3, 9], ['0.bias', 0, 3]), /of no networks/],
    [
      'tensors of different numbers of networks',
      stacked(['0.weight', 2, 3, 9], ['0.bias', 3, 3]),
      /"0.weight" is of 2 networks, but "0.bias" of 3/,
    ],
    [
      'a tensor without an axis',
      [...stacked(['0.weight', 2, 3, 9], ['0.bias', 2, 3]), { name: 'scale', shape: [] }],
      /"scale" of none/,
    ],
    [
      'layers that do not meet',
      stacked(['0.weight', 2, 4, 9], ['0.bias', 2, 4], ['2.weight', 2, 3, 5], ['2.bias', 2, 3]),
      /"0.weight" \[4, 9\], "2.weight" \[3, 5\] do not follow/,
    ],
    [
      'a batch normalisation',
      stacked(['0.weight', 2, 4, 9], ['0.bias', 2, 4], ['1.weight', 2, 4], ['1.bias', 2, 4]),
      /"1.weight" \[4\] is a normalisation's/,
    ],
    [
      'networks without size, of which there may be any number',
      stacked(['0.weight', 2 ** 40, 0, 9], ['0.bias', 2 ** 40, 0]),
      /classes: 0 is not a layer size/,
    ],
    [
      'convolutions without biases',
      stacked(['c1.weight', 4, 1, 3], ['c2.weight', 8, 4, 3]),
      /a convolution's/,
    ],
  ])('%s are refused', (_, tensors, message) => {
    const error = failure(() => decodeModels(stateDict(tensors)));
    expect(error).toMatchObject({ code: 'bad-model' });
    expect(error.message).toMatch(message);
    expect(error.nextStep).not.toBe('');
  });

  test.each([
    ['of another number', SETTINGS.slice(1)],
    ['without a seed', [{ learningRate: 1, weightDecay: 0 }, ...SETTINGS.slice(1)]],
    ['of text', SETTINGS.map(String)],
    ['that are no list', {}],
    ['of nothing', null],
  ])('settings %s are refused', (_, settings) => {
    const { tensors, metadata } = decodeSafetensors(BYTES);
    const damaged = stateDict(tensors, { ...metadata, 'shadegrad.models': JSON.stringify(settings) });
    expect(failure(() => decodeModels(damaged))).toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining('it holds 3 networks, but describes them as'),
    });
  });
});

describe('what would not be read is not written', () => {
  test('no models, or not as many as settings', () => {
    expect(failure(() => encodeModels([], NOTES, [])).code).toBe('usage');
    expect(failure(() => encodeModels(MODELS, NOTES, SETTINGS.slice(1))).code).toBe('usage');
  });

  test('models of several forms, or that are not finite, or not of their images', () => {
    const other = initialModel({ ...SPEC, hidden: [4, 5] }, 1);
    const [first, second] = MODELS as [Model, Model];
    const infinite = {
      ...second,
      tensors: second.tensors.map((tensor) => ({ ...tensor, data: tensor.data.map(() => Infinity) })),
    };
    const settings = SETTINGS.slice(0, 2);
    for (const models of [
      [first, other],
      [first, infinite],
    ]) {
      expect(failure(() => encodeModels(models, NOTES, settings)).code).toBe('bad-model');
    }
    const image = { height: 2, width: 2 };
    expect(failure(() => encodeModels(MODELS, { image }, SETTINGS)).code).toBe('bad-model');
  });
});

describe('damage', () => {
  const elsewhere = stateDict(
    stacked(['a1.weight', 2, 4, 6], ['a1.bias', 2, 4], ['a2.weight', 2, 4, 4], ['a3.weight', 2, 3, 4]),
  );

  test.each([
    ['of this package', BYTES],
    ['from elsewhere', elsewhere],
  ])('every cut of a file %s is a bad-model error', (_, bytes) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(failure(() => decodeModels(bytes.subarray(0, length))).code).toBe('bad-model');
    }
  });

  test.each([
    ['of this package', BYTES],
    ['from elsewhere', elsewhere],
  ])('flipped bytes anywhere in a file %s give a bad-model error or whole models', (_, bytes) => {
    let read = 0;
    let refused = 0;
    // A linear congruential generator (Numerical Recipes), so that a failure can be repeated.
    let state = 1;
    const next = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let round = 0; round < 5000; round++) {
      const damaged = bytes.slice();
      for (let flips = 1 + next(3); flips > 0; flips--) damaged[next(damaged.length)] = next(256);
      try {
        const { models } = decodeModels(damaged);
        const image = { height: 1, width: models[0].spec.inputs };
        for (const model of models) encodeModel(model, { image });
        read += 1;
      } catch (error) {
        if (!(error instanceof ShadegradError) || error.code !== 'bad-model') throw error;
        refused += 1;
      }
    }
    expect(read).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(500);
  });
});
