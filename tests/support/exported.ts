import { initialModel } from '../../src/model/initialise.ts';
import type { Model } from '../../src/model/model.ts';
import { decodeModel, encodeModel } from '../../src/model/model-file.ts';
import { decodeModels, encodeModels } from '../../src/model/population-file.ts';
import { randomData } from './random.ts';

/** Networks to export, of 3 x 4 pixels and three classes. */
export const SPEC = { inputs: 12, hidden: [7, 5], classes: 3 };
export const NOTES = { image: { height: 3, width: 4 }, dataset: 'blobs', classNames: ['a', 'b', 'ß'] };
export const SETTINGS = [1, 2, 7].map((seed) => ({ seed, learningRate: seed / 1000, weightDecay: 0.01 }));
export const MODELS = SETTINGS.map(({ seed }) => withBiases(initialModel(SPEC, seed), seed));

export const population = decodeModels(encodeModels(MODELS, NOTES, SETTINGS));
export const single = decodeModel(encodeModel(MODELS[0] ?? withBiases(initialModel(SPEC, 1), 1), NOTES));

/** Pixels of nine images. */
export const pixels = randomData(5).bytes(9 * SPEC.inputs);

/** Fresh networks have none. */
function withBiases(model: Model, seed: number): Model {
  const tensors = model.tensors.map((tensor, i) =>
    tensor.shape.length === 1
      ? { ...tensor, data: Float32Array.from(randomData(seed * 10 + i).floats(tensor.data.length)) }
      : tensor,
  );
  return { ...model, tensors };
}
