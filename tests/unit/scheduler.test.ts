import { describe, expect, test } from 'vitest';
import { Scheduler } from '../../src/train/scheduler.ts';
import type { Step } from '../../src/train/step.ts';
import { FakeQueue, type FakeQueueOptions } from '../support/fake-queue.ts';

const STEP: Step = { offset: 0, count: 1, index: 0, t: 1, rootCorrection: 1, rates: new Float32Array() };

const steps = (length: number) => ({
  length,
  slice: (start: number, end: number) =>
    new Array<Step>(Math.max(0, Math.min(end, length) - start)).fill(STEP),
});

function scheduled(options: FakeQueueOptions, step: (time: number) => number, hostStep = 0) {
  const queue = new FakeQueue(options);
  const scheduler = new Scheduler({
    device: queue.device,
    submit: (some) => {
      queue.spend(hostStep * some.length);
      queue.submit(some.length * step(queue.now));
    },
  });
  return { queue, scheduler };
}

async function drain(generator: AsyncGenerator<number>) {
  const all: number[] = [];
  for await (const done of generator) all.push(done);
  return all;
}

test('table', async () => {
  for (const hearing of [{delay:0},{delay:5},{delay:100},{polls:100}] as FakeQueueOptions[]) {
    for (const step of [0.002,0.2,1,20]) {
      const { queue, scheduler } = scheduled(hearing, () => step, step === 0.002 ? 0.001 : 0.002);
      await queue.run(drain(scheduler.run(steps(8000 / step))));
      const at = (share: number) => {
        for (let since = 0; since < 6000; since += 10) if (queue.busyShare(since, since + 500) >= share) return since;
        return -1;
      };
      const end = queue.submits.at(-1)?.submitted ?? 0;
      console.log(JSON.stringify(hearing), step, 'busy', queue.busyShare(2000, end).toFixed(4), queue.busyShare(end-2000, end).toFixed(4), 'start', at(0.95), 'longest', queue.longestSubmit.toFixed(1), 'inflight', queue.mostInFlight, 'queue', queue.longestQueue.toFixed(0), 'end', queue.now.toFixed(0));
    }
  }
});
