import {
  ADAM as ADAM_SETTINGS,
  type NetworkRate,
  type Optimizer,
  optimizerOf,
} from '../../src/train/optimizer.ts';
import type { Step, Steps } from '../../src/train/step.ts';

/** A step that trains nothing, to be spread over. */
export const NO_STEP: Step = {
  offset: 0,
  count: 0,
  index: 0,
  t: 0,
  rootCorrection: 0,
  rates: new Float32Array(),
};

/** Adam with Keras's numbers. */
export const ADAM = optimizerOf(ADAM_SETTINGS);

/** Every optimizer, SGD with momentum. */
export const OPTIMIZERS: readonly Optimizer[] = [
  ADAM,
  optimizerOf({ ...ADAM_SETTINGS, optimizer: 'adamw' }),
  optimizerOf({ ...ADAM_SETTINGS, optimizer: 'sgd', momentum: 0.75 }),
];

/** One for each part of the shaders: Adam is AdamW without a decay, by the same lines. */
export const UPDATES = OPTIMIZERS.filter(({ name }) => name !== 'adam');

/**
 * Rates [models, 2] that differ from network to network, large enough to be seen in what comes out; AdamW's with decay.
 */
export function variedRates({ name }: Optimizer, models: number): Float32Array<ArrayBuffer> {
  const rates = Array.from({ length: models }, (_, z) => [
    0.004 * (1 + z),
    name === 'adamw' ? 0.25 + 0.125 * (z % 4) : 0,
  ]);
  return Float32Array.from(rates.flat());
}

/** The same rate for each of `models` networks, whatever the step. */
export function constantRates(models: number, learningRate: number, weightDecay = 0) {
  const networks: readonly NetworkRate[] = Array.from({ length: models }, () => ({
    learningRate,
    weightDecay,
  }));
  return () => networks;
}

/** All of them. */
export function everyStep(steps: Steps): readonly Step[] {
  return steps.slice(0, steps.length);
}
