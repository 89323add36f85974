import { transposed } from '../model/layout.ts';
import { tensor } from '../model/model.ts';
import type { ModelFile } from '../model/model-file.ts';
import { denseLayers } from '../model/spec.ts';
import { joinedBytes } from './bytes.ts';
import { exportedMetadata } from './metadata.ts';

/** The files of a network for TensorFlow.js, in one folder. */
export interface TfjsFiles {
  /** The layers, a list of the weights, and the notes. */
  readonly 'model.json': string;
  /** The weights, float32, one after the other. */
  readonly 'weights.bin': Uint8Array<ArrayBuffer>;
}

/**
 * A network in the layers format of TensorFlow.js, which `tf.loadLayersModel` reads: a Keras Sequential of Dense layers,
 * whose input is pixels [batch, inputs], byte / 255, and whose output is probabilities [batch, classes]. The notes of the
 * model file are its `userDefinedMetadata`.
 *
 * @throws ShadegradError `bad-model` where the file's notes are not those of a model of this spec
 */
export function encodeTfjs(file: ModelFile): TfjsFiles {
  const { model } = file;
  const { spec } = model;
  const layers = denseLayers(spec).map((layer, i) => ({ ...layer, i, name: `dense_${i}` }));
  const topology = layers.map(({ inputs, outputs, i, name }) => ({
    class_name: 'Dense',
    config: {
      name,
      ...(i === 0 && { batch_input_shape: [null, inputs] }),
      dtype: 'float32',
      trainable: true,
      units: outputs,
      activation: i < spec.hidden.length ? 'relu' : 'softmax',
      use_bias: true,
    },
  }));
  const weights = layers.flatMap(({ inputs, outputs, name }) => [
    { name: `${name}/kernel`, shape: [inputs, outputs], dtype: 'float32' },
    { name: `${name}/bias`, shape: [outputs], dtype: 'float32' },
  ]);
  const data = layers.flatMap(({ i, ...layer }) => [
    transposed(tensor(model, `${2 * i}.weight`), layer),
    tensor(model, `${2 * i}.bias`),
  ]);
  const described = {
    format: 'layers-model',
    generatedBy: 'shadegrad',
    convertedBy: null,
    modelTopology: {
      keras_version: '2.1.6',
      backend: 'tensor_flow.js',
      class_name: 'Sequential',
      config: { name: 'network', layers: topology },
    },
    weightsManifest: [{ paths: ['weights.bin'], weights }],
    userDefinedMetadata: exportedMetadata(file),
  };
  return {
    'model.json': `${JSON.stringify(described, null, 2)}\n`,
    'weights.bin': joinedBytes(data),
  };
}
