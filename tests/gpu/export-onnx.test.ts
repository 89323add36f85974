import { expect, test } from 'vitest';
import { encodeOnnx, type OnnxOptions } from '../../src/export/onnx.ts';
import type { ModelFile } from '../../src/model/model-file.ts';
import { modelNotes } from '../../src/model/notes.ts';
import { decodeModels, encodeModels, type ModelsFile, networkFile } from '../../src/model/population-file.ts';
import { loadDataset } from '../../src/node/datasets.ts';
import { mostProbable } from '../../src/train/ensemble.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { firstOf } from '../support/first-of.ts';
import { testDevice } from '../support/gpu.ts';
import { onnxSession, scaled } from '../support/onnx.ts';

const TRAINED = 12_000;
const NETWORKS = 2;

const data = firstOf(await loadDataset('mnist'), TRAINED);
const { images } = data.test;
const { file, evaluation } = await learned();

/** Networks that learned real digits, as their file has them, and what they make of MNIST's 10,000 test images. */
async function learned() {
  const trainer = await Trainer.create(await testDevice(), data, {
    optimizer: 'sgd',
    models: NETWORKS,
    plan: 'layered-quads',
  });
  for await (const _ of trainer.fit({ epochs: 1 }));
  const models = (await trainer.models()).filter((model) => model !== null);
  const evaluation = await trainer.evaluateAll(data.test);
  expect(evaluation.ensemble.accuracy).toBeGreaterThan(0.8);
  const file = decodeModels(encodeModels(models, modelNotes(data), trainer.networks));
  trainer.destroy();
  return { file, evaluation };
}

async function probabilitiesOf(
  exported: ModelFile | ModelsFile,
  options: OnnxOptions,
): Promise<Float32Array> {
  const session = await onnxSession(encodeOnnx(exported, options));
  const { probabilities } = await session.run(options.bytes ? images : scaled(images), 784);
  expect(probabilities?.dims).toEqual([10_000, 10]);
  return probabilities?.data ?? new Float32Array();
}

// Of networks whose logits are below 10: that is what float32 can tell apart, see docs/export.md.
test.each<[string, boolean, number | null]>([
  ['a network on floats', false, 0],
  ['a network on bytes', true, 1],
  ['all networks together', true, null],
])(
  'ONNX Runtime gives the probabilities of all test images, and the labels: %s',
  async (_, bytes, network) => {
    const exported = network === null ? file : networkFile(file, network);
    const ours = network === null ? evaluation.ensemble : evaluation.networks[network];
    const theirs = await probabilitiesOf(exported, { bytes });
    expect(mostProbable(theirs, 10)).toEqual(ours?.predictions);
    expect(greatestDifference(theirs, ours?.probabilities)).toBeLessThan(1e-6);
  },
);

/** NaN where there is one, or where one has fewer numbers. */
function greatestDifference(a: Float32Array, b: Float32Array | undefined): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b?.[i] ?? Number.NaN))), 0);
}
