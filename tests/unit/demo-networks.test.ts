import { describe, expect, test } from 'vitest';
import { parse, textsOf } from '../../demo/configuration.ts';
import { divergedText, historiesOf, keptText, learn, nothing, placeOfBest } from '../../demo/learned.ts';
import { answerOf } from '../../demo/worker/networks.ts';
import type { RunReport } from '../../src/report/run-report.ts';
import type { EpochRecord } from '../../src/train/history.ts';

const record = (epoch: number, loss = 1): EpochRecord => ({
  epoch,
  loss,
  accuracy: 0.5,
  valLoss: null,
  valAccuracy: null,
  seconds: 1,
});

describe('what the page knows of several networks', () => {
  test('grows by an epoch of each, and is not doubled where an epoch is told again', () => {
    const learned = nothing(3, 2);
    learn(learned, 1, [record(1), record(1)]);
    learn(learned, 2, [record(2), record(2)]);
    learn(learned, 2, [record(2, 0.5), record(2)]);
    expect(historiesOf(learned)).toEqual([
      [record(1), record(2, 0.5)],
      [record(1), record(2)],
    ]);
    expect(divergedText(learned)).toBe('');
    learned.files = { model: new Uint8Array(), models: new Uint8Array() };
    expect(keptText(learned)).toMatch(/2 epochs/);
  });

  test('leaves out those that diverged, and says how many', () => {
    const learned = nothing(3, 3);
    learn(learned, 1, [record(1), null, record(1)]);
    expect(historiesOf(learned)).toHaveLength(2);
    expect(divergedText(learned)).toBe('; 1 of 3 networks diverged');
  });

  test('finds the best one in the file, where those that diverged are not', () => {
    const diverged = { epoch: 1, batch: 1 };
    const report = { history: [], best: 2, models: [{ diverged: null }, { diverged }, { diverged: null }] };
    expect(placeOfBest(report as unknown as RunReport)).toBe(1);
    expect(placeOfBest(undefined)).toBeNull();
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

  test('is the mean of those that count, and the vote of each', () => {
    const { probabilities, votes } = answerOf(predictions, [true, true, false]);
    expect([...probabilities]).toEqual([0.375, 0.375, 0.25]);
    expect(votes).toEqual([{ predicted: 0, probability: 0.5 }, { predicted: 1, probability: 0.5 }, null]);
  });

  test('is its own, without a vote, where there is one', () => {
    const [only] = predictions.slice(0, 1);
    expect(answerOf(predictions.slice(0, 1), [true])).toEqual({
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
