import { expect, test } from 'vitest';
import { benchChoice, CHOICE_SHAPES, FEW_CHOICE_SHAPES } from '../../src/bench/choice.ts';
import { nodeVersions } from '../../src/node/versions.ts';
import { openTestDevice } from '../support/gpu.ts';

test('the chosen plan is held against all that fit, each on a device of its own', async () => {
  const opened = await openTestDevice();
  const devices: GPUDevice[] = [];
  const open = async () => {
    const { device } = await openTestDevice();
    devices.push(device);
    return device;
  };
  const subject = {
    device: opened.device,
    adapter: opened.info,
    toggles: opened.toggles,
    versions: await nodeVersions(),
  };
  const shape = { batchSize: 8, hidden: [], models: 2 };
  const labels: string[] = [];
  const onProgress = ({ label }: { label: string }) => void labels.push(label);
  const named = ['fused', 'layered-quads', 'unfused'] as const;
  const options = { shapes: [shape], plans: named, seconds: 1, onProgress };
  const report = await benchChoice(subject, open, options);
  expect(report).toMatchObject({ bench: 'choice', shapes: [shape] });
  expect(labels).toEqual(['batch 8, 784-10, 2 models']);
  const [{ chosen, best, ratio, plans } = expect.fail('no shape')] = report.shapes;
  const timed = plans.filter(({ status }) => status === 'timed').map(({ plan }) => plan);
  expect(timed).toContain(chosen);
  expect(timed).toContain(best);
  expect(ratio).toBeGreaterThanOrEqual(1);
  expect(report.within).toBe((ratio ?? 0) <= 1.1 ? 1 : 0);
  expect(plans.find(({ plan }) => plan === 'fused')).toMatchObject({
    status: 'skipped',
    reason: expect.stringContaining('one hidden layer'),
  });
  expect(plans.map(({ plan }) => plan).sort()).toEqual([...new Set([...named, chosen])].sort());
  // What was left out too.
  for (const device of devices) expect((await device.lost).reason).toBe('destroyed');
  opened.device.destroy();
});

test('a plan that does not compile is left out, unless it is the chosen one', async () => {
  const { device, info, toggles } = await openTestDevice();
  const subject = { device, adapter: info, toggles, versions: await nodeVersions() };
  // Each plan has a device of its own, the chosen one the first.
  const withBroken = (broken: number) => {
    let count = 0;
    const open = async () => {
      const { device: own } = await openTestDevice();
      if (count++ === broken)
        own.createComputePipelineAsync = () => Promise.reject(new Error('no such instruction'));
      return own;
    };
    const shapes = [{ batchSize: 8, hidden: [], models: 2 }];
    return benchChoice(subject, open, { shapes, plans: ['unfused', 'layered-quads'], seconds: 0.1 });
  };
  const [{ chosen, best, ratio, plans } = expect.fail('no shape')] = (await withBroken(1)).shapes;
  expect({ best, ratio }).toEqual({ best: chosen, ratio: 1 });
  expect(plans).toEqual([
    expect.objectContaining({ plan: chosen, status: 'timed' }),
    expect.objectContaining({ status: 'skipped', reason: expect.stringContaining('no such instruction') }),
  ]);
  await expect(withBroken(0)).rejects.toMatchObject({ code: 'gpu' });
  device.destroy();
});

test('the shapes are 24, 8 of them for those that have less time', () => {
  expect([CHOICE_SHAPES.length, FEW_CHOICE_SHAPES.length]).toEqual([24, 8]);
  expect(new Set(CHOICE_SHAPES.map((shape) => JSON.stringify(shape))).size).toBe(24);
  const range = (values: number[]) => [Math.min(...values), Math.max(...values)];
  expect(range(CHOICE_SHAPES.map(({ batchSize }) => batchSize))).toEqual([8, 4096]);
  expect(range(CHOICE_SHAPES.flatMap(({ hidden }) => hidden))).toEqual([16, 2048]);
  expect(range(CHOICE_SHAPES.map(({ hidden }) => hidden.length))).toEqual([0, 3]);
  expect(range(CHOICE_SHAPES.map(({ models }) => models))).toEqual([1, 64]);
});
