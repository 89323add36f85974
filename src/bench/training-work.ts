import type { Samples } from '../data/dataset.ts';
import { syntheticDigits } from '../data/synthetic.ts';
import { ShadegradError } from '../errors.ts';
import type { Target } from '../gpu/target.ts';
import { initialModel } from '../model/initialise.ts';
import { packParameters } from '../model/layout.ts';
import type { MlpSpec } from '../model/spec.ts';
import { ADAM, OPTIMIZER_DEFAULTS, optimizerOf } from '../train/optimizer.ts';
import type { StepPlan } from '../train/plan.ts';
import { candidatePlans, PLAN_NAMES, type PlanName, planMisfit, trainingPlan } from '../train/plans/index.ts';
import type { BatchSizes } from '../train/plans/sizes.ts';
import { indices } from './cases/data.ts';

/** One way to train one network, or `models` of them side by side. */
export interface TrainingConfig {
  /** How a step runs. */
  readonly plan: PlanName;
  /** Samples to a step. */
  readonly batchSize: number;
  /** Width of each hidden layer. */
  readonly hidden: readonly number[];
  /** Networks side by side. */
  readonly models: number;
}

/** What is trained, the same in every run. */
export interface TrainingWork {
  readonly sizes: BatchSizes;
  readonly plan: StepPlan;
  readonly stepsPerEpoch: number;
  /** [samples, inputs] */
  readonly images: Uint8Array;
  /** [samples] */
  readonly labels: Uint8Array;
  /** [models, orderLength] */
  readonly order: Uint32Array<ArrayBuffer>;
  /** Each model's initial parameters, for each layer as `packParameters` returns them. */
  readonly initial: readonly (readonly Float32Array<ArrayBuffer>[])[];
}

/** Adam with Keras's defaults. */
export const OPTIMIZER = optimizerOf(ADAM);
export const NETWORK_RATE = OPTIMIZER_DEFAULTS.adam;

const INPUTS = 784;
const CLASSES = 10;
const SAMPLES = 8192;
const DIGITS = 2048;
/** About as many as MNIST has; between two epochs the scheduler waits for the device, as in training. */
const EPOCH_SAMPLES = 65_536;
const LEAST_STEPS = 16;

/** @throws ShadegradError `usage` if the plan does not take these sizes */
export function trainingPlanOf(config: TrainingConfig, target: Target): StepPlan {
  const misfit = planMisfit(config.plan, specOf(config), OPTIMIZER);
  if (misfit !== undefined) {
    throw new ShadegradError('usage', `The plan "${config.plan}" ${misfit}.`, 'Use another plan.');
  }
  return trainingPlan(config.plan, sizesOf(config), OPTIMIZER, target);
}

/** The plans that `train` chooses from on this device. */
export function candidatesOf(device: GPUDevice, config: Omit<TrainingConfig, 'plan'>): PlanName[] {
  const names: string[] = candidatePlans(device, sizesOf(config), OPTIMIZER).map(({ name }) => name);
  return PLAN_NAMES.filter((plan) => names.includes(plan));
}

export function specOf({ hidden }: Pick<TrainingConfig, 'hidden'>): MlpSpec {
  return { inputs: INPUTS, hidden, classes: CLASSES };
}

export function sizesOf(config: Omit<TrainingConfig, 'plan'>): BatchSizes {
  const { models, batchSize: batch } = config;
  const steps = Math.max(LEAST_STEPS, Math.floor(EPOCH_SAMPLES / batch));
  return { spec: specOf(config), models, batch, samples: SAMPLES, orderLength: steps * batch };
}

/** @throws ShadegradError `usage` if the plan does not take these sizes */
export function makeWork(config: TrainingConfig, target: Target): TrainingWork {
  const sizes = sizesOf(config);
  const { spec, models, batch, orderLength } = sizes;
  return {
    sizes,
    plan: trainingPlanOf(config, target),
    stepsPerEpoch: orderLength / batch,
    ...makeSamples(),
    order: indices(models * orderLength, 3, SAMPLES),
    initial: Array.from({ length: models }, (_, z) => packParameters(initialModel(spec, 1 + z))),
  };
}

/** Synthetic digits, repeated. They are as blank as MNIST's, which matters since some kernels skip blank pixels. */
function makeSamples(): { images: Uint8Array; labels: Uint8Array } {
  digits ??= syntheticDigits({ train: DIGITS, test: 0 }).train;
  const images = new Uint8Array(SAMPLES * INPUTS);
  const labels = new Uint8Array(SAMPLES);
  for (let first = 0; first < SAMPLES; first += DIGITS) {
    images.set(digits.images, first * INPUTS);
    labels.set(digits.labels, first);
  }
  return { images, labels };
}

/** Kept, since they take half a second to draw. */
let digits: Samples | undefined;
