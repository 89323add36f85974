import { expect, test } from 'vitest';
import type { Optimizer } from '../../src/train/optimizer.ts';
import {
  batches,
  encodeRates,
  encodeSteps,
  STEP_SIZE,
  STEP_STRIDE,
  trainingSteps,
} from '../../src/train/step.ts';
import { ADAM, constantRates, everyStep, OPTIMIZERS } from '../support/step.ts';

const stepsFrom = (samples: number, trained: number, optimizer = ADAM) =>
  everyStep(trainingSteps(samples, 32, trained, optimizer, constantRates(1, 0.001)));

test('the last batch has what is left', () => {
  expect(batches(70, 32).map(({ offset, count, index }) => [offset, count, index])).toEqual([
    [0, 32, 0],
    [32, 32, 1],
    [64, 6, 2],
  ]);
  expect(batches(64, 32).map(({ count }) => count)).toEqual([32, 32]);
  expect(batches(1, 32).map(({ count }) => count)).toEqual([1]);
});

test("Adam's bias corrections go on over epochs", () => {
  const [first, second] = stepsFrom(64, 0);
  expect(first?.rates).toEqual(Float32Array.of(0.001 / (1 - 0.9), 0));
  expect(first?.rootCorrection).toBe(1 / Math.sqrt(1 - 0.999));
  expect(second?.rates).toEqual(stepsFrom(64, 1)[0]?.rates);
  const [late] = stepsFrom(32, 1_000_000);
  expect(late?.rates).toEqual(Float32Array.of(0.001, 0));
  expect(late?.rootCorrection).toBe(1);
});

test('every network has its own rate, at every step', () => {
  const networks = (t: number) => [
    { learningRate: 0.1, weightDecay: 0 },
    { learningRate: 0.5 / t, weightDecay: 0.25 },
  ];
  const [, adamw = ADAM, sgd = ADAM] = OPTIMIZERS;
  const ratesOf = (optimizer: Optimizer) =>
    trainingSteps(64, 32, 1, optimizer, networks)
      .slice(0, 2)
      .map(({ rates }) => [...rates]);
  const f32 = (...numbers: number[]) => numbers.map(Math.fround);
  expect(ratesOf(sgd)).toEqual([f32(0.1, 0, 0.25, 0), f32(0.1, 0, 0.5 / 3, 0)]);
  expect(ratesOf(adamw)).toEqual(
    [2, 3].map((t) => {
      const correction = 1 - 0.9 ** t;
      return f32(0.1 / correction, 0, 0.5 / t / correction, 0.125 / t);
    }),
  );
});

test('steps are encoded as the shaders read them', () => {
  const steps = stepsFrom(70, 4);
  const bytes = encodeSteps(steps);
  expect(bytes.byteLength).toBe(3 * STEP_STRIDE);
  const view = new DataView(bytes, 2 * STEP_STRIDE, STEP_SIZE);
  expect([0, 4, 8, 12, 16].map((offset) => view.getUint32(offset, true))).toEqual([64, 6, 2, 7, 2]);
  expect(view.getFloat32(20, true)).toBe(Math.fround(1 / Math.sqrt(1 - 0.999 ** 7)));
  expect(encodeRates(steps)).toEqual(
    Float32Array.from([5, 6, 7].flatMap((t) => [0.001 / (1 - 0.9 ** t), 0])),
  );
});
