import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { encodeTfjs } from '../../src/export/tfjs.ts';
import { pixels, SPEC, single } from '../support/exported.ts';
import { forward } from '../support/forward.ts';

/** What is used of tensorflow.js here: the comparison with peers has the package, and its types. */
interface TensorFlow {
  readonly io: { fromMemory(artifacts: object): object };
  loadLayersModel(handler: object): Promise<{
    getUserDefinedMetadata(): object;
    predict(inputs: object): { readonly shape: readonly number[]; dataSync(): Float32Array };
  }>;
  tensor2d(values: Float32Array, shape: readonly [number, number]): object;
}

const tf: TensorFlow = createRequire(new URL('../../bench/peers/package.json', import.meta.url))(
  '@tensorflow/tfjs',
);

test('tensorflow.js loads the exported network, and predicts what it predicts', async () => {
  const { 'model.json': json, 'weights.bin': weights } = encodeTfjs(single);
  const { weightsManifest, ...described } = JSON.parse(json);
  const [{ weights: weightSpecs }] = weightsManifest;
  const model = await tf.loadLayersModel(
    tf.io.fromMemory({ ...described, weightSpecs, weightData: weights.buffer }),
  );
  const { format: _, ...notes } = single.metadata;
  expect(model.getUserDefinedMetadata()).toEqual(notes);
  const inputs = Float32Array.from(pixels, (byte) => byte / 255);
  const output = model.predict(tf.tensor2d(inputs, [9, SPEC.inputs]));
  expect(output.shape).toEqual([9, SPEC.classes]);
  const { probabilities } = forward(single.model, pixels);
  const found = output.dataSync();
  for (const [i, right] of probabilities.entries()) {
    expect(Math.abs((found[i] ?? Number.NaN) - right)).toBeLessThan(1e-6);
  }
});
