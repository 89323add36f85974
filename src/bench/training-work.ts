import type { Samples } from '../data/dataset.ts';
import { syntheticDigits } from '../data/synthetic.ts';
import { ShadegradError } from '../errors.ts';
import { initialModel } from '../model/initialise.ts';
import { packParameters } from '../model/layout.ts';
import type { MlpSpec } from '../model/spec.ts';
import { candidatePlans } from '../train/plans/candidates.ts';
import { PLAN_NAMES, type PlanName, planFits, trainingPlan } from '../train/plans/index.ts';
import type { BatchSizes } from '../train/plans/sizes.ts';
import type { StepPlan } from '../train/plan.ts';
import { indices } from './cases/data.ts';

/** One way to train one network, or `models` of them side by side. */
export interface TrainingConfig {
  readonly plan: PlanName;
  readonly batchSize: number;
  readonly hidden: readonly number[];
  readonly models: number;
}

/** What is trained: the same in every run. */
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
  /** Each model's initial parameters, each layer's as `packParameters` gives them. */
  readonly initial: readonly (readonly Float32Array<ArrayBuffer>[])[];
}

/** Keras's defaults. */
export const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

const INPUTS = 784;
const CLASSES = 10;
const SAMPLES = 8192;
const DIGITS = 2048;
/** About MNIST's; between two epochs the scheduler waits for the device, as in training. */
const EPOCH_SAMPLES = 65_536;
const LEAST_STEPS = 16;

/** @throws ShadegradError `usage` where the plan does not take these sizes */
export function trainingPlanOf(config: TrainingConfig): StepPlan {
  if (!planFits(config.plan, specOf(config))) {
    const message = `The plan "${config.plan}" does not take this network.`;
    throw new ShadegradError('usage', message, 'Use another plan.');
  }
  return trainingPlan(config.plan, sizesOf(config), ADAM);
}

/** The plans that `train` chooses from on this device. */
export function candidatesOf(device: GPUDevice, config: Omit<TrainingConfig, 'plan'>): PlanName[] {
  const names: string[] = candidatePlans(device, sizesOf(config), ADAM).map(({ name }) => name);
  return PLAN_NAMES.filter((plan) => names.includes(plan));
}

export function specOf({ hidden }: Pick<TrainingConfig, 'hidden'>): MlpSpec {
  return { inputs: INPUTS, hidden, classes: CLASSES };
}

function sizesOf(config: Omit<TrainingConfig, 'plan'>): BatchSizes {
  const { models, batchSize: batch } = config;
  const steps = Math.max(LEAST_STEPS, Math.floor(EPOCH_SAMPLES / batch));
  return { spec: specOf(config), models, batch, samples: SAMPLES, orderLength: steps * batch };
}

/** @throws ShadegradError `usage` where the plan does not take these sizes */
export function makeWork(config: TrainingConfig): TrainingWork {
  const sizes = sizesOf(config);
  const { spec, models, batch, orderLength } = sizes;
  return {
    sizes,
    plan: trainingPlanOf(config),
    stepsPerEpoch: orderLength / batch,
    ...makeSamples(),
    order: indices(models * orderLength, 3, SAMPLES),
    initial: Array.from({ length: models }, (_, z) => packParameters(initialModel(spec, 1 + z))),
  };
}

/** Synthetic digits, over and over: as much of them is blank as of MNIST's, which some kernels pass over. */
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

/** Kept: they take half a second to draw. */
let digits: Samples | undefined;
