import { ShadegradError } from '../errors.ts';
import { fieldsOf } from '../json.ts';
import type { Model } from './model.ts';
import {
  type ModelFile,
  type ModelNotes,
  modelFileTensors,
  modelMetadata,
  modelOf,
  modelTensors,
  noteOf,
  notesOf,
  parse,
} from './model-file.ts';
import type { NetworkSettings } from './network-settings.ts';
import { encodeSafetensors, quote } from './safetensors.ts';
import { isStacked, layersOf, stackModels, stackSize, withoutStack } from './stack.ts';
import { linearLayers, unfit } from './state-dict.ts';

const MODELS = 'shadegrad.models';

/** Models of one shape as they were read from a file, with what the file says of them. */
export interface ModelsFile extends Omit<ModelFile, 'model'> {
  /** All of one spec, one or more, under this package's names: [networks]. */
  readonly models: readonly [Model, ...Model[]];
  /** How each was trained: [networks]; null where the file does not say. */
  readonly networks: readonly NetworkSettings[] | null;
}

/**
 * Models of one spec as the bytes of one safetensors file: the tensors of {@link encodeModel}, each with an axis in
 * front, [networks, ...], as PyTorch's `torch.func.stack_module_state` makes them for `functional_call` under `vmap`.
 * The metadata are those of `encodeModel`, and `shadegrad.models`: `[{"seed":1,"learningRate":0.001,"weightDecay":0}, ...]`.
 *
 * @param networks how each was trained: [networks]
 * @throws ShadegradError `bad-model` as {@link encodeModel}, and where the models are not of one spec; `usage` where there
 *   is none, or not as many as `networks`
 *
 * @example
 * ```ts
 * import { decodeModels, encodeModels, initialModel, modelNotes, syntheticDigits } from 'shadegrad';
 *
 * const data = syntheticDigits({ train: 256, test: 1 });
 * const spec = { inputs: 784, hidden: [16], classes: 10 };
 * const networks = [1, 2, 3].map((seed) => ({ seed, learningRate: 0.001, weightDecay: 0 }));
 * const models = networks.map(({ seed }) => initialModel(spec, seed));
 * const file = decodeModels(encodeModels(models, modelNotes(data), networks));
 * console.log(file.models.length, file.networks);
 * ```
 */
export function encodeModels(
  models: readonly Model[],
  notes: ModelNotes,
  networks: readonly NetworkSettings[],
): Uint8Array<ArrayBuffer> {
  const [first] = models;
  if (!first || models.length !== networks.length) {
    throw new ShadegradError(
      'usage',
      `${models.length} models of ${networks.length} networks cannot be saved.`,
      'Pass one model or more, and the settings of each.',
    );
  }
  const settings = networks.map(({ seed, learningRate, weightDecay }) => ({
    seed,
    learningRate,
    weightDecay,
  }));
  const metadata = { ...modelMetadata(first.spec, notes), [MODELS]: JSON.stringify(settings) };
  const checked = ({ spec, ...model }: Model): Model => {
    if (JSON.stringify(spec) !== JSON.stringify(first.spec)) throw unfit('its networks are not of one form');
    return { spec, tensors: modelTensors({ spec, ...model }) };
  };
  const { tensors } = stackModels([checked(first), ...models.slice(1).map(checked)]);
  return encodeSafetensors({ tensors, metadata });
}

/**
 * Reads what {@link encodeModels} wrote, or stacked networks from elsewhere, weights [networks, outputs, inputs] and
 * biases [networks, outputs], or the file of a single model as one network: else as {@link decodeModel} does.
 *
 * @throws ShadegradError `bad-model`, and `usage` where `bytes` is something else than a `Uint8Array`
 */
export function decodeModels(bytes: Uint8Array): ModelsFile {
  const { tensors, metadata } = modelFileTensors(bytes);
  const stacked = isStacked(tensors);
  const count = stacked ? stackSize(tensors) : 1;
  const layers = linearLayers(stacked ? withoutStack(tensors) : tensors);
  const modelAt = (network: number) => modelOf(layersOf(layers, network, count));
  const first = modelAt(0);
  const others = Array.from({ length: count - 1 }, (_, i) => modelAt(i + 1));
  return {
    models: [first, ...others],
    networks: networksOf(noteOf(metadata, MODELS), count),
    ...notesOf(metadata, first.spec),
  };
}

/**
 * One network of a file of several, with what a file of its own would say.
 * @param network 0 for the first
 * @throws ShadegradError `usage` where there is no such network
 */
export function networkFile({ models, networks, metadata, ...file }: ModelsFile, network: number): ModelFile {
  const model = models[network];
  if (!model) {
    throw new ShadegradError(
      'usage',
      `There is no network ${network + 1}: the file holds ${models.length}.`,
      `Use a number from 1 to ${models.length}.`,
    );
  }
  const own = networks && { [MODELS]: JSON.stringify([networks[network]]) };
  return { ...file, model, metadata: { ...metadata, ...own } };
}

function networksOf(note: string | null, count: number): readonly NetworkSettings[] | null {
  if (note === null) return null;
  const networks = parse(note);
  const settings = Array.isArray(networks) && networks.length === count ? networks.flatMap(settingsOf) : [];
  if (settings.length === count) return settings;
  throw unfit(`it holds ${count} networks, but describes them as ${quote(note)}`);
}

function settingsOf(network: unknown): NetworkSettings | [] {
  const { seed, learningRate, weightDecay } = fieldsOf(network);
  const whole = typeof seed === 'number' && Number.isSafeInteger(seed);
  return whole && typeof learningRate === 'number' && typeof weightDecay === 'number'
    ? { seed, learningRate, weightDecay }
    : [];
}
