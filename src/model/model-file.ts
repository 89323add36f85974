import { assertBytes } from '../data/bytes.ts';
import { type ImageShape, printableName } from '../data/dataset.ts';
import { reasonOf, ShadegradError } from '../errors.ts';
import { fieldsOf } from '../json.ts';
import { encodeTraits, type ImageTraits, traitsOf } from '../pictures/traits.ts';
import { floats, halves } from './floats.ts';
import { type Model, type Tensor, tensorShapes } from './model.ts';
import { decodeSafetensors, encodeSafetensors, quote, type StoredTensor } from './safetensors.ts';
import { type MlpSpec, mlp } from './spec.ts';
import { isStacked, stackSize } from './stack.ts';
import { type LinearLayer, linearLayers, unfit } from './state-dict.ts';

export type { ImageShape } from '../data/dataset.ts';

/** The note that a model file of this package has, and that of a checkpoint: they tell the one from the other. */
export const SPEC_NOTE = 'shadegrad.spec';
export const CHECKPOINT_NOTE = 'shadegrad.checkpoint';
const PREPROCESSING = 'shadegrad.preprocessing';
const DATASET = 'shadegrad.dataset';
const CLASSES = 'shadegrad.classes';
const TRAITS = 'shadegrad.traits';
const SCALE = '1/255';

/** What a model file says beside the weights. */
export interface ModelNotes {
  /** Size of the images that the model takes: height x width is its number of inputs. */
  readonly image: ImageShape;
  /** Name of the dataset that the model was trained on. */
  readonly dataset?: string;
  /** What each class is called, in order: [classes]. */
  readonly classNames?: readonly string[];
  /** What the images are like that the model was trained on: it decides how a picture is prepared for the model. */
  readonly traits?: ImageTraits;
}

/** How a model becomes a file. */
export interface EncodeModelOptions {
  /**
   * Whether weights are rounded to half precision (binary16, F16 in the file), to the nearest and of two equally near ones
   * to the even: half the bytes, for a relative error of up to 2^-11 a weight, and 2^-25 where it is below 2^-14. Default
   * false: float32, without loss.
   */
  readonly half?: boolean;
}

/** What a model file does not state and is taken for granted, with a sentence that says so. */
export interface Assumption {
  /**
   * `relu`: between the layers; `pixels`: how a byte becomes an input, see `withNormalisation`; `pictures`: what the images
   * are like, which matters only where pictures are to be prepared for the model.
   */
  readonly code: 'relu' | 'pixels' | 'pictures';
  /** One sentence, for people. */
  readonly text: string;
}

const RELU: Assumption = {
  code: 'relu',
  text: 'The model file does not say what is between its layers: ReLU is assumed.',
};
const PIXELS: Assumption = {
  code: 'pixels',
  text: 'The model file does not say how pixels are prepared: numbers from 0 to 1 are assumed.',
};
const PICTURES: Assumption = {
  code: 'pictures',
  text: 'The model file does not say what its images are like: of pictures, centred digits as MNIST has them are assumed.',
};

/** A model as it was read from a file, with what the file says of it. */
export interface ModelFile {
  /** Under this package's names, whatever those of the file are. */
  readonly model: Model;
  /**
   * The size that the file names; where it names none, as one saved by PyTorch does not, a square where the number
   * of inputs is one (784 is 28 x 28), else null: any image with as many pixels as the model has inputs.
   */
  readonly image: ImageShape | null;
  /** What each class is called, in order: [classes]; null where the file does not say. */
  readonly classNames: readonly string[] | null;
  /** What the images are like that the model was trained on; null where the file does not say. */
  readonly traits: ImageTraits | null;
  /** What the file does not state; empty for those of this package. */
  readonly assumptions: readonly Assumption[];
  /** All notes in the file. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * A model as the bytes of a safetensors file, which PyTorch's `load_state_dict` takes as it is for
 * `nn.Sequential(Linear, ReLU, Linear, ...)`. Its metadata:
 *
 *     format                   pt
 *     shadegrad.spec           {"inputs":784,"hidden":[100],"classes":10}
 *     shadegrad.preprocessing  {"height":28,"width":28,"scale":"1/255"}: pixels row by row, bytes times scale
 *     shadegrad.dataset        the dataset's name, where it is known
 *     shadegrad.classes        ["T-shirt/top", ...]: what each class is called, where they have names
 *     shadegrad.traits         what the training images are like, see {@link ImageTraits}
 *
 * @throws ShadegradError `bad-model` where tensors do not fit the spec, hold NaN or infinity, or, in half precision, 65,520
 *   or more, where the image does not have as many pixels as the model has inputs, or the classes not as many names
 *
 * @example
 * ```ts
 * import { decodeModel, encodeModel, initialModel, modelNotes, syntheticDigits } from 'shadegrad';
 *
 * const data = syntheticDigits({ train: 256, test: 1 });
 * const model = initialModel({ inputs: 784, hidden: [100], classes: 10 }, 1);
 * const bytes = encodeModel(model, modelNotes(data));
 * const { image, model: same } = decodeModel(bytes);
 * console.log(image, same.tensors.map(({ name, shape }) => `${name} [${shape}]`));
 * ```
 */
export function encodeModel(
  model: Model,
  notes: ModelNotes,
  { half = false }: EncodeModelOptions = {},
): Uint8Array<ArrayBuffer> {
  const tensors = modelTensors(model);
  return encodeSafetensors({
    metadata: modelMetadata(model.spec, notes),
    tensors: half ? tensors.map(halves) : tensors,
  });
}

/**
 * What a model's file says beside the weights, as {@link encodeModel} lists it.
 * @throws ShadegradError `bad-model` where `notes` are not of a model of this spec
 */
export function modelMetadata(described: MlpSpec, notes: ModelNotes): Record<string, string> {
  const spec = checkSpec(described);
  const { height, width } = notes.image;
  if (height * width !== spec.inputs) {
    throw unfit(`it has ${spec.inputs} inputs, but its images have ${width} x ${height} pixels`);
  }
  if (notes.classNames && notes.classNames.length !== spec.classes) {
    throw unfit(`it has ${spec.classes} classes, but ${notes.classNames.length} names for them`);
  }
  return {
    format: 'pt',
    [SPEC_NOTE]: JSON.stringify(spec),
    [PREPROCESSING]: JSON.stringify({ height, width, scale: SCALE }),
    ...(notes.dataset === undefined ? {} : { [DATASET]: notes.dataset }),
    ...(notes.classNames === undefined ? {} : { [CLASSES]: JSON.stringify(notes.classNames) }),
    ...(notes.traits === undefined ? {} : { [TRAITS]: encodeTraits(notes.traits) }),
  };
}

/**
 * A model's tensors in order.
 * @throws ShadegradError `bad-model` where they are not those of its spec, or not finite
 */
export function modelTensors(model: Model): Tensor[] {
  const tensors = tensorShapes(checkSpec(model.spec)).map(({ name, shape }) => {
    const found = model.tensors.find((tensor) => tensor.name === name);
    if (found && `${found.shape}` === `${shape}`) return checkFinite(found);
    throw unfit(`it has no tensor "${name}" of shape [${shape.join(', ')}]`);
  });
  if (tensors.length !== model.tensors.length) throw unfit('it has more tensors than its description');
  return tensors;
}

/**
 * Reads what {@link encodeModel} wrote, or PyTorch's `safetensors.torch.save_file(model.state_dict(), ...)` of a chain
 * of linear layers with ReLU between them, whatever their names. F16, BF16 and F64 are
 * converted to float32; a layer without a bias gets one of zeros.
 *
 * @throws ShadegradError `bad-model`, and `usage` where `bytes` is something else than a `Uint8Array`
 */
export function decodeModel(bytes: Uint8Array): ModelFile {
  const { tensors, metadata } = modelFileTensors(bytes);
  if (isStacked(tensors)) {
    throw new ShadegradError(
      'bad-model',
      `This is not the file of one model: it holds ${stackSize(tensors)} of them.`,
      'Choose the file of one of them, or read it with decodeModels.',
    );
  }
  const model = modelOf(linearLayers(tensors));
  return { model, ...notesOf(metadata, model.spec) };
}

/** The tensors and notes of a file that is not known to be something else than models. */
export function modelFileTensors(bytes: Uint8Array): ReturnType<typeof decodeSafetensors> {
  assertBytes(bytes, 'a model file');
  const file = decodeSafetensors(bytes);
  if (!Object.hasOwn(file.metadata, CHECKPOINT_NOTE)) return file;
  throw new ShadegradError(
    'bad-model',
    'This is the checkpoint of a training, and not a model.',
    'Go on with the training (train --resume), and use the model that it ends with.',
  );
}

/**
 * What a file says beside the weights.
 * @throws ShadegradError `bad-model` where that does not fit the spec that its tensors have
 */
export function notesOf(metadata: Readonly<Record<string, string>>, spec: MlpSpec): Omit<ModelFile, 'model'> {
  const note = (name: string) => noteOf(metadata, name);
  const [described, preprocessing, traits] = [note(SPEC_NOTE), note(PREPROCESSING), note(TRAITS)];
  if (described !== null && !sameSpec(spec, parse(described))) {
    throw unfit(`its tensors are not those of its own description, ${quote(described)}`);
  }
  return {
    image: imageOf(preprocessing, spec),
    classNames: classNamesOf(note(CLASSES), spec),
    traits: traits === null ? null : traitsOf(parse(traits)),
    assumptions: [
      ...(described === null && spec.hidden.length > 0 ? [RELU] : []),
      ...(preprocessing === null ? [PIXELS] : []),
      ...(preprocessing === null && traits === null && isMnistSized(spec) ? [PICTURES] : []),
    ],
    metadata,
  };
}

/** Null where there is no such note. */
export function noteOf(metadata: Readonly<Record<string, string>>, name: string): string | null {
  return Object.hasOwn(metadata, name) ? (metadata[name] ?? null) : null;
}

function isMnistSized({ inputs }: MlpSpec): boolean {
  return inputs === 28 * 28;
}

/**
 * The model of these layers, under this package's names.
 * @throws ShadegradError `bad-model` where sizes are out of range, or numbers of a type that is not read, or not finite
 */
export function modelOf(layers: readonly LinearLayer[]): Model {
  const widths = layers.map(({ weight }) => weight.shape[0] ?? 0);
  const spec = checkSpec({
    inputs: layers[0]?.weight.shape[1] ?? 0,
    hidden: widths.slice(0, -1),
    classes: widths.at(-1) ?? 0,
  });
  const read = (tensor: StoredTensor): Float32Array => checkFinite(floats(tensor)).data;
  const tensors = layers.flatMap(({ weight, bias }, i): Tensor[] => {
    const outputs = weight.shape[0] ?? 0;
    return [
      { name: `${2 * i}.weight`, shape: weight.shape, data: read(weight) },
      { name: `${2 * i}.bias`, shape: [outputs], data: bias ? read(bias) : new Float32Array(outputs) },
    ];
  });
  return { spec, tensors };
}

function checkSpec(spec: MlpSpec): MlpSpec {
  try {
    return mlp(spec);
  } catch (error) {
    throw unfit(reasonOf(error).replace(/\.$/, ''), undefined, error);
  }
}

function checkFinite(tensor: Tensor): Tensor {
  if (tensor.data.every(Number.isFinite)) return tensor;
  throw new ShadegradError(
    'bad-model',
    `Tensor ${quote(tensor.name)} of the model holds numbers that are not finite.`,
    'Its training diverged: train again with a smaller learning rate.',
  );
}

function classNamesOf(classNames: string | null, { classes }: MlpSpec): readonly string[] | null {
  if (classNames === null) return null;
  const names = parse(classNames);
  if (Array.isArray(names) && names.length === classes && names.every((name) => typeof name === 'string')) {
    return names.map(printableName);
  }
  throw unfit(`it has ${classes} classes, but names them ${quote(classNames)}`);
}

function sameSpec(spec: MlpSpec, other: unknown): boolean {
  const { inputs, hidden, classes } = fieldsOf(other);
  return (
    inputs === spec.inputs &&
    classes === spec.classes &&
    Array.isArray(hidden) &&
    hidden.length === spec.hidden.length &&
    hidden.every((width, i) => width === spec.hidden[i])
  );
}

function imageOf(preprocessing: string | null, { inputs }: MlpSpec): ImageShape | null {
  if (preprocessing === null) {
    const side = Math.sqrt(inputs);
    return Number.isInteger(side) ? { height: side, width: side } : null;
  }
  const { height, width, scale } = fieldsOf(parse(preprocessing));
  const whole = Number.isSafeInteger(height) && Number.isSafeInteger(width) && Number(height) > 0;
  if (!whole || Number(height) * Number(width) !== inputs || scale !== SCALE) {
    throw unfit(`it wants images prepared in another way, ${quote(preprocessing)}`);
  }
  return { height: Number(height), width: Number(width) };
}

/** A JSON note; null where it is none. */
export function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
