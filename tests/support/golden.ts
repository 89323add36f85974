import { readFileSync } from 'node:fs';
import type { Model } from '../../src/model/model.ts';

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

export const golden: GoldenTrajectory = JSON.parse(
  readFileSync(new URL('../fixtures/golden-trajectory.json', import.meta.url), 'utf8'),
);

export const goldenSpec = { inputs: golden.inputs, hidden: golden.hidden, classes: golden.classes };

export const goldenModel: Model = {
  spec: goldenSpec,
  tensors: Object.entries(golden.shapes).map(([name, shape]) => ({
    name,
    shape,
    data: Float32Array.from(golden.weights[name] ?? []),
  })),
};
