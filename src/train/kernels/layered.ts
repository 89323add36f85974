import type { DenseLayer } from '../../model/spec.ts';
import type { Optimizer } from '../optimizer.ts';
import type { Dispatch } from '../plan.ts';

/**
 * A layer's inputs: the batch's bytes, found through the epoch's order (`samples`), or the outputs of the layer before
 * (`floats`).
 */
export interface LayerInput {
  readonly input: 'samples' | 'floats';
  /** Length of `order`, for `samples`. */
  readonly orderLength: number;
}

export interface LayerSizes {
  readonly models: number;
  /** Samples of a batch. */
  readonly rows: number;
  readonly layer: DenseLayer;
}

export interface DenseSizes extends LayerSizes, LayerInput {
  readonly relu: boolean;
}

export interface HeadSizes extends LayerSizes {
  readonly orderLength: number;
  readonly labelsAt: number;
  /** Steps that `metrics` has room for. */
  readonly steps: number;
}

/**
 * One implementation of the layered plan's kernels. `x` is bound to `samples` or to an activation, according
 * to the input; `order` is read only with `samples`.
 */
export interface LayeredKernels {
  /** y = x kernel + bias, with ReLU where `relu`. */
  dense(
    sizes: DenseSizes,
    bindings: { step: string; x: string; order: string; parameters: string; y: string },
  ): Dispatch;
  /** The most classes that `head` takes. */
  readonly headClasses: number;
  /** Parts of the loss that `head` leaves to the host to add up. */
  headParts(rows: number): number;
  /**
   * The output layer on top of a hidden one: logits, softmax, loss and hits; then the gradients of the logits
   * (`delta`) and, through the ReLU, of the hidden layer's outputs `x` (`delta_x`).
   */
  head(
    sizes: HeadSizes,
    bindings: {
      step: string;
      samples: string;
      order: string;
      x: string;
      parameters: string;
      delta: string;
      delta_x: string;
      metrics: string;
    },
  ): Dispatch;
  /** delta_x = delta_y kernel^T, through the ReLU whose output is x. */
  inputGradient(
    sizes: LayerSizes,
    bindings: { delta_y: string; parameters: string; x: string; delta_x: string },
  ): Dispatch;
  /** The parameters' gradient and their update. */
  denseUpdate(
    sizes: LayerSizes & LayerInput,
    optimizer: Optimizer,
    bindings: {
      step: string;
      x: string;
      order: string;
      delta: string;
      parameters: string;
      moments: string;
      rates: string;
    },
  ): Dispatch;
}

// The override constants that implementations of the layered plan's kernels share; those of tiles are added to them.

export function denseConstants({ rows, layer, relu, input, orderLength }: DenseSizes) {
  return {
    ROWS: rows,
    INPUTS: layer.inputs,
    OUTPUTS: layer.outputs,
    ORDER_LENGTH: orderLength,
    BYTES: Number(input === 'samples'),
    RELU: Number(relu),
  };
}

export function inputGradientConstants({ rows, layer }: LayerSizes) {
  return { ROWS: rows, INPUTS: layer.inputs, OUTPUTS: layer.outputs };
}

export function denseUpdateConstants(
  { models, rows, layer, input, orderLength }: LayerSizes & LayerInput,
  { constants }: Optimizer,
) {
  return {
    MODELS: models,
    BATCH: rows,
    INPUTS: layer.inputs,
    OUTPUTS: layer.outputs,
    ORDER_LENGTH: orderLength,
    BYTES: Number(input === 'samples'),
    ...constants,
  };
}
