import { describe, expect, test } from 'vitest';
import { CounterRandom } from '../../src/data/random.ts';
import { type Entry, fastestOf } from '../../src/train/trial.ts';
import { FakeQueue, type FakeQueueOptions } from '../support/fake-queue.ts';

interface Work {
  /** Milliseconds of a step, of the compiler, and of what a driver compiles when the first step is run. */
  readonly step: number;
  readonly compiler?: number;
  readonly driver?: number;
}

function entries(queue: FakeQueue, works: readonly Work[]): Entry[] {
  return works.map(({ step, compiler = 0, driver = 0 }, i) => ({
    name: `plan ${i}`,
    compiled: queue.compile(compiler),
    make: async () => {
      let first = driver;
      return {
        most: 512,
        submit: (count) => {
          queue.submit(count * step + first);
          first = 0;
        },
        finished: () => queue.told(),
        destroy: () => undefined,
      };
    },
  }));
}

/** How many times slower than the fastest the one is that seems to be it, and how long it took to tell. */
async function trial(options: FakeQueueOptions, steps: readonly number[]) {
  const queue = new FakeQueue({ overhead: 0.1, ...options });
  const works = steps.map((step) => ({ step }));
  const { name } = await queue.run(fastestOf(entries(queue, works), 1000));
  return { ratio: (steps[Number(name.slice(5))] ?? 0) / Math.min(...steps), milliseconds: queue.now };
}

const CASES = 40;

/** Steps of four contenders, all alike or very different, in any order. */
function cases(count: number): number[][] {
  const random = new CounterRandom(7, 0);
  return Array.from({ length: count }, (_, i) => {
    const fastest = [0.002, 0.02, 0.2, 2][i % 4] ?? 1;
    const others = Array.from({ length: 3 }, () => fastest * 10 ** (random.uniform() ** 2));
    return [fastest, ...others].sort(() => random.uniform() - 0.5);
  });
}

/** The share of the cases in which the one that was chosen is within 10 % of the fastest, and the longest trial. */
async function results(options: (seed: number) => FakeQueueOptions) {
  const all: Awaited<ReturnType<typeof trial>>[] = [];
  for (const [seed, steps] of cases(CASES).entries()) all.push(await trial(options(seed), steps));
  return {
    right: all.filter(({ ratio }) => ratio <= 1.1).length / CASES,
    longest: Math.max(...all.map(({ milliseconds }) => milliseconds)),
  };
}

test.each<[string, FakeQueueOptions, number]>([
  ['a good clock', {}, 600],
  ['a clock in steps of 65 us', { clockQuantum: 0.065 }, 600],
  ['a clock in steps of 100 us', { clockQuantum: 0.1 }, 600],
  ['a clock in steps of 1 ms', { clockQuantum: 1 }, 600],
  ['a host that hears 5 ms late', { delay: 5 }, 600],
  ['a host that hears 100 ms late', { delay: 100, clockQuantum: 0.1 }, 5000],
  ['a host that hears every 100 ms', { polls: 100, clockQuantum: 1 }, 5000],
])('the fastest is found with %s', async (_, options, most) => {
  const { right, longest } = await results(() => options);
  expect(right).toBe(1);
  expect(longest).toBeLessThan(most);
});

test.each([
  [2, 5, 5],
  [3, 30, 30],
  [1.5, 200, 200],
  [10, 20, 5],
])(
  'the fastest is found beside a neighbour, with whom work takes %s times as long',
  async (factor, quiet, busy) => {
    const { right, longest } = await results((seed) => ({ neighbour: { seed, factor, quiet, busy } }));
    expect(right).toBeGreaterThanOrEqual(0.95);
    expect(longest).toBeLessThan(700);
  },
);

describe('how long a compiler takes is not how fast a plan is', () => {
  test('the fastest is found where the driver compiles in the first step', async () => {
    const queue = new FakeQueue();
    const works = [{ step: 2, driver: 5 }, { step: 1, driver: 150 }, { step: 3 }];
    const { name, times } = await queue.run(fastestOf(entries(queue, works), 1000));
    expect(name).toBe('plan 1');
    expect(times).toEqual({
      'plan 0': expect.closeTo(2000),
      'plan 1': expect.closeTo(1000),
      'plan 2': expect.closeTo(3000),
    });
  });

  test('where a compiler is slow, the training begins with what is ready', async () => {
    const queue = new FakeQueue();
    const works = [
      { step: 1, compiler: 100 },
      { step: 3, compiler: 50 },
      { step: 0.5, compiler: 10_000 },
    ];
    const { name, times } = await queue.run(fastestOf(entries(queue, works), 1000));
    expect([name, Object.keys(times)]).toEqual(['plan 0', ['plan 0', 'plan 1']]);
    expect(performance.now()).toBeLessThan(1000);
  });

  test('the first that is ready is enough, whatever its place', async () => {
    const queue = new FakeQueue();
    // As where each has a compiler of its own.
    const list = [9000, 800, 10_000].map((compiler, i): Entry => {
      const [entry] = entries(queue, [{ step: 1 }]);
      if (!entry) throw new Error('no entry');
      const compiled = new Promise<void>((resolve) => queue.after(compiler, resolve));
      return { ...entry, name: `plan ${i}`, compiled };
    });
    expect(await queue.run(fastestOf(list, 1000))).toEqual({ name: 'plan 1', times: {} });
    expect(performance.now()).toBe(800);
  });

  test('where the driver is slow, it compiles one plan and no more', async () => {
    const queue = new FakeQueue();
    const works = [
      { step: 2, driver: 2000 },
      { step: 1, driver: 10_000 },
    ];
    // Of one alone there is nothing to tell.
    expect(await queue.run(fastestOf(entries(queue, works), 1000))).toEqual({ name: 'plan 0', times: {} });
    expect(performance.now()).toBeLessThan(2100);
  });

  test('what does not compile is told', async () => {
    const queue = new FakeQueue();
    const [entry] = entries(queue, [{ step: 1 }]);
    if (!entry) throw new Error('no entry');
    const broken = { ...entry, compiled: Promise.reject(new Error('no such instruction')) };
    await expect(queue.run(fastestOf([entry, broken], 1000))).rejects.toThrow('no such instruction');
  });
});

test('a slow one is left out soon, and all are freed', async () => {
  const queue = new FakeQueue();
  const freed: string[] = [];
  const list = entries(queue, [{ step: 50 }, { step: 2000 }, { step: 49 }]).map((entry) => ({
    ...entry,
    make: async () => ({ ...(await entry.make()), destroy: () => void freed.push(entry.name) }),
  }));
  // Seconds of a trial are few before an hour of training.
  const { name } = await queue.run(fastestOf(list, 72_000));
  expect(name).toBe('plan 2');
  expect(performance.now()).toBeLessThan(5000);
  expect(freed).toEqual(['plan 0', 'plan 1', 'plan 2']);
});
