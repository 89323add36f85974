import { expect, test } from 'vitest';
import { batches, encodeSteps, STEP_SIZE, STEP_STRIDE, trainingSteps } from '../../src/train/step.ts';

const adam = { learningRate: 0.001, beta1: 0.9, beta2: 0.999 };

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
  const first = trainingSteps(64, 32, 0, adam)[0];
  expect(first?.stepSize).toBe(0.001 / (1 - 0.9));
  expect(first?.rootCorrection).toBe(1 / Math.sqrt(1 - 0.999));
  expect(trainingSteps(64, 32, 0, adam)[1]?.stepSize).toBe(trainingSteps(64, 32, 1, adam)[0]?.stepSize);
  const late = trainingSteps(32, 32, 1_000_000, adam)[0];
  expect(late?.stepSize).toBe(0.001);
  expect(late?.rootCorrection).toBe(1);
});

test('steps are encoded as the shaders read them', () => {
  const bytes = encodeSteps(trainingSteps(70, 32, 4, adam));
  expect(bytes.byteLength).toBe(3 * STEP_STRIDE);
  const view = new DataView(bytes, 2 * STEP_STRIDE, STEP_SIZE);
  expect([0, 4, 8, 12].map((offset) => view.getUint32(offset, true))).toEqual([64, 6, 2, 7]);
  expect(view.getFloat32(16, true)).toBe(Math.fround(0.001 / (1 - 0.9 ** 7)));
  expect(view.getFloat32(20, true)).toBe(Math.fround(1 / Math.sqrt(1 - 0.999 ** 7)));
});
