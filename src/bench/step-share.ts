import { parameterCount } from '../model/layout.ts';
import { denseLayers, type MlpSpec } from '../model/spec.ts';
import type { OptimizerName } from '../train/optimizer.ts';
import type { StepFloor } from './floor.ts';
import { copyFor, type FloorShare, floorOf } from './roofline.ts';

/** What a step of training has to do, whichever plan does it. */
export interface TrainingStep {
  /** Of each network. */
  readonly spec: MlpSpec;
  /** How many are trained side by side. */
  readonly models: number;
  /** Samples of a step. */
  readonly batchSize: number;
  /** How gradients become steps. */
  readonly optimizer: OptimizerName;
  /** Kernels that run in a step. */
  readonly dispatches: number;
}

/** What an optimizer keeps for each parameter, and the floating-point operations with which it updates one. */
const UPDATES: Readonly<Record<OptimizerName, { readonly moments: number; readonly flops: number }>> = {
  adam: { moments: 2, flops: 12 },
  adamw: { moments: 2, flops: 12 },
  sgd: { moments: 1, flops: 4 },
};

/** The work of a step: the products of three passes and the updates; parameters and what is kept beside are read and written. */
export function stepWork({ spec, models, batchSize, optimizer, dispatches }: TrainingStep) {
  const layers = denseLayers(spec);
  const [first] = layers;
  const parameters = models * layers.reduce((sum, layer) => sum + parameterCount(layer), 0);
  // Forward, parameters' gradient and input's gradient; the first layer's input has no gradient.
  const products =
    3 * layers.reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0) -
    (first ? first.inputs * first.outputs : 0);
  const { moments, flops } = UPDATES[optimizer];
  const workingSet = 4 * (1 + moments) * parameters;
  return {
    dispatches,
    flops: 2 * models * batchSize * products + flops * parameters,
    bytes: 2 * workingSet,
    workingSet,
  };
}

/**
 * How near a step is to the best that a device could do, by the roofline model: the floor is the greatest of the times that
 * its empty dispatches, its arithmetic and its memory's traffic take at least.
 *
 * @param floor that covers the step, as {@link coversStep} says
 * @param microseconds of the step, as it was measured
 */
export function stepShare(floor: StepFloor, step: TrainingStep, microseconds: number): FloorShare {
  const { microseconds: floorMicroseconds, boundBy } = floorOf(floor, stepWork(step));
  return { floorMicroseconds, boundBy, share: floorMicroseconds / microseconds };
}

/** Whether memory was measured with as many bytes as a step's networks have. That of {@link benchFloor} covers any step. */
export function coversStep({ copies }: StepFloor, step: TrainingStep): boolean {
  return copies.some(({ rotation }) => rotation.bytes >= copyFor(stepWork(step).workingSet));
}
