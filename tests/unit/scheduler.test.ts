import { describe, expect, test } from 'vitest';
import { Scheduler } from '../../src/train/scheduler.ts';
import { STEPS_PER_SUBMIT, type Step, type Steps } from '../../src/train/step.ts';
import { FakeQueue, type FakeQueueOptions } from '../support/fake-queue.ts';

const STEP: Step = { offset: 0, count: 1, index: 0, t: 1, rootCorrection: 1, rates: new Float32Array() };
const STEPS_OF_A_SUBMIT = new Array<Step>(STEPS_PER_SUBMIT).fill(STEP);

/** They are all alike, so that none needs to be made where there are millions. */
const stepsOf = (length: number): Steps => ({
  length,
  slice: (start, end) => STEPS_OF_A_SUBMIT.slice(0, Math.max(0, Math.min(end, length) - start)),
});

/**
 * @param step milliseconds that a step takes the GPU, which may depend on the time
 * @param hostStep milliseconds that the host takes to submit one
 */
function scheduled(options: FakeQueueOptions, step: number | ((now: number) => number), hostStep = 0) {
  const queue = new FakeQueue(options);
  const submitted: number[] = [];
  const scheduler = new Scheduler({
    device: queue.device,
    submit: (some) => {
      submitted.push(some.length);
      queue.spend(hostStep * some.length);
      queue.submit(some.length * (typeof step === 'number' ? step : step(queue.now)));
    },
  });
  /** Runs steps and returns what was yielded. */
  const run = async (count: number, signal?: AbortSignal) => {
    const yielded: number[] = [];
    const all = async () => {
      for await (const done of scheduler.run(stepsOf(count), signal)) yielded.push(done);
    };
    await queue.run(all());
    return yielded;
  };
  return { queue, scheduler, submitted, run };
}

/** When the last submit was made: until then an adapter should be busy. */
const endOf = ({ submits }: FakeQueue) => submits.at(-1)?.submitted ?? 0;

/** After this long what an adapter can do is known, in milliseconds. */
const START = 1000;
const BUSY = 0.95;

const DELAYS: readonly FakeQueueOptions[] = [{ delay: 0 }, { delay: 5 }, { delay: 100 }, { polls: 100 }];
const STEPS = [0.002, 0.2, 20];
const CASES = DELAYS.flatMap((hearing) => STEPS.map((step) => ({ ...hearing, step })));

describe('whatever the delay with which the host hears of finished work', () => {
  test.each(CASES)('an adapter is kept busy by submits of bounded work: %j', async ({ step, ...hearing }) => {
    const { queue, run } = scheduled(hearing, step, Math.min(0.002, step / 2));
    await run(2500 / step);
    const end = endOf(queue);
    expect(end).toBeGreaterThan(2 * START);
    expect(queue.busyShare(START, end)).toBeGreaterThan(BUSY);
    expect(queue.longestSubmit).toBeLessThan(60);
    const later = queue.submits.filter(({ submitted }) => submitted > START);
    expect(Math.max(...later.map(({ submitted, ended }) => ended - submitted))).toBeLessThan(260);
    // While the delay is being found out.
    expect(queue.longestQueue).toBeLessThan(500);
    expect(queue.mostInFlight).toBeLessThanOrEqual(256);
  });

  test.each([
    { delay: 5, clockQuantum: 0.1 },
    { delay: 5, clockQuantum: 16 },
    { polls: 100, clockQuantum: 1 },
    { polls: 100, clockQuantum: 100 },
  ])('also by a coarse clock: %j', async (options) => {
    for (const step of STEPS) {
      const { queue, run } = scheduled(options, step);
      await run(2500 / step);
      expect(queue.busyShare(START, endOf(queue))).toBeGreaterThan(BUSY);
      expect(queue.longestSubmit).toBeLessThan(75);
    }
  });

  test.each(DELAYS)('a noisy neighbour makes submits longer, and leaves no gaps: %j', async (hearing) => {
    const neighbour = { seed: 3, factor: 4, quiet: 300, busy: 300 };
    for (const step of STEPS) {
      const { queue, run } = scheduled({ ...hearing, neighbour }, step);
      await run(2500 / step);
      expect(queue.busyShare(START, endOf(queue))).toBeGreaterThan(BUSY);
      expect(queue.longestSubmit).toBeLessThan(4 * 75);
    }
  });

  test.each(DELAYS)('nothing is submitted after an abort, and the rest is soon done: %j', async (hearing) => {
    for (const step of STEPS) {
      const { queue, run } = scheduled(hearing, step, Math.min(0.002, step / 2));
      const abort = new AbortController();
      let at = 0;
      queue.after(1500, () => {
        at = queue.now;
        abort.abort();
      });
      await run(10_000 / step, abort.signal);
      expect(endOf(queue)).toBeLessThanOrEqual(at);
      expect(queue.idleAt - at).toBeLessThan(220);
      expect(queue.now - at).toBeLessThanOrEqual(100);
    }
  });

  test.each(DELAYS)('an adapter 20 times slower is found out within a few submits: %j', async (hearing) => {
    const { queue, run } = scheduled(hearing, (now) => (now < 2000 ? 0.2 : 4));
    await run(16_000);
    expect(queue.longestSubmit).toBeLessThan(1100);
    const long = queue.submits.filter(({ work }) => work > 500);
    expect(long.length).toBeLessThan(10);
    for (const { work } of queue.submits.slice(-50)) expect(work).toBeLessThan(60);
  });

  test.each(DELAYS)('one that becomes 20 times faster is kept busy: %j', async (hearing) => {
    const { queue, run } = scheduled(hearing, (now) => (now < 2000 ? 4 : 0.2));
    await run(16_000);
    expect(queue.longestSubmit).toBeLessThan(60);
    expect(queue.busyShare(2000 + START, endOf(queue))).toBeGreaterThan(BUSY);
  });

  test.each(DELAYS)('a host that is slower than the GPU still does other things: %j', async (hearing) => {
    const { queue, run } = scheduled(hearing, 0.002, 0.005);
    let latest = 0;
    const tick = () => {
      const due = queue.now + 10;
      queue.after(10, () => {
        latest = Math.max(latest, queue.now - due);
        tick();
      });
    };
    tick();
    await run(600_000);
    // A turn of 25 ms, and the submit with which it ends.
    expect(latest).toBeLessThan(25 + 512 * 0.005);
    // But for a millisecond after each turn.
    expect(queue.busyShare(START, endOf(queue)) / (0.002 / 0.005)).toBeGreaterThan(0.9);
  });

  test.each(DELAYS)('yields are in order, and it ends with the last submit: %j', async (hearing) => {
    const { queue, submitted, run } = scheduled(hearing, 1);
    const yielded = await run(1000);
    const end = queue.now;
    expect(submitted.reduce((sum, count) => sum + count, 0)).toBe(1000);
    expect(endOf(queue)).toBe(end);
    expect(yielded).toEqual([...new Set(yielded)].toSorted((a, b) => a - b));
    expect(yielded.at(-1)).toBeLessThan(1000);
    // What follows need not wait until the rest is done.
    const next = await run(500);
    expect(queue.busyShare(end, endOf(queue))).toBeCloseTo(1);
    expect(next.every((done) => done > 0 && done < 500)).toBe(true);
    expect(await run(0)).toEqual([]);
  });
});

describe('where submitting waits for the GPU, submits are of bounded work too', () => {
  const HEARINGS = [...DELAYS, { delay: 5, clockQuantum: 16 }];
  const WAITS = [0, 1, 4].flatMap((before) => HEARINGS.map((hearing) => ({ ...hearing, before })));

  test.each(WAITS)('until all but some of those before are done: %j', async ({ before, ...hearing }) => {
    for (const step of [0.2, 20]) {
      const queue = new FakeQueue(hearing);
      const spent: number[] = [];
      const submit = (some: readonly Step[]) => {
        const since = queue.now;
        queue.submit(some.length * step);
        const ended = queue.submits.at(-1 - before)?.ended ?? 0;
        queue.spend(Math.max(0, ended - since));
        spent.push(queue.now - since);
      };
      const scheduler = new Scheduler({ device: queue.device, submit });
      const all = async () => {
        for await (const _ of scheduler.run(stepsOf(2500 / step)));
      };
      await queue.run(all());
      expect(queue.longestSubmit).toBeLessThan(75);
      expect(Math.max(...spent)).toBeLessThan(75);
      const later = queue.submits.filter(({ submitted }) => submitted > START);
      expect(Math.max(...later.map(({ submitted, ended }) => ended - submitted))).toBeLessThan(320);
    }
  });
});

test('the first submits have one step, which may take seconds, and two are in flight', async () => {
  const { queue, submitted, run } = scheduled({ delay: 5 }, 1500);
  await run(6);
  expect(submitted).toEqual([1, 1, 1, 1, 1, 1]);
  expect(queue.mostInFlight).toBe(2);
  expect(queue.busyShare(0, queue.idleAt)).toBe(1);
});

test('short runs, each waited for, also find out how much a submit can hold', async () => {
  const { queue, submitted, run } = scheduled({ polls: 100 }, 0.01);
  for (let epoch = 0; epoch < 12; epoch++) {
    await run(1875);
    await queue.run(queue.told());
  }
  // 19 ms of work, and the host hears of it at the next poll.
  expect(submitted.slice(-4)).toEqual([512, 512, 512, 339]);
});

test('a pause of whoever runs the steps says nothing of the adapter', async () => {
  const { queue, submitted, scheduler } = scheduled({ delay: 5 }, 0.5);
  const paused = async () => {
    let yields = 0;
    for await (const _ of scheduler.run(stepsOf(6000))) {
      if (++yields % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5000));
    }
  };
  await queue.run(paused());
  for (const count of submitted.slice(20, -1)) expect(count).toBeGreaterThan(90);
  expect(queue.longestSubmit).toBeLessThan(60);
});

test('a failure of the device ends the run', async () => {
  const { queue, scheduler } = scheduled({ delay: 5 }, 1);
  queue.device.queue.onSubmittedWorkDone = () => Promise.reject(new Error('lost'));
  const failed = async () => {
    for await (const _ of scheduler.run(stepsOf(10))) throw new Error('nothing is done');
  };
  await expect(queue.run(failed())).rejects.toMatchObject({ code: 'gpu' });
});
