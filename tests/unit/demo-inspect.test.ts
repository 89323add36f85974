import { expect, test, vi } from 'vitest';
import { predictAllOnCpu, worstMistakes } from '../../demo/worker/inspect.ts';
import { predictOnCpu, syntheticDigits } from '../../src/index.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { mlp } from '../../src/model/spec.ts';

const data = syntheticDigits({ train: 10, test: 130 });
const model = initialModel(mlp({ inputs: 784, hidden: [64], classes: 10 }), 1);

test('images that are asked about in slices have the answers that they have together', async () => {
  const { probabilities, predictions } = predictOnCpu(model, data.test.images);
  const evaluation = await predictAllOnCpu(model, data.test, () => Promise.resolve(true));
  expect(evaluation).toEqual({ count: 130, probabilities, predictions });
  if (!evaluation) return;
  const mistakes = worstMistakes({ data, evaluation });
  expect(mistakes.every(({ label, predicted }) => label !== predicted)).toBe(true);
  const surenesses = mistakes.map(({ probability }) => probability);
  expect(surenesses).toEqual(surenesses.toSorted((a, b) => b - a));
});

test('others have their turn between two slices, and may end it', async () => {
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 6;
    return now;
  });
  try {
    // Of 130 images, 25 at a time, in 6 ms: a slice is 50.
    let passes = 0;
    const count = () => {
      passes++;
      return Promise.resolve(true);
    };
    expect(await predictAllOnCpu(model, data.test, count)).not.toBeNull();
    expect(passes).toBe(3);
    expect(await predictAllOnCpu(model, data.test, () => Promise.resolve(false))).toBeNull();
  } finally {
    clock.mockRestore();
  }
});
