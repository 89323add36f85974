import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { syntheticDigits } from '../../src/data/synthetic.ts';
import { initialModel } from '../../src/model/initialise.ts';
import type { Model } from '../../src/model/model.ts';
import { decodeModel } from '../../src/model/model-file.ts';
import { Network } from '../../src/train/network.ts';
import { predictOnCpu } from '../../src/train/predict-on-cpu.ts';
import { expectClose, testDevice } from '../support/gpu.ts';

const { images } = syntheticDigits({ train: 1, test: 300 }).test;

test.each<[string, () => Model]>([
  ['a trained one', () => decodeModel(readFileSync('demo/pretrained/model.safetensors')).model],
  ['a fresh one of two hidden layers', () => initialModel({ inputs: 784, hidden: [33, 9], classes: 5 }, 2)],
  ['softmax regression', () => initialModel({ inputs: 784, hidden: [], classes: 10 }, 3)],
])('without a device a network answers as on one, within a millionth: %s', async (_, made) => {
  const model = made();
  const network = await Network.create(await testDevice(), model);
  const { probabilities, predictions } = await network.predict(images);
  network.destroy();
  const found = predictOnCpu(model, images);
  expectClose('probabilities', found.probabilities, probabilities, { absolute: 1e-6, relative: 0 });
  expect(found.predictions).toEqual(predictions);
});
