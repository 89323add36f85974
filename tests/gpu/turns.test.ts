import { afterAll, beforeAll, expect, test } from 'vitest';
import { initialModel } from '../../src/model/initialise.ts';
import { askInTurns } from '../../src/train/turns.ts';
import { openTestDevice } from '../support/gpu.ts';

let device: GPUDevice;
beforeAll(async () => {
  ({ device } = await openTestDevice());
});
afterAll(() => device.destroy());

test('networks are asked side by side where they fit into the limits, else in turns, and answer in order', async () => {
  const spec = { inputs: 5, hidden: [4096], classes: 3 };
  const models = Array.from({ length: 100 }, (_, seed) => initialModel(spec, seed));
  const ask = async (count: number) => {
    const turns: number[] = [];
    const answers = await askInTurns(device, models, count, async (network) => {
      turns.push(network.count);
      return network.models();
    });
    for (const [i, answer] of answers.entries())
      expect(answer?.tensors[0]?.data[0]).toBe(models[i]?.tensors[0]?.data[0]);
    expect(answers).toHaveLength(100);
    return turns;
  };
  expect(await ask(10)).toEqual([100]);
  // The hidden units of 128 samples take 2 MiB a network, of the 128 MiB that WebGPU lets a shader bind by default.
  expect(await ask(128)).toEqual([50, 50]);
  expect(await ask(256)).toEqual([25, 25, 25, 25]);
});
