import type { Model, Tensor } from './model.ts';
import { quote, type StoredTensor } from './safetensors.ts';
import { type LinearLayer, partsOf, unfit } from './state-dict.ts';

// The parameters of several networks of one shape, as PyTorch's torch.func.stack_module_state makes them: every tensor
// has an axis in front, [networks, ...].

/**
 * Models of one spec as one: its tensors are those of all, each with an axis in front, [networks, ...], in the order that a
 * file of them has. So `modelChecksum` of it is that of the file behind its header.
 *
 * @param models one or more
 */
export function stackModels([first, ...others]: readonly [Model, ...Model[]]): Model {
  const models = [first, ...others];
  const tensors = first.tensors.map(({ name, shape, data }, i): Tensor => {
    const stacked = new Float32Array(models.length * data.length);
    for (const [network, { tensors: own }] of models.entries()) {
      stacked.set(own[i]?.data ?? [], network * data.length);
    }
    return { name, shape: [models.length, ...shape], data: stacked };
  });
  return { spec: first.spec, tensors };
}

/** Whether these are tensors of several networks: only then a bias has two axes, or all there is are weights of three. */
export function isStacked(tensors: readonly StoredTensor[]): boolean {
  const biases = tensors.filter(({ name }) => partsOf(name).role === 'bias');
  if (biases.length > 0) return biases.some(({ shape }) => shape.length === 2);
  const [first] = tensors;
  return (
    first !== undefined &&
    tensors.every(
      ({ name, shape }) =>
        partsOf(name).role === 'weight' && shape.length === 3 && shape[0] === first.shape[0],
    )
  );
}

/**
 * How many networks stacked tensors are of.
 * @throws ShadegradError `bad-model` where it is none, or not the same number for all tensors
 */
export function stackSize(tensors: readonly StoredTensor[]): number {
  const [first] = tensors;
  const networks = first?.shape[0];
  if (!first || !networks) throw unfit('it is of no networks');
  const other = tensors.find(({ shape }) => shape[0] !== networks);
  if (!other) return networks;
  throw unfit(
    `${quote(first.name)} is of ${networks} networks, but ${quote(other.name)} of ${other.shape[0] ?? 'none'}`,
  );
}

/** The shapes that stacked tensors have in each of their networks; the bytes stay those of all. */
export function withoutStack(tensors: readonly StoredTensor[]): StoredTensor[] {
  return tensors.map((tensor) => ({ ...tensor, shape: tensor.shape.slice(1) }));
}

/** The layers of one network, of layers with the bytes of all of `networks`. */
export function layersOf(layers: readonly LinearLayer[], network: number, networks: number): LinearLayer[] {
  const cut = (tensor: StoredTensor): StoredTensor => {
    const length = tensor.bytes.length / networks;
    return { ...tensor, bytes: tensor.bytes.subarray(network * length, (network + 1) * length) };
  };
  return layers.map(({ weight, bias }) => ({ weight: cut(weight), bias: bias && cut(bias) }));
}
