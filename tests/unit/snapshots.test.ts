import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Snapshots } from '../../src/train/snapshots.ts';
import type { TrainerState } from '../../src/train/state.ts';
import { trainerState } from '../support/trainer-state.ts';

const STATE = trainerState();

/** Milliseconds, which pass only where a test says so. */
let now = 0;
beforeEach(() => {
  now = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

/** Snapshots that take so many milliseconds each, and when they were taken. */
function snapshots({ staging = 0, waiting = 0, reading = 0, using = 0, seconds = 0 }) {
  const taken: number[] = [];
  const stage = () => {
    now += staging;
    return Promise.resolve().then(() => {
      now += waiting;
      return async (): Promise<TrainerState> => {
        now += reading;
        return STATE;
      };
    });
  };
  const use = () => {
    taken.push(now);
    now += using;
  };
  return { taken, all: new Snapshots(stage, use, seconds) };
}

test.each([
  ['staging', { staging: 2 }],
  ['reading', { reading: 2 }],
  ['using', { using: 2 }],
  ['all of that, but not waiting,', { staging: 0.5, waiting: 100, reading: 0.5, using: 1 }],
])('what %s takes is a hundredth of the time until the next one at most', async (_, costs) => {
  const { taken, all } = snapshots(costs);
  const begun = now;
  await all.takeAfterEpoch();
  await all.end();
  now = begun + 199;
  await all.takeAfterEpoch();
  all.takeWhenDue();
  await all.end();
  expect(taken.length).toBe(1);
  now = begun + 200;
  all.takeWhenDue();
  await all.end();
  expect(taken.length).toBe(2);
});

test('the last one is taken whatever it costs, and whatever the one before did', async () => {
  const { taken, all } = snapshots({ using: 50 });
  for (let i = 0; i < 3; i++) await all.take();
  await all.end();
  expect(taken.length).toBe(3);
});

test('within an epoch the seconds count too, and one at a time', async () => {
  const { taken, all } = snapshots({ using: 1, seconds: 3 });
  now += 2999;
  all.takeWhenDue();
  now += 1;
  all.takeWhenDue();
  now += 5000;
  // It waits for the device still.
  all.takeWhenDue();
  await all.end();
  expect(taken.length).toBe(1);
});

test('a failure is told once the next is asked for, and nothing is taken after it', async () => {
  const all = new Snapshots(
    () => Promise.reject(new Error('lost')),
    () => undefined,
    0,
  );
  all.takeWhenDue();
  await all.settled();
  now += 1000;
  all.takeWhenDue();
  await expect(all.takeAfterEpoch()).rejects.toThrow('lost');
  await expect(all.take()).rejects.toThrow('lost');
});
