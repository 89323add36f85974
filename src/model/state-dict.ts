import { ShadegradError } from '../errors.ts';
import { quote, type StoredTensor } from './safetensors.ts';

// A PyTorch state dict has every tensor's name and shape, but neither the layers' kinds nor their order. Shapes
// tell them here, and names where shapes leave a choice. Prefixes (module., _orig_mod., net.) and the gaps that
// layers without parameters leave in the numbers (Flatten, ReLU, Dropout) then do not matter.

/** A dense layer's tensors: weight [outputs, inputs], bias [outputs] or, with `bias=False`, none. */
export interface LinearLayer {
  readonly weight: StoredTensor;
  readonly bias: StoredTensor | undefined;
}

/** Most layers that are ordered by shape: the time grows with the cube of their number. */
const MOST_TO_ORDER = 64;
/** How many tensors a message names. */
const MOST_NAMED = 6;

/**
 * The linear layers of a state dict as a chain, first to last: the outputs of each are the inputs of the next.
 * Where all names are the same but for numbers (`0.weight`, `3.weight`; `fc1`, `fc2`), the numbers are the order.
 * Otherwise, or where the layers do not fit together in that order, it is the one that their shapes allow; numbers
 * decide between layers that could change places.
 *
 * @throws ShadegradError `bad-model` where there is another kind of layer, which is named, or not exactly one order
 */
export function linearLayers(tensors: readonly StoredTensor[]): LinearLayer[] {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const biasOf = ({ name }: StoredTensor) => byName.get(`${partsOf(name).owner}bias`);
  for (const tensor of tensors) {
    const kind = otherKind(tensor, biasOf(tensor) !== undefined);
    if (kind !== undefined) throw unfit(`${described(tensor)} is ${kind}`);
  }
  const weights = tensors.filter(({ name }) => partsOf(name).role === 'weight');
  const layers = weights.map((weight): LinearLayer => ({ weight, bias: biasOf(weight) }));
  const biases = new Set(layers.map(({ bias }) => bias));
  const alone = tensors.find((tensor) => partsOf(tensor.name).role === 'bias' && !biases.has(tensor));
  if (alone) throw unfit(`${described(alone)} has no weight beside it`);
  if (layers.length === 0) throw unfit('it holds no tensors');
  for (const { weight, bias } of layers) {
    if (bias && `${bias.shape}` !== `${weight.shape[0]}`) {
      throw unfit(`${described(bias)} is not the bias of ${described(weight)}`);
    }
  }
  const numbered = layers.toSorted(byNumbers);
  return areAlike(numbered) && isChain(numbered) ? numbered : orderedByShape(numbered);
}

/** The last part of a name, and what stands before it: `fc1.weight` is the weight of `fc1.`. */
export function partsOf(name: string): { owner: string; role: string } {
  const start = name.lastIndexOf('.') + 1;
  return { owner: name.slice(0, start), role: name.slice(start) };
}

/** By PyTorch's names and shapes, the kind of a tensor that is no linear layer's; undefined where it may be one's. */
function otherKind({ name, shape }: StoredTensor, hasBias: boolean): string | undefined {
  const { owner, role } = partsOf(name);
  if (/^(running_mean|running_var|num_batches_tracked)$/.test(role)) return "a batch normalisation's";
  if (/^(weight|bias)_[ih]h/.test(role)) return "a recurrent layer's";
  if (/^in_proj_(weight|bias)$/.test(role)) return "an attention layer's";
  if (role === 'bias' && shape.length === 1) return undefined;
  if (role !== 'weight') return 'neither the weight nor the bias of a linear layer';
  if (shape.length === 1) return "a normalisation's or a PReLU's";
  if (shape.length > 2) return "a convolution's";
  if (/(^|[._])emb/i.test(owner) && !hasBias) return "an embedding's";
  return shape.length === 2 ? undefined : 'a single number';
}

const inputsOf = ({ weight }: LinearLayer): number => weight.shape[1] ?? 0;
const outputsOf = ({ weight }: LinearLayer): number => weight.shape[0] ?? 0;

function isChain(layers: readonly LinearLayer[]): boolean {
  return layers.every((layer, i) => {
    const before = layers[i - 1];
    return before === undefined || outputsOf(before) === inputsOf(layer);
  });
}

/** Compares the numbers in the names, the leftmost first: fc2 comes before fc10. */
function byNumbers(a: LinearLayer, b: LinearLayer): number {
  const [ofA, ofB] = [a, b].map(({ weight }) => (weight.name.match(/\d+/g) ?? []).map(Number));
  for (const [i, number] of (ofA ?? []).entries()) {
    const difference = number - (ofB?.[i] ?? Number.NEGATIVE_INFINITY);
    if (difference !== 0) return difference;
  }
  return (ofA?.length ?? 0) - (ofB?.length ?? 0);
}

/** Whether the layers' names are the same but for numbers. */
function areAlike(layers: readonly LinearLayer[]): boolean {
  return new Set(layers.map(({ weight }) => weight.name.replace(/\d+/g, '#'))).size <= 1;
}

/**
 * Orders layers by shape. Each leads from one width to another, and the network goes through each once: an Eulerian
 * trail. Fleury's algorithm walks it: at every width it takes a layer after which all those left can still be reached.
 * Where there is only one such layer each time, there is only one trail.
 */
function orderedByShape(layers: readonly LinearLayer[]): LinearLayer[] {
  if (layers.length > MOST_TO_ORDER) {
    throw unfit(`the order of its ${layers.length} linear layers cannot be told from their names`);
  }
  const ordered: LinearLayer[] = [];
  let left = layers;
  let width = firstWidth(layers);
  while (left.length > 0) {
    const next = left.filter((layer) => inputsOf(layer) === width && reachesAll(layer, left));
    const [first] = next;
    if (!first) throw noChain(layers);
    if (!areAlike(next)) throw ambiguous(next);
    ordered.push(first);
    left = left.filter((layer) => layer !== first);
    width = outputsOf(first);
  }
  return ordered;
}

/** The width at which the chain begins: the only one that more layers take than give. */
function firstWidth(layers: readonly LinearLayer[]): number {
  const surplus = new Map<number, number>();
  const add = (width: number, count: number) => surplus.set(width, (surplus.get(width) ?? 0) + count);
  for (const layer of layers) {
    add(inputsOf(layer), 1);
    add(outputsOf(layer), -1);
  }
  const uneven = [...surplus].filter(([, count]) => count !== 0);
  // Where every width is given as often as taken, the layers form a circle, which may begin anywhere.
  if (uneven.length === 0) throw ambiguous(layers);
  const first = uneven.find(([, count]) => count === 1);
  if (!first || uneven.length !== 2) throw noChain(layers);
  return first[0];
}

/** Whether all other `layers` can be reached from the width that `from` gives. */
function reachesAll(from: LinearLayer, layers: readonly LinearLayer[]): boolean {
  const widths = new Set([outputsOf(from)]);
  // Iterating over a set also reaches what is added meanwhile.
  for (const width of widths) {
    for (const layer of layers) if (layer !== from && inputsOf(layer) === width) widths.add(outputsOf(layer));
  }
  return layers.every((layer) => layer === from || widths.has(inputsOf(layer)));
}

function noChain(layers: readonly LinearLayer[]): ShadegradError {
  return unfit(`its linear layers ${named(layers)} do not follow one another in any order`);
}

function ambiguous(layers: readonly LinearLayer[]): ShadegradError {
  return unfit(
    `neither names nor shapes tell which of its layers ${named(layers)} comes first`,
    'Rename the layers so that numbers tell their order, as in nn.Sequential.',
  );
}

function named(layers: readonly LinearLayer[]): string {
  const names = layers.slice(0, MOST_NAMED).map(({ weight }) => described(weight));
  return `${names.join(', ')}${layers.length > MOST_NAMED ? ', …' : ''}`;
}

function described({ name, shape }: StoredTensor): string {
  return `${quote(name)} [${shape.slice(0, MOST_NAMED).join(', ')}${shape.length > MOST_NAMED ? ', …' : ''}]`;
}

/** The error for a safetensors file that is whole, but holds no model that can be used. */
export function unfit(
  how: string,
  nextStep = 'Use a model saved by shadegrad, or the state_dict of a chain of nn.Linear layers, ReLU between them, from PyTorch.',
  cause?: unknown,
): ShadegradError {
  const message = `The model is not one that shadegrad can use: ${how}.`;
  return new ShadegradError('bad-model', message, nextStep, cause);
}
