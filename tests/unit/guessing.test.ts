import { describe, expect, test } from 'vitest';
import { guessingLines } from '../../src/cli/output.ts';
import type { NetworkReport } from '../../src/index.ts';
import { guessing, guessingText } from '../../src/report/guessing.ts';
import { blobs } from '../support/blobs.ts';

const epoch = (number: number, loss: number, accuracy: number) => ({
  ...{ epoch: number, loss, accuracy, valLoss: null, valAccuracy: null, seconds: 1 },
});
const historyOf = (...epochs: readonly (readonly [loss: number, accuracy: number])[]) =>
  epochs.map(([loss, accuracy], i) => epoch(i + 1, loss, accuracy));

/** As many of each of ten classes, but for the largest, which is a ninth. */
const COUNTS = [227, ...new Array<number>(8).fill(203), 197];

describe('a network that guesses', () => {
  test.each([
    // Of Adam at rate 1 and 10 and SGD at 10 on synthetic digits.
    ['dead units', historyOf([43.8, 0.1274], [2.37, 0.1113], [2.35, 0.1055]), 'steps-too-large'],
    ['a few units alive', historyOf([4139.5, 0.1455], [3.13, 0.1284], [2.6, 0.1343]), 'steps-too-large'],
    ['SGD', historyOf([57.7, 0.0967], [2.53, 0.0918]), 'steps-too-large'],
    ['shuffled labels', historyOf([2.73, 0.0977], [2.316, 0.1035]), 'unclear'],
    ['shuffled labels, one epoch', historyOf([2.331, 0.0938]), 'unclear'],
    ['steps far too small', historyOf([2.313, 0.1699], [2.31, 0.1709]), 'unclear'],
  ] as const)('is found: %s', (_, history, found) => {
    expect(guessing(history, COUNTS)).toBe(found);
  });

  test.each([
    ['one that learns', historyOf([1.424, 0.6294])],
    ['one that learns slowly', historyOf([2.085, 0.3354])],
    ['one that is sure and mostly right', historyOf([111.6, 0.7876], [51.4, 0.9126], [36.8, 0.9229])],
    ['one that was thrown off and has come back', historyOf([80, 0.11], [1.2, 0.6])],
    ['one that learns shuffled labels by heart', historyOf([2.331, 0.0938], [2.285, 0.127], [2.262, 0.1504])],
    ['one that has no epoch yet', []],
  ])('is not found: %s', (_, history) => {
    expect(guessing(history, COUNTS)).toBeNull();
  });

  test('guesses the larger of two classes', () => {
    const counts = [900, 100];
    expect(guessing(historyOf([0.33, 0.9]), counts)).toBe('unclear');
    expect(guessing(historyOf([0.2, 0.94]), counts)).toBeNull();
  });
});

test('each network that guesses has a line, and one alone needs no name', () => {
  const data = blobs();
  const model = (
    seed: number,
    accuracy: number,
    diverged: NetworkReport['diverged'] = null,
  ): NetworkReport => ({
    ...{
      seed,
      learningRate: 5,
      weightDecay: 0,
      epoch: 1,
      stopped: false,
      test: null,
      sha256: null,
      diverged,
    },
    history: historyOf([40, accuracy]),
  });
  const text = guessingText('steps-too-large');
  expect(guessingLines({ models: [model(1, 0.3)] }, data)).toBe(`Notice: ${text}\n`);
  const models = [model(1, 0.9), model(2, 0.3), model(3, 0.3, { epoch: 2, batch: 1 })];
  expect(guessingLines({ models }, data)).toBe(`Notice: seed 2, learning rate 5: ${text}\n`);
});
