import { ShadegradError } from '../errors.ts';

/** A way to train, as it is timed. */
export interface Contender {
  /** The most steps that a submit can hold. */
  readonly most: number;
  /** Submits `count` steps, 1 to {@link Contender.most}. */
  readonly submit: (count: number) => void;
  /** Waits until the host is told that all is done that was submitted. */
  readonly finished: () => Promise<void>;
  readonly destroy: () => void;
}

/** A contender that is made when it is its turn. */
export interface Entry {
  readonly name: string;
  /** Resolves when it can be made without a wait. */
  readonly compiled: Promise<void>;
  readonly make: () => Promise<Contender>;
}

/** For so long other contenders' compilers are waited for, once one contender is ready. */
const COMPILE_MILLISECONDS = 400;
/** For so long where that one's time is known already. A compiler that takes longer is not waited for again. */
const LEARNING_MILLISECONDS = 10_000;

/** A driver that compiled for longer than this in first steps is given no other contender, unless nothing was learned. */
const DRIVER_MILLISECONDS = 1000;

/** Steps are timed in windows of at least half of this: clocks may be rounded to 0.1 ms. */
const WINDOW_MILLISECONDS = 10;

/** A window grows by this factor at most, since a step's time is not known yet. */
const GROWTH = 8;
/** A contender's first window has this share of the steps of the first one's. */
const BEGIN = 1 / 8;
const LATE_BEGIN = 1 / 2;

/** The most steps of a window: more need too many submits. */
const MOST_STEPS = 2 ** 18;

/** Where the host hears of finished work later than this, it may hear of it only now and then, as in Firefox. */
const LATE_MILLISECONDS = 5;

/** There a window is this many times as long as the host is late, in so many submits that how many are done tells much. */
const LATE_WINDOWS = 3;
const LATE_SUBMITS = 64;

/**
 * For so long contenders are begun to be timed, or for this share of the work that is before the training, and for twice
 * as long they are timed again while it is not clear which is the fastest: starts stay short.
 */
const TRIAL_MILLISECONDS = 200;
const TRIAL_SHARE = 0.02;
const LONGEST_TRIAL_MILLISECONDS = 10_000;
/** The same where the host hears late, as a multiple of how late. */
const LATE_TRIAL = 40;

/** A contender this many times slower than the best is out; after its first window only if it is so by far. */
const HOPELESS = 2;
const HOPELESS_AT_ONCE = 16;

/** Other programs can only make a window longer. So the shortest counts, once another one is nearly as short. */
const AGREEMENT = 1.05;
/** Fewer could agree by chance. */
const LEAST_WINDOWS = 5;

/**
 * Which contender is the fastest, by steps that are timed in turns.
 *
 * How long a compiler takes does not count. It is waited for until one contender is ready, and for the others a moment
 * longer; and each one's first step is not timed, since some drivers compile there. What the host hears late cancels out:
 * see {@link windowTime}.
 *
 * @param entries at least one, the likeliest to be the fastest first: others are left out where time does not allow more
 * @param steps before the training: the longer they take, the longer a trial may
 * @param isKnown whether the first one's time is known from another start. Then it is timed in any case, and one more too,
 *   even if compilers are slow: so each start learns something
 * @returns its name, microseconds of a step of each that was timed, and the names of those that do not compile, or not soon
 *   enough to be waited for again
 * @throws ShadegradError `gpu` or `usage` where none compiles; anything else that an entry's promises reject with
 */
export async function fastestOf(
  entries: readonly Entry[],
  steps: number,
  isKnown: boolean,
): Promise<{
  readonly name: string;
  readonly times: Readonly<Record<string, number>>;
  readonly uncompiled: readonly string[];
}> {
  const { ready, uncompiled } = await compile(entries, isKnown);
  const all: Timed[] = [];
  try {
    await timeInTurns(ready, steps, isKnown, all);
    const [fastest] = all.toSorted((a, b) => a.time - b.time);
    const times = Object.fromEntries(all.map(({ name, time }) => [name, 1000 * time]));
    // Where there is no room for a trial, there may be for the training: it tells if not.
    return { name: (fastest ?? ready[0]).name, times, uncompiled };
  } finally {
    for (const timed of all) timed.destroy();
  }
}

/**
 * Those whose compiler is done, in their order, and the names of those that do not compile or take too long.
 * @throws why one does not compile, where none does
 */
async function compile(
  entries: readonly Entry[],
  isKnown: boolean,
): Promise<{ readonly ready: readonly [Entry, ...Entry[]]; readonly uncompiled: readonly string[] }> {
  const done = new Set<Entry>();
  const failures = new Map<Entry, unknown>();
  const each = entries.map(async (entry) => {
    try {
      await entry.compiled;
      done.add(entry);
    } catch (error) {
      failures.set(entry, error);
      throw error;
    }
  });
  const [first, ...others] = each;
  if (isKnown) {
    await Promise.allSettled([first]);
    await isDoneWithin(LEARNING_MILLISECONDS, anyOf(others));
  }
  await anyOf(each);
  await isDoneWithin(COMPILE_MILLISECONDS, Promise.allSettled(each));
  for (const failure of failures.values()) assertBearable(failure);
  const [best, ...more] = entries.filter((entry) => done.has(entry));
  const [reason] = failures.values();
  if (!best) throw reason;
  const waiting = entries.find((entry) => !done.has(entry) && !failures.has(entry));
  // On software they are compiled one after another, so of those behind it nothing is known.
  const late = isKnown && best === entries[0] && more.length === 0 && waiting ? [waiting] : [];
  return { ready: [best, ...more], uncompiled: [...failures.keys(), ...late].map(({ name }) => name) };
}

/** Until one is kept or all are broken. */
async function anyOf(promises: readonly Promise<void>[]): Promise<void> {
  await Promise.any(promises).catch(() => undefined);
}

/**
 * Passes over what only one plan may suffer from: it does not compile, or is too large for the device.
 * @throws anything else
 */
function assertBearable(error: unknown): void {
  if (!(error instanceof ShadegradError) || (error.code !== 'gpu' && error.code !== 'usage')) throw error;
}

/** Whether `work` came to its end within so many milliseconds. */
export async function isDoneWithin(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  // It may fail when nobody waits for it any more.
  work.catch(() => undefined);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @param all becomes what was timed */
async function timeInTurns(
  entries: readonly Entry[],
  steps: number,
  isKnown: boolean,
  all: Timed[],
): Promise<void> {
  const began = performance.now();
  const best = () => Math.min(...all.map(({ time }) => time));
  let late = 0;
  /** What first steps took longer than others: there the driver compiled. */
  let compiling = 0;
  const budget = () => {
    const least = Math.max(TRIAL_MILLISECONDS, LATE_TRIAL * late);
    return Math.max(least, Math.min(TRIAL_SHARE * steps * best(), LONGEST_TRIAL_MILLISECONDS));
  };
  for (const entry of entries) {
    const isOver = all.length > 1 && performance.now() - began - compiling > budget();
    const isSlow = all.length > (isKnown ? 1 : 0) && compiling > DRIVER_MILLISECONDS;
    if (isOver || isSlow) break;
    const contender = await entry.make().catch(assertBearable);
    if (!contender) continue;
    const [before] = all;
    const share = late > LATE_MILLISECONDS ? LATE_BEGIN : BEGIN;
    const timed = new Timed(entry.name, contender, Math.max(1, Math.floor(share * (before?.steps ?? 1))));
    all.push(timed);
    const started = performance.now();
    contender.submit(1);
    await contender.finished();
    const first = performance.now() - started;
    if (!before) late = await lateness(contender);
    await timed.window(late);
    compiling += Math.max(0, first - late - timed.time);
  }
  // There the windows are long, and there is no time for more of them.
  if (late > LATE_MILLISECONDS) return;
  const until = performance.now() + 2 * budget();
  for (let running: readonly Timed[] = all; performance.now() < until; ) {
    running = running.filter((timed) => timed.time <= timed.patience * best());
    if (running.length === 1 || running.every(({ isClear }) => isClear)) break;
    for (const timed of running) await timed.window(late);
  }
}

/** How late the host hears of an empty queue, in milliseconds. */
async function lateness({ finished }: Contender): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 2; i++) {
    const started = performance.now();
    await finished();
    times.push(performance.now() - started);
  }
  return Math.min(...times);
}

/** A contender and what is known of it. */
class Timed {
  readonly name: string;
  readonly #contender: Contender;
  /** Milliseconds of a step, of each window that was long enough. */
  readonly #times: number[] = [];
  /** Of the next window. */
  steps: number;

  constructor(name: string, contender: Contender, steps: number) {
    this.name = name;
    this.#contender = contender;
    this.steps = steps;
  }

  /** Milliseconds of a step. */
  get time(): number {
    return Math.min(...this.#times);
  }

  /** How many times slower than the best it may seem and stay. */
  get patience(): number {
    return this.#times.length > 1 ? HOPELESS : HOPELESS_AT_ONCE;
  }

  /** Whether more windows would tell little. */
  get isClear(): boolean {
    const [first = 0, second = 0] = this.#times.toSorted((a, b) => a - b);
    return this.#times.length >= LEAST_WINDOWS && second <= AGREEMENT * first;
  }

  /** Times one more window; the first one is made longer until it is long enough. */
  async window(late: number): Promise<void> {
    const wanted = Math.max(WINDOW_MILLISECONDS, LATE_WINDOWS * late);
    for (;;) {
      const { steps } = this;
      const time = await windowTime(this.#contender, steps, late);
      const factor = Math.min(GROWTH, wanted / time);
      this.steps = Math.min(MOST_STEPS, Math.max(1, Math.round(factor * steps)));
      if (time < wanted / 2 && this.steps > steps) continue;
      this.#times.push(time / steps);
      return;
    }
  }

  destroy(): void {
    this.#contender.destroy();
  }
}

/**
 * Milliseconds of the GPU's time for `steps` steps.
 *
 * Where the host hears of finished work always equally late, that much is too much. Where it hears only now and then,
 * what it was told in between counts: between two such moments it is known how many submits came to their end. The longer
 * of the two is right, since in the second case the first is too short.
 */
async function windowTime(contender: Contender, steps: number, late: number): Promise<number> {
  const { most, submit, finished } = contender;
  const pieces = late > LATE_MILLISECONDS ? LATE_SUBMITS : 1;
  const size = Math.min(most, Math.ceil(steps / pieces));
  const told: { readonly time: number; readonly done: number }[] = [];
  const waits: Promise<void>[] = [];
  const started = performance.now();
  for (let first = 0; first < steps; first += size) {
    const done = Math.min(steps, first + size);
    submit(done - first);
    if (pieces === 1 && done < steps) continue;
    waits.push(finished().then(() => void told.push({ time: performance.now(), done })));
  }
  await Promise.all(waits);
  const ended = performance.now();
  const [first] = told;
  const begin = told.findLast(({ time }) => time === first?.time);
  // The queue may have been empty for a while when the host heard of the last ones.
  const end = told.findLast(({ time }) => time < (told.at(-1)?.time ?? 0));
  const between =
    begin && end && end.done > begin.done ? ((end.time - begin.time) / (end.done - begin.done)) * steps : 0;
  return Math.max(ended - started - late, between, 0);
}
