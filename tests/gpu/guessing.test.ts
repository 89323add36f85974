import { describe, expect, test } from 'vitest';
import { CounterRandom } from '../../src/data/random.ts';
import { type Dataset, guessing, syntheticDigits, Trainer, type TrainerOptions } from '../../src/index.ts';
import { testDevice } from '../support/gpu.ts';
import { trainFor } from '../support/training.ts';

const data = syntheticDigits({ train: 1024, test: 10 });
const counts = Array.from({ length: 10 }, (_, i) => data.train.labels.filter((label) => label === i).length);

/** The same labels on other images. */
function shuffled(): Dataset {
  const labels = data.train.labels.slice();
  const random = new CounterRandom(1, 0);
  for (let i = labels.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [labels[i], labels[j]] = [labels[j] ?? 0, labels[i] ?? 0];
  }
  return { ...data, train: { ...data.train, labels } };
}

async function trained(options: TrainerOptions, of = data) {
  const trainer = await Trainer.create(await testDevice(), of, { plan: 'layered-quads', ...options });
  await trainFor(trainer, 2);
  const { networks } = trainer;
  trainer.destroy();
  return networks.map(({ history }) => guessing(history, counts));
}

describe('after two epochs', () => {
  test('networks whose rate is too high guess, and those that learn do not', async () => {
    const found = await trained({ hidden: [32], learningRate: [0.001, 0.1, 1, 10], models: 2 });
    expect(found).toEqual([null, null, null, null, ...new Array<string>(4).fill('steps-too-large')]);
  });

  test('a softmax regression learns at any rate', async () => {
    const found = await trained({ hidden: [], learningRate: [0.001, 0.1, 1, 10] });
    expect(found).toEqual([null, null, null, null]);
  });

  test('where the labels are of other images, no rate is blamed that is not too high', async () => {
    const found = await trained({ hidden: [32], learningRate: [0.001, 0.1, 10] }, shuffled());
    expect(found[0] === null || found[0] === 'unclear').toBe(true);
    expect(found.slice(1)).toEqual(['unclear', 'steps-too-large']);
  });
});
