import type { Model } from '../../src/model/model.ts';
import type { MlpSpec } from '../../src/model/spec.ts';
import { type OptimizerSettings, optimizerOf } from '../../src/train/optimizer.ts';
import type { Schedule } from '../../src/train/schedule.ts';
import { type Steps, trainingSteps } from '../../src/train/step.ts';
import schedulesJson from '../fixtures/golden-schedules.json?raw';
import deepJson from '../fixtures/golden-trajectory.json?raw';
import adamwJson from '../fixtures/golden-trajectory-adamw.json?raw';
import cosineJson from '../fixtures/golden-trajectory-cosine.json?raw';
import sgdJson from '../fixtures/golden-trajectory-sgd.json?raw';
import shallowJson from '../fixtures/golden-trajectory-shallow.json?raw';
import { constantRates } from './step.ts';

/** 20 steps as PyTorch took them; `tools/golden-trajectory.py` made the file and says what is in it. */
export interface GoldenTrajectory {
  inputs: number;
  hidden: number[];
  classes: number;
  batchSize: number;
  optimizer: OptimizerSettings;
  learningRate: number;
  weightDecay: number;
  schedule: Schedule;
  warmup: number;
  /** What the learning rate is multiplied by in each step. */
  factors: number[];
  shapes: Record<string, number[]>;
  weights: Record<string, number[]>;
  pixels: number[];
  labels: number[];
  steps: {
    loss: number;
    hits: number;
    gradients: Record<string, number[]>;
    weights: Record<string, number[]>;
  }[];
}

/** A trajectory with its network before the first step. */
export interface Golden {
  trajectory: GoldenTrajectory;
  spec: MlpSpec;
  model: Model;
}

/** What PyTorch's schedulers make of the learning rate; the same script's. */
export interface GoldenSchedule {
  schedule: Schedule;
  warmup: number;
  stepsPerEpoch: number;
  factors: number[];
}

function load(json: string): Golden {
  const trajectory: GoldenTrajectory = JSON.parse(json);
  const { inputs, hidden, classes, shapes, weights } = trajectory;
  const spec = { inputs, hidden, classes };
  const tensors = Object.entries(shapes).map(([name, shape]) => ({
    name,
    shape,
    data: Float32Array.from(weights[name] ?? []),
  }));
  return { trajectory, spec, model: { spec, tensors } };
}

/** The trajectory's steps, for `models` networks side by side. */
export function goldenSteps(trajectory: GoldenTrajectory, models: number): Steps {
  const { labels, batchSize, optimizer, learningRate, weightDecay, factors } = trajectory;
  const rates = (t: number) =>
    constantRates(models, learningRate * (factors[t - 1] ?? Number.NaN), weightDecay)();
  return trainingSteps(labels.length, batchSize, 0, optimizerOf(optimizer), rates);
}

/** Adam, two hidden layers. */
export const deep = load(deepJson);
/** Adam, one hidden layer. */
export const shallow = load(shallowJson);
/** Adam, the learning rate along a cosine after a warm-up; one hidden layer, as all that follow. */
export const cosine = load(cosineJson);
/** AdamW, whose decay leaves biases alone. */
export const adamw = load(adamwJson);
/** Stochastic gradient descent with momentum. */
export const sgd = load(sgdJson);

export const { trajectory: golden, spec: goldenSpec, model: goldenModel } = deep;

export const goldenSchedules: GoldenSchedule[] = JSON.parse(schedulesJson).schedules;
