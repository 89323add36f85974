import { refuse } from '../errors.ts';
import type { UpdatePart } from '../gpu/kernels.ts';

/** Adam (Kingma & Ba 2015), AdamW (Loshchilov & Hutter 2019), stochastic gradient descent with momentum. */
export const OPTIMIZER_NAMES = ['adam', 'adamw', 'sgd'] as const;
/** An optimizer by name. */
export type OptimizerName = (typeof OPTIMIZER_NAMES)[number];

/** An optimizer's numbers, the same for all networks. Those of other optimizers are ignored. */
export interface OptimizerSettings {
  /** How gradients become steps. Default `adam`. */
  readonly optimizer: OptimizerName;
  /** Adam's decay of the first moment, 0 to below 1. */
  readonly beta1: number;
  /** Adam's decay of the second moment, 0 to below 1. */
  readonly beta2: number;
  /** Added to the root of Adam's bias-corrected second moment, 1e-30 to 1e30. */
  readonly epsilon: number;
  /** SGD's: the share of the last step that the next one repeats, 0 to below 1. */
  readonly momentum: number;
}

/** A network's own numbers for one step. */
export interface NetworkRate {
  readonly learningRate: number;
  /** AdamW's: the share by which a step at learning rate 1 would make a kernel smaller. 0 for the others. */
  readonly weightDecay: number;
}

/** How gradients become steps: an optimizer as a value. */
export interface Optimizer {
  readonly name: OptimizerName;
  /** The part of the shaders that has its lines: shaders/parts/NAME.wgsl. */
  readonly part: UpdatePart;
  /** Tensors that it keeps for each parameter tensor, of the same shape. */
  readonly moments: number;
  /** Values of the part's `override` constants. */
  readonly constants: Readonly<Record<string, number>>;
  /** For step t, 1 for the first: `step.root_correction` in the shaders. */
  rootCorrection(t: number): number;
  /**
   * For step t, in float64: the factor of a network's step, and the share by which its kernels decay before it; `rates`
   * in the shaders.
   */
  rate(t: number, network: NetworkRate): readonly [size: number, decay: number];
}

/** The defaults that depend on the optimizer: Keras's. */
export const OPTIMIZER_DEFAULTS: Readonly<Record<OptimizerName, NetworkRate>> = {
  adam: { learningRate: 1e-3, weightDecay: 0 },
  adamw: { learningRate: 1e-3, weightDecay: 4e-3 },
  sgd: { learningRate: 1e-2, weightDecay: 0 },
};

/**
 * Adam and AdamW: algorithm 1 of Kingma & Ba, with epsilon outside the bias-corrected root, and, for AdamW, the decoupled
 * decay of Loshchilov & Hutter, algorithm 2, both as in PyTorch. Biases do not decay.
 */
function adam({ optimizer, beta1, beta2, epsilon }: OptimizerSettings): Optimizer {
  return {
    name: optimizer,
    part: 'adam',
    moments: 2,
    constants: {
      BETA1: beta1,
      BETA2: beta2,
      ONE_MINUS_BETA1: 1 - beta1,
      ONE_MINUS_BETA2: 1 - beta2,
      EPSILON: epsilon,
    },
    rootCorrection: (t) => 1 / Math.sqrt(1 - beta2 ** t),
    rate: (t, { learningRate, weightDecay }) => [
      learningRate / (1 - beta1 ** t),
      // Not 1 minus this: near 1 float32 is coarse, and the decay would have a large relative error.
      learningRate * weightDecay,
    ],
  };
}

/** As PyTorch's `SGD` without dampening: moment = momentum moment + gradient; parameters -= rate moment. */
function sgd({ momentum }: OptimizerSettings): Optimizer {
  return {
    name: 'sgd',
    part: 'sgd',
    moments: 1,
    constants: { MOMENTUM: momentum },
    rootCorrection: () => 1,
    rate: (_, { learningRate }) => [learningRate, 0],
  };
}

const OPTIMIZERS = { adam, adamw: adam, sgd } satisfies Record<
  OptimizerName,
  (settings: OptimizerSettings) => Optimizer
>;

/** @throws ShadegradError `usage` if one of the optimizer's numbers is out of range */
export function optimizerOf(settings: OptimizerSettings): Optimizer {
  const { optimizer, epsilon } = settings;
  if (!OPTIMIZER_NAMES.includes(optimizer)) refuse('optimizer', optimizer, OPTIMIZER_NAMES.join(', '));
  // The shaders compute in float32, which holds 1e-38 to 1e38.
  if (!(epsilon >= 1e-30 && epsilon <= 1e30)) refuse('epsilon', epsilon, 'a number from 1e-30 to 1e30');
  for (const name of ['beta1', 'beta2', 'momentum'] as const) {
    const value = settings[name];
    if (!(value >= 0 && value < 1)) refuse(name, value, 'a number from 0 to below 1');
  }
  return OPTIMIZERS[optimizer](settings);
}

/** Adam with Keras's numbers. */
export const ADAM: OptimizerSettings = {
  optimizer: 'adam',
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
  momentum: 0,
};
