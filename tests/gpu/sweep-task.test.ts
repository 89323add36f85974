import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ANY_TARGET } from '../../src/gpu/target.ts';
import { describeDataset } from '../../src/node/sweep-data.ts';
import { type TaskContext, trainTask } from '../../src/node/sweep-task.ts';
import { parseSweepFile } from '../../src/sweep/file.ts';
import { sweepTasks } from '../../src/sweep/tasks.ts';
import { trainingPlan } from '../../src/train/plans/index.ts';
import type { Trainer } from '../../src/train/trainer.ts';
import { blobs } from '../support/blobs.ts';
import { openTestDevice } from '../support/gpu.ts';
import { ADAM } from '../support/step.ts';
import { CHECKPOINT_NOTES } from '../support/trainer-state.ts';
import { deviceWithLimits } from '../support/training.ts';

/** Few images, and large: what each network has for itself is more than what they share. */
const data = blobs({ train: 40, test: 20, height: 40, width: 50 });

/** Nine networks, of which a third goes on after the first epoch. */
const SWEEP = {
  axes: {
    data: ['blobs'],
    hidden: [[4]],
    learningRate: [1, 2, 3, 4, 5, 6, 7, 8, 9].map((factor) => factor / 1000),
    batchSize: [6],
    epochs: [3],
  },
  settings: { plan: 'layered-quads', validationSplit: 0.15 },
  stop: { halving: 3 },
};

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A device with room for three networks. */
async function smallDevice(): Promise<GPUDevice> {
  const spec = { inputs: 2000, hidden: [4], classes: 3 };
  const sizes = { spec, models: 3, batch: 6, samples: 40, orderLength: 34 };
  const { buffers } = trainingPlan('layered-quads', sizes, ADAM, ANY_TARGET);
  return deviceWithLimits({ maxStorageBufferBindingSize: Math.max(...buffers.map(({ size }) => size)) });
}

test('the time that networks took in turn counts, those included that halving stopped, also after an interruption', async () => {
  const file = parseSweepFile('sweep.json', JSON.stringify(SWEEP));
  const [task, ...others] = await sweepTasks(file, [await describeDataset('blobs', data)]);
  if (!task || others.length > 0) throw new Error('the sweep is one task');
  const device = await smallDevice();
  const { info } = await openTestDevice();
  const stop = new AbortController();
  const trainers: Trainer[] = [];
  const train = (changes: Pick<TaskContext, 'signal' | 'onRung'>) =>
    trainTask({
      opened: { device, info },
      data,
      file,
      task,
      folder,
      notes: { data: 'blobs', adapter: 'auto', versions: CHECKPOINT_NOTES.versions },
      snapshotSeconds: 0,
      onBegin: (trainer) => trainers.push(trainer),
      onNotice: (notice) => expect.unreachable(notice),
      ...changes,
    });
  const { signal } = stop;
  await expect(train({ signal, onRung: () => stop.abort() })).rejects.toMatchObject({ code: 'interrupted' });
  const { result } = await train({ signal: new AbortController().signal, onRung: () => undefined });
  const [all, best] = trainers;
  expect([all?.rounds, best?.rounds]).toEqual([3, 1]);
  expect([all?.epochs, best?.epochs]).toEqual([1, 3]);
  const after = (best?.history ?? []).slice(1).reduce((sum, { seconds }) => sum + seconds, 0);
  expect(result.seconds).toBeCloseTo((all?.trained.seconds ?? 0) + after, 9);
  expect(result.networks.filter(({ status }) => status === 'trained')).toHaveLength(3);
});
