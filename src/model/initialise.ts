import { CounterRandom, streams } from '../data/random.ts';
import type { Model, Tensor } from './model.ts';
import { denseLayers, type MlpSpec, mlp } from './spec.ts';

/**
 * A fresh network: Glorot-uniform kernels (Glorot & Bengio 2010: uniform in +-sqrt(6 / (inputs + outputs))) and zero
 * biases, Keras's defaults. The same seed gives the same bits on every machine.
 *
 * @param seed whole number from 0 to 2^53 - 1
 * @throws ShadegradError `usage` where the spec or the seed is out of range.
 */
export function initialModel(spec: MlpSpec, seed: number): Model {
  const tensors = denseLayers(mlp(spec)).flatMap(({ inputs, outputs }, i): Tensor[] => {
    const random = new CounterRandom(seed, streams.weights(i));
    const limit = Math.sqrt(6 / (inputs + outputs));
    return [
      {
        name: `${2 * i}.weight`,
        shape: [outputs, inputs],
        data: Float32Array.from({ length: inputs * outputs }, () => limit * (2 * random.uniform() - 1)),
      },
      { name: `${2 * i}.bias`, shape: [outputs], data: new Float32Array(outputs) },
    ];
  });
  return { spec, tensors };
}
