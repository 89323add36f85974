import { expect, test } from 'vitest';
import { ShadegradError } from '../../src/errors.ts';
import { recovering } from '../../src/train/recovery.ts';
import { trainerState } from '../support/trainer-state.ts';

const lost = (which: number) => new ShadegradError('device-lost', `loss ${which}`, '');

/** Work that loses as many devices, and what was done meanwhile. */
async function losing(losses: number) {
  const log: string[] = [];
  let opened = 0;
  const result = recovering(
    async () => ++opened,
    async ({ opened: device, state, keep }) => {
      log.push(`device ${device}, after ${state?.epoch ?? 'nothing'}`);
      if (device > 1) keep({ ...trainerState(), epoch: device });
      if (device <= losses) throw lost(device);
      return device;
    },
    ({ message }, times) => void log.push(`${message}, ${times}`),
  );
  return { result: await result.catch((error: unknown) => error), log };
}

test('work that loses no device is done once', async () => {
  expect(await losing(0)).toEqual({ result: 1, log: ['device 1, after nothing'] });
});

test('goes on from what was kept last, and each loss is told once', async () => {
  expect(await losing(3)).toEqual({
    result: 4,
    log: [
      'device 1, after nothing',
      'loss 1, 1',
      'device 2, after nothing',
      'loss 2, 2',
      'device 3, after 2',
      'loss 3, 3',
      'device 4, after 3',
    ],
  });
});

test('the fourth loss is thrown', async () => {
  const { result, log } = await losing(4);
  expect(result).toEqual(lost(4));
  expect(log.at(-1)).toBe('device 4, after 3');
});

test.each([new ShadegradError('gpu', 'no memory', ''), new Error('another')])(
  'what is no loss of a device is thrown at once: %s',
  async (error) => {
    let opened = 0;
    const work = recovering(
      async () => ++opened,
      async () => {
        throw error;
      },
      () => expect.fail('told a loss'),
    );
    await expect(work).rejects.toBe(error);
    expect(opened).toBe(1);
  },
);
