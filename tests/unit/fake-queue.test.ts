import { expect, test } from 'vitest';
import { FakeQueue } from '../support/fake-queue.ts';

test('work runs in order, and the host hears of it late', async () => {
  const queue = new FakeQueue({ delay: 5 });
  queue.submit(10);
  queue.spend(2);
  queue.submit(20);
  await queue.run(queue.device.queue.onSubmittedWorkDone());
  expect(performance.now()).toBe(35);
  queue.submit(5);
  await queue.run(queue.told());
  expect(queue.submits).toEqual([
    { work: 10, submitted: 0, started: 0, ended: 10 },
    { work: 20, submitted: 2, started: 10, ended: 30 },
    { work: 5, submitted: 35, started: 35, ended: 40 },
  ]);
  expect(queue.busyShare(0, 40)).toBeCloseTo(35 / 40);
  expect([queue.longestSubmit, queue.mostInFlight, queue.longestQueue]).toEqual([20, 2, 28]);
});

test('with polls the host hears at the next one, also of an empty queue', async () => {
  const queue = new FakeQueue({ polls: 100 });
  await queue.run(queue.told());
  expect(performance.now()).toBe(100);
  queue.spend(20);
  queue.submit(90);
  await queue.run(queue.told());
  expect(performance.now()).toBe(300);
});

test('clocks are quantised, timers and compilers follow the time', async () => {
  const queue = new FakeQueue({ clockQuantum: 0.1 });
  queue.spend(0.27);
  expect(performance.now()).toBeCloseTo(0.2);
  const timers: number[] = [];
  setTimeout(() => timers.push(queue.now), 50);
  clearTimeout(setTimeout(() => timers.push(-1), 10));
  const compiled = [queue.compile(100), queue.compile(30)];
  await queue.run(Promise.all(compiled));
  expect(queue.now).toBeCloseTo(130.27);
  expect(timers).toEqual([50.27]);
});

test('a neighbour slows work down for a part of the time', async () => {
  const queue = new FakeQueue({ neighbour: { seed: 1, factor: 3, quiet: 50, busy: 50 } });
  for (let i = 0; i < 10_000; i++) queue.submit(1);
  // Half of the time at a third of the speed.
  expect(queue.idleAt).toBeGreaterThan(14_000);
  expect(queue.idleAt).toBeLessThan(16_000);
  expect(queue.longestSubmit).toBeCloseTo(3);
  await queue.run(queue.told());
  expect(queue.now).toBe(queue.idleAt);
});

test('what will never be is not waited for', async () => {
  const queue = new FakeQueue();
  await expect(queue.run(queue.device.lost)).rejects.toThrow('nothing left to wait for');
});
