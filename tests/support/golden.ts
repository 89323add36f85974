import { readFileSync } from 'node:fs';
import type { Model } from '../../src/model/model.ts';
import type { MlpSpec } from '../../src/model/spec.ts';
import { type Steps, trainingSteps } from '../../src/train/step.ts';
import { ADAM, constantRates } from './step.ts';

/** 20 Adam steps as PyTorch took them; `tools/golden-trajectory.py` made the file and says what is in it. */
export interface GoldenTrajectory {
  inputs: number;
  hidden: number[];
  classes: number;
  batchSize: number;
  adam: { learningRate: number; beta1: number; beta2: number; epsilon: number };
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

function load(file: string): Golden {
  const trajectory: GoldenTrajectory = JSON.parse(
    readFileSync(new URL(`../fixtures/${file}`, import.meta.url), 'utf8'),
  );
  const { inputs, hidden, classes, shapes, weights } = trajectory;
  const spec = { inputs, hidden, classes };
  const tensors = Object.entries(shapes).map(([name, shape]) => ({
    name,
    shape,
    data: Float32Array.from(weights[name] ?? []),
  }));
  return { trajectory, spec, model: { spec, tensors } };
}

/** The trajectory's steps for `models` networks side by side; its Adam has Keras's numbers but for the rate. */
export function goldenSteps({ labels, batchSize, adam }: GoldenTrajectory, models: number): Steps {
  return trainingSteps(labels.length, batchSize, 0, ADAM, constantRates(models, adam.learningRate));
}

/** Two hidden layers. */
export const deep = load('golden-trajectory.json');
/** One hidden layer. */
export const shallow = load('golden-trajectory-shallow.json');

export const { trajectory: golden, spec: goldenSpec, model: goldenModel } = deep;
