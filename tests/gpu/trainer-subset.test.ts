import { expect, test } from 'vitest';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { subsetOf } from '../../src/train/subset.ts';
import { Trainer, type TrainerOptions } from '../../src/train/trainer.ts';
import { blobs } from '../support/blobs.ts';
import { testDevice } from '../support/gpu.ts';
import { CHECKPOINT_NOTES } from '../support/trainer-state.ts';
import { trainFor, untimedNetwork } from '../support/training.ts';

const data = blobs();
const NETWORKS = [
  { seed: 1, learningRate: 0.01, weightDecay: 0.1 },
  { seed: 7, learningRate: 0.1, weightDecay: 0 },
  { seed: 1, learningRate: 0.03, weightDecay: 0.02 },
  { seed: 3, learningRate: 1e30, weightDecay: 0.02 },
  { seed: 3, learningRate: 0.02, weightDecay: 0.5 },
];
const SETTINGS: TrainerOptions = {
  hidden: [5],
  batchSize: 8,
  optimizer: 'adamw',
  schedule: { name: 'cosine', epochs: 4 },
  validationSplit: 0.2,
};

async function resultOf(trainer: Trainer) {
  const models = await trainer.models();
  const networks = trainer.networks.map(untimedNetwork);
  trainer.destroy();
  return networks.map((network, i) => ({ network, model: models[i] }));
}

test('networks with settings of their own are what each is alone, and a checkpoint knows them', async () => {
  const device = await testDevice();
  const trainer = await Trainer.create(device, data, { ...SETTINGS, networks: NETWORKS });
  await trainFor(trainer, 2);
  const restore = decodeCheckpoint(encodeCheckpoint(await trainer.state(), CHECKPOINT_NOTES)).state;
  const together = await resultOf(trainer);
  const again = await Trainer.create(device, data, { restore, networks: NETWORKS });
  expect(
    again.networks.map(({ seed, learningRate, weightDecay }) => ({ seed, learningRate, weightDecay })),
  ).toEqual(NETWORKS);
  expect(await resultOf(again)).toEqual(together);
  const { plan } = trainer;
  for (const [i, network] of NETWORKS.entries()) {
    if (network.learningRate > 1) continue;
    const alone = await Trainer.create(device, data, {
      ...SETTINGS,
      ...network,
      plan: plan.name as NonNullable<TrainerOptions['plan']>,
    });
    await trainFor(alone, 2);
    expect(await resultOf(alone)).toEqual([together[i]]);
  }
});

test('those that go on without the others have the bits that they would have had with them', async () => {
  const device = await testDevice();
  const whole = await Trainer.create(device, data, { ...SETTINGS, networks: NETWORKS });
  await trainFor(whole, 1);
  const state = await whole.state();
  await trainFor(whole, 3);
  const expected = await resultOf(whole);
  const kept = [0, 2, 4];
  const some = await Trainer.create(device, data, { restore: subsetOf(state, kept) });
  expect(some.networks).toHaveLength(3);
  await trainFor(some, 3);
  expect(await resultOf(some)).toEqual(kept.map((i) => expected[i]));
});
