import { describe, expect, test } from 'vitest';
import { CounterRandom } from '../../src/data/random.ts';
import { ShadegradError } from '../../src/errors.ts';
import { learned, type PlanTimes, toTry } from '../../src/train/plan-times.ts';
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
  const { name } = await queue.run(fastestOf(entries(queue, works), 1000, false));
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
    const { name, times } = await queue.run(fastestOf(entries(queue, works), 1000, false));
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
    const { name, times } = await queue.run(fastestOf(entries(queue, works), 1000, false));
    expect([name, Object.keys(times)]).toEqual(['plan 0', ['plan 0', 'plan 1']]);
    expect(performance.now()).toBeLessThan(1000);
  });

  // As where each has a compiler of its own.
  function compiledAfter(queue: FakeQueue, compilers: readonly number[]): Entry[] {
    return entries(
      queue,
      compilers.map((_, i) => ({ step: i + 1 })),
    ).map((entry, i) => ({
      ...entry,
      compiled: new Promise<void>((resolve) => queue.after(compilers[i] ?? 0, resolve)),
    }));
  }

  test('the first that is ready is enough, whatever its place, and is timed', async () => {
    const queue = new FakeQueue();
    const list = compiledAfter(queue, [9000, 800, 10_000]);
    const { name, times } = await queue.run(fastestOf(list, 1000, false));
    expect({ name, times }).toEqual({ name: 'plan 1', times: { 'plan 1': expect.closeTo(2000) } });
    expect(performance.now()).toBeLessThan(1300);
  });

  test('for the others it is waited from when the first is ready', async () => {
    const queue = new FakeQueue();
    const { times } = await queue.run(fastestOf(compiledAfter(queue, [500, 510, 899, 901]), 1000, false));
    expect(Object.keys(times)).toEqual(['plan 0', 'plan 1', 'plan 2']);
  });

  test('where the driver is slow, it compiles one plan and no more', async () => {
    const queue = new FakeQueue();
    const works = [
      { step: 2, driver: 2000 },
      { step: 1, driver: 10_000 },
    ];
    const { name, times } = await queue.run(fastestOf(entries(queue, works), 1000, false));
    expect({ name, times }).toEqual({ name: 'plan 0', times: { 'plan 0': expect.closeTo(2000) } });
    expect(performance.now()).toBeLessThan(2100);
  });

  /** What is known after so many starts, and how long each took. */
  async function starts(count: number, works: readonly (Work & { readonly name: string })[]) {
    let times: PlanTimes = {};
    const milliseconds: number[] = [];
    const [first, ...others] = works;
    if (!first) throw new Error('nothing to try');
    for (let start = 0; start < count; start++) {
      const queue = new FakeQueue();
      const tried = toTry([first, ...others], times);
      const list = entries(queue, tried).map((entry, i) => ({ ...entry, name: tried[i]?.name ?? '' }));
      const { times: timed, uncompiled } = await queue.run(fastestOf(list, 1000, start > 0));
      times = learned(times, list[0]?.name ?? '', timed, uncompiled);
      milliseconds.push(queue.now);
    }
    return { times, milliseconds };
  }

  test.each<[string, readonly (Work & { readonly name: string })[], PlanTimes]>([
    [
      'the driver compiles in each first step',
      [
        { name: 'a', step: 2, driver: 3000 },
        { name: 'b', step: 1, driver: 2000 },
        { name: 'c', step: 3, driver: 4000 },
      ],
      { a: expect.closeTo(2000), b: expect.closeTo(1000), c: expect.closeTo(3000) },
    ],
    [
      'compilers take longer than patience lasts',
      [
        { name: 'a', step: 2, compiler: 500 },
        { name: 'b', step: 1, compiler: 12_000 },
        { name: 'c', step: 3, compiler: 4000 },
      ],
      { a: expect.closeTo(2000), b: null, c: expect.closeTo(3000) },
    ],
  ])('after as many starts as plans all is learned where %s', async (_, works, expected) => {
    const { times, milliseconds } = await starts(3, works);
    expect(times).toEqual(expected);
    expect(Math.max(...milliseconds)).toBeLessThan(11_500);
  });

  const noCompile = new ShadegradError('gpu', 'no such instruction', '');
  const fails = (error: Error): Promise<never> => {
    const compiled = Promise.reject(error);
    compiled.catch(() => undefined);
    return compiled;
  };

  test('what does not compile is left out', async () => {
    const queue = new FakeQueue();
    const list = compiledAfter(queue, [0, 20, 500]).map((entry, i) =>
      i === 0 ? { ...entry, compiled: fails(noCompile) } : entry,
    );
    for (const isKnown of [false, true]) {
      const { name, times, uncompiled } = await queue.run(fastestOf(list, 1000, isKnown));
      expect([name, Object.keys(times)[0], uncompiled]).toEqual(['plan 1', 'plan 1', ['plan 0']]);
    }
  });

  test('what does not compile is told where nothing does', async () => {
    const queue = new FakeQueue();
    const list = compiledAfter(queue, [0, 0]).map((entry) => ({ ...entry, compiled: fails(noCompile) }));
    await expect(queue.run(fastestOf(list, 1000, true))).rejects.toThrow('no such instruction');
  });

  test('a lost device and mistakes of the program are told', async () => {
    for (const error of [new ShadegradError('device-lost', 'gone', ''), new TypeError('gone')]) {
      const queue = new FakeQueue();
      const [first, second] = compiledAfter(queue, [0, 0]);
      if (!first || !second) throw new Error('no entries');
      for (const broken of [
        { ...second, compiled: fails(error) },
        { ...second, make: () => fails(error) },
      ]) {
        await expect(queue.run(fastestOf([first, broken], 1000, false))).rejects.toThrow('gone');
      }
    }
  });

  test('what has no room for its trial is left out of it', async () => {
    const queue = new FakeQueue();
    const noRoom = () => fails(new ShadegradError('gpu', 'not enough memory', ''));
    const [first, second] = compiledAfter(queue, [0, 0]);
    if (!first || !second) throw new Error('no entries');
    const { name, times } = await queue.run(fastestOf([{ ...first, make: noRoom }, second], 1000, false));
    expect([name, Object.keys(times)]).toEqual(['plan 1', ['plan 1']]);
    const crowded = [first, second].map((entry) => ({ ...entry, make: noRoom }));
    // The training itself needs less.
    expect(await queue.run(fastestOf(crowded, 1000, false))).toEqual({
      name: 'plan 0',
      times: {},
      uncompiled: [],
    });
  });
});

test.each<[string, PlanTimes, Record<string, number>, string[], PlanTimes]>([
  // The machine is three times as slow as it was.
  ['times of a busy start are comparable', { a: 10, b: 12 }, { a: 30, c: 36 }, [], { a: 10, b: 12, c: 12 }],
  ['all times of a first start are kept', {}, { a: 30, b: 35 }, [], { a: 30, b: 35 }],
  ['times with which nothing can be compared are forgotten', { a: 10, b: 12 }, { c: 35 }, [], { c: 35 }],
  [
    'a compiler that took too long is remembered',
    { a: 10, c: null },
    { a: 20 },
    ['b'],
    { a: 10, b: null, c: null },
  ],
])('%s', (_, before, timed, uncompiled, expected) => {
  expect(learned(before, 'a', timed, uncompiled)).toEqual(expected);
});

test('a slow one is left out soon, and all are freed', async () => {
  const queue = new FakeQueue();
  const freed: string[] = [];
  const list = entries(queue, [{ step: 50 }, { step: 2000 }, { step: 49 }]).map((entry) => ({
    ...entry,
    make: async () => ({ ...(await entry.make()), destroy: () => void freed.push(entry.name) }),
  }));
  // Seconds of a trial are few before an hour of training.
  const { name } = await queue.run(fastestOf(list, 72_000, false));
  expect(name).toBe('plan 2');
  expect(performance.now()).toBeLessThan(5000);
  expect(freed).toEqual(['plan 0', 'plan 1', 'plan 2']);
});
