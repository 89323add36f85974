import { expect, test } from 'vitest';
import { ensemblePrediction, mostProbable, populationEvaluation } from '../../src/train/ensemble.ts';
import type { Evaluation } from '../../src/train/history.ts';
import { failure } from '../support/failure.ts';

/** Two samples of three classes. */
const LABELS = Uint8Array.of(0, 2);

function evaluation(probabilities: readonly number[]): Evaluation {
  const values = Float32Array.from(probabilities);
  return {
    loss: 1,
    accuracy: 0.5,
    count: 2,
    probabilities: values,
    predictions: mostProbable(values, 3),
  };
}

const FIRST = evaluation([0.5, 0.25, 0.25, 0.75, 0.125, 0.125]);
const SECOND = evaluation([0.25, 0.75, 0, 0, 0.125, 0.875]);

test('the most probable class is the first of equals', () => {
  expect(mostProbable(Float32Array.of(0.2, 0.4, 0.4, 0, 0, 0, 0.1, 0.2, 0.7), 3)).toEqual(
    Uint8Array.of(1, 0, 2),
  );
});

test('networks predict the mean of their probabilities, rounded once', () => {
  const { probabilities, predictions } = ensemblePrediction([FIRST, SECOND], 3);
  expect(probabilities).toEqual(Float32Array.of(0.375, 0.5, 0.125, 0.375, 0.125, 0.5));
  expect(predictions).toEqual(Uint8Array.of(1, 2));
  // In float32 the sum would lose the small one.
  const [large, small] = [1, 2 ** -25].map((p) => ({
    probabilities: Float32Array.of(p),
    predictions: Uint8Array.of(0),
  }));
  if (!large || !small) throw new Error('there are two');
  const three = ensemblePrediction([large, small, small], 1).probabilities[0];
  expect(three).toBe(Math.fround((1 + 2 ** -24) / 3));
  expect(ensemblePrediction([FIRST], 3)).toBe(FIRST);
});

test('their loss is that of the mean, and those that are not asked have no say', () => {
  const { networks, ensemble } = populationEvaluation([FIRST, null, SECOND], LABELS, 3);
  expect(networks).toEqual([FIRST, null, SECOND]);
  expect(ensemble.loss).toBeCloseTo(-(Math.log(0.375) + Math.log(0.5)) / 2, 15);
  expect(ensemble).toMatchObject({ accuracy: 0.5, count: 2, predictions: Uint8Array.of(1, 2) });
  expect(populationEvaluation([null, SECOND], LABELS, 3).ensemble).toBe(SECOND);
});

test('a network whose loss is not finite has no result, and no say', () => {
  const ruined = { ...FIRST, loss: Number.NaN, probabilities: FIRST.probabilities.map(() => Number.NaN) };
  const { networks, ensemble } = populationEvaluation([ruined, FIRST, SECOND], LABELS, 3);
  expect(networks).toEqual([null, FIRST, SECOND]);
  expect(ensemble).toEqual(populationEvaluation([FIRST, SECOND], LABELS, 3).ensemble);
  expect(failure(() => populationEvaluation([ruined, null], LABELS, 3)).code).toBe('diverged');
});

test('a probability of 0 has the loss of the least normal number', () => {
  const sure = evaluation([0, 1, 0, 1, 0, 0]);
  const { ensemble } = populationEvaluation([sure, sure], LABELS, 3);
  expect(ensemble.loss).toBeCloseTo(126 * Math.LN2, 12);
});
