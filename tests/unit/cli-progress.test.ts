import { describe, expect, test } from 'vitest';
import { describeTraining, progressLines } from '../../src/cli/progress.ts';

const at = (epoch: number, samples: number, epochs = 3) => ({
  epoch,
  epochs,
  samples,
  samplesPerEpoch: 1000,
  loss: 0.25,
  accuracy: 0.9,
  imagesPerSecond: 2000,
});

describe('how far a training is', () => {
  test.each([
    [at(1, 0), 0, '0.0 of 3 epochs', '0:02 left'],
    [at(1, 1000), 1 / 3, '1.0 of 3 epochs', '0:01 left'],
    [at(2, 199), 1199 / 3000, '1.1 of 3 epochs', '0:01 left'],
    [at(3, 999), 2999 / 3000, '2.9 of 3 epochs', '0:01 left'],
    [at(3, 1000), 1, '3.0 of 3 epochs', '0:00 left'],
    [at(1, 500, 1), 0.5, '0.5 of 1 epoch', '0:01 left'],
  ])('label, bar and time are of the whole of it: %#', (progress, share, before, left) => {
    expect(describeTraining(progress, 1)).toEqual({
      share,
      before,
      after: `${left}  loss 0.2500  accuracy 90.00 %  2,000 images/s`,
    });
  });

  test('of many networks takes as long as all of them, and a task is named', () => {
    const { before, after } = describeTraining(at(1, 0), 40, 'Task 2 of 4, ');
    expect(before).toBe('Task 2 of 4, 0.0 of 3 epochs');
    expect(after).toMatch(/^1:00 left {2}/);
  });
});

test('without a terminal there is a line where nothing was printed for half a minute', () => {
  let milliseconds = 0;
  const printed: [number, string][] = [];
  const progress = progressLines(
    (samples: number) => describeTraining(at(1, samples), 1),
    (line) => printed.push([milliseconds / 1000, line]),
    () => milliseconds,
  );
  for (let second = 1; second <= 100; second++) {
    milliseconds = 1000 * second;
    // An epoch's line.
    if (second === 50) progress.stop();
    progress.update(10 * second);
  }
  const rest = '  loss 0.2500  accuracy 90.00 %  2,000 images/s';
  expect(printed).toEqual([
    [30, `0.3 of 3 epochs (10 %)  0:02 left${rest}`],
    [80, `0.8 of 3 epochs (26 %)  0:02 left${rest}`],
  ]);
});
