import { padded, parameterCount } from '../../model/layout.ts';
import type { DenseLayer, MlpSpec } from '../../model/spec.ts';
import type { PlanBuffer } from '../plan.ts';
import { STEP_SLOTS, STEP_STRIDE } from '../step.ts';

/** Sizes that every plan shares. */
export interface BatchSizes {
  readonly spec: MlpSpec;
  /** Networks side by side: the leading axis of every tensor. */
  readonly models: number;
  /** Samples in a step; the last step of an epoch may have fewer. */
  readonly batch: number;
  /** Samples that are resident on the GPU. */
  readonly samples: number;
  /** Samples that `order` names for each model: those of one epoch. */
  readonly orderLength: number;
}

export const stepsPerEpoch = ({ orderLength, batch }: Pick<BatchSizes, 'orderLength' | 'batch'>) =>
  Math.ceil(orderLength / batch);

/** Buffers, by name, that hold one float32 tensor each: [models, ...]. */
export const parametersOf = (layer: number) => `parameters${layer}`;
/** The optimizer's moments of a layer's parameters; for Adam the first, then the second: [moments, models, ...]. */
export const momentsOf = (layer: number) => `moments${layer}`;
/** Input of layer i; the output of the last is `logits`. */
export const activationOf = (layer: number) => `activation${layer}`;
/** Gradient of the loss with respect to the output of layer i, before its ReLU. */
export const deltaOf = (layer: number) => `delta${layer}`;

export function outputOf(layer: number, layerCount: number): string {
  return layer === layerCount - 1 ? 'logits' : activationOf(layer + 1);
}

export function tensor(name: string, floats: number): PlanBuffer {
  return { name, size: 4 * floats, usage: 'storage' };
}

/** Word of the buffer `samples` at which the labels begin, after the images. */
export function labelsAt({ spec, samples }: Pick<BatchSizes, 'spec' | 'samples'>): number {
  return (samples * padded(spec.inputs)) / 4;
}

/** Bytes of the buffer `samples`: whole vec4s, since shaders that read vectors of pixels end at the last whole one. */
export function samplesBytes(
  { spec, samples }: Pick<BatchSizes, 'spec' | 'samples'>,
  labelled: boolean,
): number {
  return Math.ceil((samples * padded(spec.inputs) + (labelled ? samples : 0)) / 16) * 16;
}

/** What every plan reads: the current steps' numbers, the dataset, and the epoch's order. */
export function inputBuffers(sizes: BatchSizes, labelled: boolean): PlanBuffer[] {
  const { models, orderLength } = sizes;
  return [
    { name: 'step', size: STEP_STRIDE * STEP_SLOTS, usage: 'step' },
    { name: 'samples', size: samplesBytes(sizes, labelled), usage: 'storage' },
    { name: 'order', size: 4 * models * orderLength, usage: 'storage' },
  ];
}

/**
 * The layers' parameters and, for training, their moments.
 * @param moments tensors that the optimizer keeps for each of the parameters'; 0 if nothing is trained
 */
export function parameterBuffers(
  models: number,
  layers: readonly DenseLayer[],
  moments: number,
): PlanBuffer[] {
  return layers.flatMap((layer, i) => [
    tensor(parametersOf(i), models * parameterCount(layer)),
    ...(moments > 0 ? [tensor(momentsOf(i), moments * models * parameterCount(layer))] : []),
  ]);
}

/** Each network's rates in each step of a training: [steps of a submit, models, 2]. */
export function ratesBuffer(models: number): PlanBuffer {
  return tensor('rates', 2 * models * STEP_SLOTS);
}

/** Where each step's loss and hits go, in `parts` parts that the host adds up: [models, steps, parts] x 2. */
export function metricsBuffer(sizes: BatchSizes, parts = 1): PlanBuffer {
  return tensor('metrics', 2 * sizes.models * stepsPerEpoch(sizes) * parts);
}

/** The inputs of the layers from layer `first` on, and the logits. */
export function activationBuffers(
  { models, batch, spec }: BatchSizes,
  layers: readonly DenseLayer[],
  first: number,
): PlanBuffer[] {
  return [
    ...layers.flatMap((layer, i) =>
      i < first ? [] : [tensor(activationOf(i), models * batch * padded(layer.inputs))],
    ),
    tensor('logits', models * batch * padded(spec.classes)),
  ];
}
