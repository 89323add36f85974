import { ShadegradError } from '../errors.ts';
import { denseLayers, type MlpSpec } from './spec.ts';

/** A named float32 array in row-major order. */
export interface Tensor {
  /** In a model, PyTorch's: `0.weight`, `0.bias`, `2.weight` and so on. */
  readonly name: string;
  /** Length along each axis, the slowest first. */
  readonly shape: readonly number[];
  /** As many values as the lengths in `shape` multiply to. */
  readonly data: Float32Array;
}

/**
 * A trained (or freshly initialised) network on the host. Tensors have PyTorch's names, shapes and order for
 * `nn.Sequential(Linear, ReLU, Linear, ...)`: layer i is `${2 i}.weight` [outputs, inputs], `${2 i}.bias` [outputs].
 */
export interface Model {
  /** The shape of the network. */
  readonly spec: MlpSpec;
  /** Weight and bias of each layer, first layer to last. */
  readonly tensors: readonly Tensor[];
}

/** Names and shapes that a model of `spec` has, in order. */
export function tensorShapes(spec: MlpSpec): { name: string; shape: number[] }[] {
  return denseLayers(spec).flatMap(({ inputs, outputs }, i) => [
    { name: `${2 * i}.weight`, shape: [outputs, inputs] },
    { name: `${2 * i}.bias`, shape: [outputs] },
  ]);
}

/** @throws ShadegradError `bad-model` where `model` has no float32 tensor of that name. */
export function tensor(model: Model, name: string): Float32Array {
  const found = model.tensors.find((candidate) => candidate.name === name);
  if (!found) {
    throw new ShadegradError(
      'bad-model',
      `The model has no tensor "${name}".`,
      'Use a model saved by shadegrad.',
    );
  }
  return found.data;
}
