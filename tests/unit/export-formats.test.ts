import { describe, expect, test } from 'vitest';
import { epochOrder, validationSplit } from '../../src/data/shuffle.ts';
import { shortestDecimal } from '../../src/export/decimals.ts';
import { encodeJson, type JsonNetwork } from '../../src/export/json.ts';
import { encodeNpy } from '../../src/export/npy.ts';
import { encodePytorch, encodePytorchTraining } from '../../src/export/pytorch.ts';
import { encodeTfjs } from '../../src/export/tfjs.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { transposed } from '../../src/model/layout.ts';
import { tensor } from '../../src/model/model.ts';
import { decodeModel, encodeModel } from '../../src/model/model-file.ts';
import { networkFile } from '../../src/model/population-file.ts';
import { denseLayers } from '../../src/model/spec.ts';
import { trainerSettings } from '../../src/train/settings.ts';
import { blobs } from '../support/blobs.ts';
import { MODELS, NOTES, population, SPEC, single } from '../support/exported.ts';
import { epochs, network } from '../support/networks.ts';

const bits = (numbers: readonly number[] | Float32Array) =>
  new Uint32Array(Float32Array.from(numbers).buffer);
const { format: _, ...NOTED } = single.metadata;

describe('JSON', () => {
  const parse = (bytes: Uint8Array): JsonNetwork => JSON.parse(new TextDecoder().decode(bytes));

  test('gives the same bits again, of each of several networks', () => {
    for (const [i, model] of MODELS.entries()) {
      const { layers } = parse(encodeJson(networkFile(population, i)));
      expect(layers.map(({ activation }) => activation)).toEqual(['relu', 'relu', 'softmax']);
      for (const [l, { outputs }] of denseLayers(SPEC).entries()) {
        expect(layers[l]?.weight).toHaveLength(outputs);
        expect(bits(layers[l]?.weight.flat() ?? [])).toEqual(bits(tensor(model, `${2 * l}.weight`)));
        expect(bits(layers[l]?.bias ?? [])).toEqual(bits(tensor(model, `${2 * l}.bias`)));
      }
    }
  });

  test('says what the model file says', () => {
    const { layers: __, ...described } = parse(encodeJson(single));
    expect(described).toEqual({
      format: 'shadegrad.network',
      version: 1,
      ...SPEC,
      image: NOTES.image,
      classNames: NOTES.classNames,
      metadata: NOTED,
    });
  });

  test.each([
    [0.1, '0.1'],
    [-0, '-0.0'],
    [0, '0'],
    [1 / 3, '0.33333334'],
    [16777216, '16777216'],
    [2 ** -149, '1e-45'],
    [-(2 ** -126), '-1.1754944e-38'],
    [(2 - 2 ** -23) * 2 ** 127, '3.4028235e+38'],
  ])('has each number as the shortest decimal: %f', (value, decimal) => {
    expect(shortestDecimal(Math.fround(value))).toBe(decimal);
  });

  test('has decimals that give every kind of float32 again', () => {
    const words = Uint32Array.from({ length: 20_000 }, (_, i) => Math.imul(i + 1, 0x9e3779b1));
    const values = new Float32Array(words.buffer).filter(Number.isFinite);
    expect(bits(Array.from(values, (value) => Number(shortestDecimal(value))))).toEqual(bits(values));
  });
});

describe('the layers format of TensorFlow.js', () => {
  const { 'model.json': json, 'weights.bin': weights } = encodeTfjs(single);
  const { format, modelTopology, weightsManifest, userDefinedMetadata } = JSON.parse(json);

  test('is a chain of dense layers', () => {
    expect(format).toBe('layers-model');
    expect(userDefinedMetadata).toEqual(NOTED);
    const layers: { class_name: string; config: object }[] = modelTopology.config.layers;
    expect(layers.map(({ class_name }) => class_name)).toEqual(['Dense', 'Dense', 'Dense']);
    expect(layers.map(({ config }) => config)).toMatchObject([
      { units: 7, activation: 'relu', batch_input_shape: [null, 12] },
      { units: 5, activation: 'relu' },
      { units: 3, activation: 'softmax' },
    ]);
  });

  test('has kernels of [inputs, outputs] and biases, one after the other', () => {
    const [{ paths, weights: listed }] = weightsManifest;
    expect(paths).toEqual(['weights.bin']);
    let offset = 0;
    for (const { name, shape, dtype } of listed) {
      const [i, kind] = [Number(name.match(/\d+/)[0]), name.split('/')[1]];
      const layer = denseLayers(SPEC)[i] ?? { inputs: 0, outputs: 0 };
      const size = shape.reduce((product: number, each: number) => product * each, 1);
      const found = new Float32Array(weights.slice(offset, offset + 4 * size).buffer);
      const right = tensor(single.model, `${2 * i}.${kind === 'kernel' ? 'weight' : 'bias'}`);
      expect([dtype, found]).toEqual(['float32', kind === 'kernel' ? transposed(right, layer) : right]);
      offset += 4 * size;
    }
    expect(offset).toBe(weights.length);
  });
});

describe('PyTorch', () => {
  test('gets the model file as it is', () => {
    expect(encodePytorch(single)['model.safetensors']).toEqual(encodeModel(single.model, NOTES));
  });

  test('gets what a training began with, and the samples and the rate of each step', () => {
    const data = blobs();
    const spec = { inputs: data.shape.height * data.shape.width, hidden: [4], classes: data.classes };
    const initial = initialModel(spec, 9);
    const config = trainerSettings({
      batchSize: 16,
      validationSplit: 0.25,
      schedule: { name: 'step', epochs: 1, factor: 0.5 },
    });
    const trained = network({ seed: 9, learningRate: 0.25, history: epochs(2) });
    const files = encodePytorchTraining({ config, network: trained, data, initial });
    expect(decodeModel(files['initial.safetensors']).model).toEqual(initial);
    const { count, images, labels } = data.train;
    const { train } = validationSplit(count, 0.25, 9);
    expect(npy(files['images.npy'])).toEqual({ type: '|u1', shape: [count, spec.inputs], bytes: images });
    expect(npy(files['labels.npy'])).toEqual({ type: '|u1', shape: [count], bytes: labels });
    const orders = [...epochOrder(train, 9, 1), ...epochOrder(train, 9, 2)];
    expect(npy(files['order.npy'])).toEqual({
      type: '<u4',
      shape: [2, train.length],
      bytes: new Uint8Array(Uint32Array.from(orders).buffer),
    });
    const steps = Math.ceil(train.length / 16);
    const rates = Float64Array.from({ length: 2 * steps }, (_, step) => (step < steps ? 0.25 : 0.125));
    expect(npy(files['rates.npy'])).toEqual({
      type: '<f8',
      shape: [2 * steps],
      bytes: new Uint8Array(rates.buffer),
    });
    const rateChanges = [{ step: 3, learningRate: 0.5 }];
    const changed = encodePytorchTraining({
      ...{ config: { ...config, rateChanges }, network: trained, data, initial },
    });
    const own = rates.map((rate, step) => (step < 2 ? rate : 2 * rate));
    expect(npy(changed['rates.npy']).bytes).toEqual(new Uint8Array(own.buffer));
    const { settings, history } = JSON.parse(files['training.json']);
    expect(settings).toMatchObject({ batchSize: 16, optimizer: 'adam', epsilon: 1e-7, weightDecay: 0 });
    expect(history).toEqual(trained.history);
  });

  test('arrays begin at a multiple of 64 bytes', () => {
    const bytes = encodeNpy('uint8', [3, 1], [Uint8Array.of(1, 2), Uint8Array.of(3)]);
    expect((bytes.length - 3) % 64).toBe(0);
    expect(npy(bytes)).toEqual({ type: '|u1', shape: [3, 1], bytes: Uint8Array.of(1, 2, 3) });
  });
});

/** An array of NumPy's, as its own documentation describes the format. */
function npy(file: Uint8Array) {
  const length = (file[8] ?? 0) + 256 * (file[9] ?? 0);
  const header = String.fromCharCode(...file.subarray(0, 10 + length));
  expect(header.slice(0, 8)).toBe('\x93NUMPY\x01\x00');
  const fields = header
    .slice(10)
    .match(/^\{'descr': '(.*)', 'fortran_order': False, 'shape': \((.*),\), \} *\n$/);
  const shape = fields?.[2]?.split(',').map(Number);
  return { type: fields?.[1], shape, bytes: file.slice(10 + length) };
}
