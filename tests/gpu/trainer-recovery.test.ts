import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transformWithOxc } from 'vite';
import { expect, test } from 'vitest';
import { recovering } from '../../src/train/recovery.ts';
import { epochsTrained, type TrainerState } from '../../src/train/state.ts';
import { Trainer, type TrainerOptions } from '../../src/train/trainer.ts';
import { blobs } from '../support/blobs.ts';
import { openTestDevice, testDevice } from '../support/gpu.ts';
import { runNode } from '../support/process.ts';
import { inPackage, samplesOf } from '../support/samples.ts';
import { trainFor, untimedState } from '../support/training.ts';

const data = blobs({ train: 1000 });

const open = async () => (await openTestDevice({ optionalFeatures: ['subgroups'] })).device;

test('a training goes on on another device where its own is lost, to the same bits', async () => {
  const settings: TrainerOptions = {
    hidden: [4],
    batchSize: 8,
    models: 2,
    validationSplit: 0.1,
    patience: 2,
    plan: 'layered-quads',
  };
  const quiet = await Trainer.create(await testDevice(), data, settings);
  await trainFor(quiet, 3);
  const expected = untimedState(await quiet.state());
  quiet.destroy();

  const told: number[] = [];
  const begun: string[] = [];
  const losses: string[] = [];
  const result = await recovering(
    open,
    async ({ opened: device, state, keep }) => {
      const trainer = await Trainer.create(device, data, state ? { restore: state } : settings);
      const { done, of } = trainer.place;
      expect(of).toBe(113);
      begun.push(`${trainer.epochs}, ${done > 0 ? 'within' : 'at the start'}`);
      const onSnapshot = (now: TrainerState) => {
        keep(now);
        // In the middle of the first epoch, and of the next one.
        const isWithin = now.epoch > epochsTrained(now) && (now.rounds[0]?.place ?? 0) > 0;
        if (isWithin && told.length % 2 === 0) device.destroy();
      };
      for await (const _ of trainer.fit({ epochs: 3 - trainer.epochs, onSnapshot, snapshotSeconds: 1e-9 })) {
        if (told.length !== 1) continue;
        // After the first epoch.
        keep(await trainer.state());
        device.destroy();
      }
      return untimedState(await trainer.state());
    },
    (loss, times) => {
      told.push(times);
      losses.push(loss.code);
    },
  );
  expect(result).toEqual(expected);
  expect(told).toEqual([1, 2, 3]);
  expect(losses).toEqual(['device-lost', 'device-lost', 'device-lost']);
  expect(begun).toEqual(['0, at the start', '0, within', '1, at the start', '1, within']);
});

test('a device that is lost before anything is kept has the training begin anew', async () => {
  let times = 0;
  const history = await recovering(
    open,
    async ({ opened: device, state }) => {
      expect(state).toBeUndefined();
      const trainer = await Trainer.create(device, data, { hidden: [4], batchSize: 8 });
      if (times++ === 0) device.destroy();
      await trainFor(trainer, 1);
      return trainer.history;
    },
    () => undefined,
  );
  expect(history.length).toBe(1);
  expect(times).toBe(2);
});

test("the documentation's example ends well where the device is lost after the last epoch", async () => {
  const [example] = await samplesOf('train/recovery.ts');
  const lost = example?.code
    .replace(
      '    const { accuracy } = await',
      '    if (losses === 0) device.destroy();\n    const { accuracy } = await',
    )
    .replace('const accuracy =', 'let losses = 0;\nconst accuracy =')
    .replace('console.error(', 'console.log((losses = times), ')
    .replace('console.log(accuracy)', "console.log('right:', accuracy)");
  const { code, stdout, stderr } = await inPackage(async (folder) => {
    await writeFile(join(folder, 'example.mjs'), (await transformWithOxc(lost ?? '', 'example.ts')).code);
    return runNode([join(folder, 'example.mjs')]);
  });
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^1 GPU lost \(1\): .+\nright: [01]/);
});
