import { reasonOf, ShadegradError } from '../errors.ts';
import { encodeTraits, type ImageTraits, traitsOf } from '../pictures/traits.ts';
import { type Model, type Tensor, tensorShapes } from './model.ts';
import { decodeSafetensors, encodeSafetensors, quote } from './safetensors.ts';
import { type MlpSpec, mlp } from './spec.ts';

const SPEC = 'shadegrad.spec';
const PREPROCESSING = 'shadegrad.preprocessing';
const DATASET = 'shadegrad.dataset';
const CLASSES = 'shadegrad.classes';
const TRAITS = 'shadegrad.traits';
const SCALE = '1/255';

/** Size of the images that a model takes, in pixels. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
}

/** What a model file says beside the weights. */
export interface ModelNotes {
  readonly image: ImageShape;
  /** Name of the dataset that the model was trained on. */
  readonly dataset?: string;
  /** What each class is called, in order: [classes]. */
  readonly classNames?: readonly string[];
  /** What the images are like that the model was trained on: it decides how a picture is prepared for the model. */
  readonly traits?: ImageTraits;
}

export interface ModelFile {
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
 * @throws ShadegradError `bad-model` where tensors do not fit the spec, hold NaN or infinity, or where the image does
 *   not have as many pixels as the model has inputs
 */
export function encodeModel(model: Model, notes: ModelNotes): Uint8Array<ArrayBuffer> {
  const { spec, tensors } = checkModel(model.tensors);
  const { height, width } = notes.image;
  if (!sameSpec(spec, model.spec) || height * width !== spec.inputs) {
    throw unfit(
      `a model of ${spec.inputs} inputs does not fit its description or its ${height} x ${width} image`,
    );
  }
  return encodeSafetensors({
    tensors,
    metadata: {
      format: 'pt',
      [SPEC]: JSON.stringify(spec),
      [PREPROCESSING]: JSON.stringify({ height, width, scale: SCALE }),
      ...(notes.dataset === undefined ? {} : { [DATASET]: notes.dataset }),
      ...(notes.classNames === undefined ? {} : { [CLASSES]: JSON.stringify(notes.classNames) }),
      ...(notes.traits === undefined ? {} : { [TRAITS]: encodeTraits(notes.traits) }),
    },
  });
}

/**
 * Reads what `encodeModel` wrote, or PyTorch's `safetensors.torch.save_file(model.state_dict(), ...)` of an
 * `nn.Sequential(Linear, ReLU, Linear, ...)`.
 *
 * @throws ShadegradError `bad-model`
 */
export function decodeModel(bytes: Uint8Array): ModelFile {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const model = checkModel(tensors);
  const note = (name: string): string | null =>
    Object.hasOwn(metadata, name) ? (metadata[name] ?? null) : null;
  const described = note(SPEC);
  if (described !== null && !sameSpec(model.spec, parse(described))) {
    throw unfit(`its tensors are not those of its own description, ${quote(described)}`);
  }
  const traits = note(TRAITS);
  return {
    model,
    image: imageOf(note(PREPROCESSING), model.spec),
    classNames: classNamesOf(note(CLASSES), model.spec),
    traits: traits === null ? null : traitsOf(parse(traits)),
    metadata,
  };
}

function classNamesOf(classNames: string | null, { classes }: MlpSpec): readonly string[] | null {
  if (classNames === null) return null;
  const names = parse(classNames);
  if (Array.isArray(names) && names.length === classes && names.every((name) => typeof name === 'string')) {
    return names;
  }
  throw unfit(`it has ${classes} classes, but names them ${quote(classNames)}`);
}

/** The model of these tensors, in order; the spec follows from names and shapes. */
function checkModel(tensors: readonly Tensor[]): Model {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const weights: Tensor[] = [];
  for (let i = 0; ; i += 2) {
    const weight = byName.get(`${i}.weight`);
    if (!weight) break;
    weights.push(weight);
  }
  const sizes = weights.map(({ shape }) => shape[0] ?? 0);
  const spec = {
    inputs: weights[0]?.shape[1] ?? 0,
    hidden: sizes.slice(0, -1),
    classes: sizes.at(-1) ?? 0,
  };
  const expected = weights.length === 0 ? [] : tensorShapes(spec);
  const ordered = expected.flatMap(({ name, shape }) => {
    const found = byName.get(name);
    return found && `${found.shape}` === `${shape}` ? [found] : [];
  });
  if (ordered.length === 0 || ordered.length !== expected.length || tensors.length !== expected.length) {
    const held = tensors.slice(0, 6).map(({ name, shape }) => `${quote(name)} [${shape.join(', ')}]`);
    throw unfit(
      `it holds ${held.join(', ') || 'no tensors'}${tensors.length > 6 ? ', …' : ''} instead of 0.weight, 0.bias, ` +
        '2.weight, 2.bias and so on in fitting shapes',
    );
  }
  const wild = ordered.find(({ data }) => !data.every(Number.isFinite));
  if (wild) {
    throw new ShadegradError(
      'bad-model',
      `Tensor "${wild.name}" of the model holds numbers that are not finite.`,
      'Its training diverged: train again with a smaller learning rate.',
    );
  }
  try {
    return { spec: mlp(spec), tensors: ordered };
  } catch (error) {
    throw unfit(reasonOf(error).replace(/\.$/, ''), error);
  }
}

function sameSpec(spec: MlpSpec, other: unknown): boolean {
  const { inputs, hidden, classes } = fields(other);
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
  const { height, width, scale } = fields(parse(preprocessing));
  const whole = Number.isSafeInteger(height) && Number.isSafeInteger(width) && Number(height) > 0;
  if (!whole || Number(height) * Number(width) !== inputs || scale !== SCALE) {
    throw unfit(`it wants images prepared in another way, ${quote(preprocessing)}`);
  }
  return { height: Number(height), width: Number(width) };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function unfit(how: string, cause?: unknown): ShadegradError {
  return new ShadegradError(
    'bad-model',
    `The model is not one that shadegrad can use: ${how}.`,
    'Use a model saved by shadegrad, or the state_dict of an nn.Sequential(Linear, ReLU, Linear, ...) from PyTorch.',
    cause,
  );
}
