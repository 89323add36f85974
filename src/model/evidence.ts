import { assertImages } from '../data/bytes.ts';
import { ShadegradError } from '../errors.ts';
import { activationsOf } from './forward.ts';
import { type Model, tensor } from './model.ts';
import { denseLayers } from './spec.ts';

// What in a network speaks for its verdict on an image. ReLU lets an activation through or blocks it, so for one image the
// network is a linear map, and the verdict's lead over the other classes is a sum: of what each pixel adds, or each unit of
// a hidden layer, and the biases behind it. All in float64.

/** What the inputs, or one hidden layer's units, add to a verdict. */
export interface LayerEvidence {
  /** Inputs from 0 to 1, or a hidden layer's activations behind its ReLU: [units]. */
  readonly values: Float64Array;
  /** What each adds to the lead; negative where it speaks against the class: [units]. */
  readonly contributions: Float64Array;
  /** What the biases behind add. With it the contributions sum to the lead. */
  readonly bias: number;
}

/** Why a network takes an image for one class. */
export interface Evidence {
  /** The class that it is about. */
  readonly label: number;
  /** The classes' outputs before softmax: [classes]. */
  readonly logits: Float64Array;
  /**
   * The logit of the class less the mean of the other classes' logits: by softmax, the mean of log(p / q) over the
   * probabilities q of the others. Of a network with one class, its logit.
   */
  readonly lead: number;
  /** The pixels: [inputs]. */
  readonly inputs: LayerEvidence;
  /** Each hidden layer's units, first layer to last; empty for softmax regression. */
  readonly hidden: readonly LayerEvidence[];
}

/** A dense layer at one image. */
interface Stage {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  /** What goes into it: [inputs]. */
  readonly input: Float64Array;
  /** What comes out, behind its ReLU if it has one: [outputs]. */
  readonly output: Float64Array;
}

/**
 * What speaks for a class, and what against it: each value times the gradient of the lead by it (gradient x input). For
 * ReLU that is exact, since the network is linear around the image: contributions and biases sum to the lead. Softmax does
 * not see what all logits have in common, so a logit alone says nothing, and its lead over the mean of the others stands
 * for it. A blank pixel adds nothing.
 *
 * Sources: Shrikumar et al. 2016, "Not Just a Black Box" (arXiv 1605.01713); Ancona et al. 2018, "Towards better
 * understanding of gradient-based attribution methods" (arXiv 1711.06104), which shows that it then equals LRP and DeepLIFT
 * but for the biases.
 *
 * @param model a network with finite weights
 * @param image bytes of one image, 0 to 255: [inputs]
 * @param label the class that it is about; default the network's own verdict, of equal ones the first
 * @throws ShadegradError `bad-data` where the image has another size, `usage` where there is no such class, `bad-model`
 *   where a tensor is missing
 */
export function evidence(model: Model, image: Uint8Array, label?: number): Evidence {
  const { classes } = model.spec;
  const stages = stagesAt(model, image);
  const logits = stages.at(-1)?.output ?? new Float64Array();
  const about = label ?? logits.reduce((best, logit, i) => (logit > (logits[best] ?? 0) ? i : best), 0);
  if (!Number.isInteger(about) || about < 0 || about >= classes) {
    throw new ShadegradError(
      'usage',
      `${about} is not one of the network's ${classes} classes.`,
      `Ask for a class from 0 to ${classes - 1}.`,
    );
  }
  let gradient: Float64Array = Float64Array.from(logits, (_, i) =>
    i === about ? 1 : -1 / Math.max(1, classes - 1),
  );
  const lead = dot(gradient, logits);
  const layers: LayerEvidence[] = [];
  let bias = 0;
  for (const [i, stage] of [...stages.entries()].reverse()) {
    // What is blocked by a ReLU behind it passes nothing on.
    if (i < stages.length - 1)
      gradient = gradient.map((value, n) => ((stage.output[n] ?? 0) > 0 ? value : 0));
    bias += dot(gradient, stage.bias);
    gradient = backward(stage, gradient);
    const { input } = stage;
    layers.unshift({ values: input, contributions: gradient.map((g, k) => g * (input[k] ?? 0)), bias });
  }
  const [inputs, ...hidden] = layers;
  if (!inputs) throw new RangeError('a network has a layer');
  return { label: about, logits, lead, inputs, hidden };
}

/**
 * By how much each class's logit rises for each 1 that a unit of the first hidden layer is more active. With one hidden
 * layer these are the unit's outgoing weights; with more, the products of weights along all paths from it that the
 * ReLUs let through, which depends on the image.
 *
 * @param model a network with a hidden layer
 * @param unit place in the first hidden layer, from 0
 * @param image bytes of one image, 0 to 255: [inputs]; needed with more than one hidden layer
 * @returns [classes]; null where an image is needed and there is none
 * @throws ShadegradError `bad-data` where the image has another size, `usage` where there is no such unit, `bad-model`
 *   where a tensor is missing
 */
export function outgoingWeights(model: Model, unit: number, image: Uint8Array | null): Float64Array | null {
  const { hidden } = model.spec;
  checkUnit(unit, hidden[0] ?? 0);
  if (hidden.length > 1 && !image) return null;
  const stages = stagesAt(model, image ?? new Uint8Array(model.spec.inputs));
  let effect = Float64Array.from({ length: hidden[0] ?? 0 }, (_, n) => (n === unit ? 1 : 0));
  for (const stage of stages.slice(1)) {
    const { weight, output } = stage;
    const last = stage === stages.at(-1);
    effect = output.map((value, n) => {
      if (!last && value === 0) return 0;
      return dot(weight.subarray(n * effect.length, (n + 1) * effect.length), effect);
    });
  }
  return effect;
}

/**
 * How much images excite a unit of the first layer: its sum of weighted pixels and bias, before ReLU, so that those it
 * is silent for are told apart too. For softmax regression the units are the classes.
 *
 * @param model a network
 * @param unit place in the first layer, from 0
 * @param images bytes, 0 to 255: [count, inputs]
 * @returns [count]
 * @throws ShadegradError `bad-data` where the images have another size, `usage` where there is no such unit, `bad-model`
 *   where a tensor is missing
 */
export function excitation(model: Model, unit: number, images: Uint8Array): Float32Array<ArrayBuffer> {
  const { inputs } = model.spec;
  checkUnit(unit, denseLayers(model.spec)[0]?.outputs ?? 0);
  assertImages(images, Math.floor(images.length / inputs), inputs);
  const weight = tensor(model, '0.weight').subarray(unit * inputs, (unit + 1) * inputs);
  const bias = tensor(model, '0.bias')[unit] ?? 0;
  return Float32Array.from({ length: images.length / inputs }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < inputs; k++) sum += (weight[k] as number) * (images[i * inputs + k] as number);
    return sum / 255 + bias;
  });
}

function stagesAt(model: Model, image: Uint8Array): Stage[] {
  assertImages(image, 1, model.spec.inputs);
  let input: Float64Array = Float64Array.from(image, (byte) => byte / 255);
  return activationsOf(model, image).map((output, i) => {
    const weight = tensor(model, `${2 * i}.weight`);
    const stage = { weight, bias: tensor(model, `${2 * i}.bias`), input, output };
    input = output;
    return stage;
  });
}

/** The gradient by a layer's inputs, of the gradient by its outputs: [inputs]. */
function backward({ weight, input }: Stage, gradient: Float64Array): Float64Array {
  const inputs = input.length;
  const sums = new Float64Array(inputs);
  for (const [n, g] of gradient.entries()) {
    if (g === 0) continue;
    for (let k = 0; k < inputs; k++) sums[k] = (sums[k] as number) + g * (weight[n * inputs + k] as number);
  }
  return sums;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function checkUnit(unit: number, units: number): void {
  if (Number.isInteger(unit) && unit >= 0 && unit < units) return;
  throw new ShadegradError(
    'usage',
    `${unit} is not one of the layer's ${units} units.`,
    units > 0 ? `Ask for a unit from 0 to ${units - 1}.` : 'Use a network with a hidden layer.',
  );
}
