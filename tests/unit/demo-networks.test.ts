import { describe, expect, test } from 'vitest';
import { parse, textsOf } from '../../demo/configuration.ts';
import { answerOf, filesOf, usable } from '../../demo/worker/networks.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { decodeModel } from '../../src/model/model-file.ts';
import { decodeModels } from '../../src/model/population-file.ts';
import { mlp } from '../../src/model/spec.ts';

describe('the files of several networks', () => {
  const networks = [1, 2, 3, 4].map((seed) => ({
    seed,
    learningRate: 0.001,
    weightDecay: 0,
    history: [],
    diverged: null,
    stopped: false,
    epoch: 0,
  }));
  const models = networks.map(({ seed }) => initialModel(mlp({ inputs: 4, hidden: [2], classes: 3 }), seed));
  const probabilities = Float32Array.of(0, 1, 0);
  const evaluation = { loss: 1, accuracy: 1, count: 1, probabilities, predictions: Uint8Array.of(1) };
  const notes = { image: { height: 2, width: 2 } };

  test('have those that can be used, and say which is the best of them', () => {
    const tested = { networks: [evaluation, null, evaluation, evaluation], ensemble: evaluation };
    const found = usable(
      models.map((model, i) => (i === 0 ? null : model)),
      tested,
    );
    const { model, models: all, best } = filesOf(found, networks, 3, notes);
    expect(decodeModel(model ?? new Uint8Array()).model).toEqual(models[3]);
    expect(decodeModels(all ?? new Uint8Array()).models).toEqual([models[2], models[3]]);
    expect(best).toBe(1);
  });

  test('go without the best one where it cannot be used', () => {
    const found = models.map((model, i) => (i === 0 ? null : model));
    expect(filesOf(found, networks, 0, notes)).toMatchObject({ model: null, best: null });
  });

  test('are one file where there is one network', () => {
    const file = filesOf(models.slice(0, 1), networks.slice(0, 1), 0, notes);
    expect(file).toMatchObject({ models: null, best: null });
  });
});

describe('the answer for a drawing', () => {
  const predictions = [
    [0.5, 0.25, 0.25],
    [0.25, 0.5, 0.25],
    [0.75, 0.125, 0.125],
  ].map((probabilities) => ({
    probabilities: new Float32Array(probabilities),
    predictions: Uint8Array.of(probabilities.indexOf(Math.max(...probabilities))),
  }));

  const nothingFinite = {
    probabilities: new Float32Array(3).fill(Number.NaN),
    predictions: Uint8Array.of(0),
  };

  test('is the mean of those that have one, and the vote of each', () => {
    const { probabilities, votes } = answerOf([...predictions.slice(0, 2), null, nothingFinite]);
    expect([...probabilities]).toEqual([0.375, 0.375, 0.25]);
    const given = [0, 1].map((predicted) => ({ predicted, probability: 0.5 }));
    expect(votes).toEqual([...given, null, null]);
  });

  test('is none where no network has one', () => {
    expect(answerOf([null, nothingFinite])).toEqual({
      probabilities: new Float32Array(),
      votes: [null, null],
    });
  });

  test('is its own, without a vote, where there is one', () => {
    const [only] = predictions.slice(0, 1);
    expect(answerOf(predictions.slice(0, 1))).toEqual({
      probabilities: only?.probabilities,
      votes: [],
    });
  });
});

test('the last of many networks has no seed that a number cannot hold', () => {
  const seed = String(Number.MAX_SAFE_INTEGER - 3);
  const parsed = (networks: number) => parse(textsOf(new URLSearchParams({ seed, networks: `${networks}` })));
  expect(parsed(4).configuration).toMatchObject({ models: 4 });
  expect(parsed(5).complaints).toHaveProperty('seed');
});
