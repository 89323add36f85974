import { describe, expect, test } from 'vitest';
import { ratesOf } from '../../src/train/rounds.ts';
import {
  learningRateFactor,
  type RateChange,
  rateChangeRecords,
  SCHEDULE_NAMES,
  type Schedule,
  scheduleEnd,
  withRateChange,
} from '../../src/train/schedule.ts';
import { failure } from '../support/failure.ts';
import { goldenSchedules } from '../support/golden.ts';

const constant: Schedule = { name: 'constant' };
const cosine = (epochs: number): Schedule => ({ name: 'cosine', epochs });
const step = (epochs: number, factor: number): Schedule => ({ name: 'step', epochs, factor });

/** Of the first `steps` steps. */
function factors(schedule: Schedule, warmup: number, stepsPerEpoch: number, steps: number): number[] {
  const factor = learningRateFactor(schedule, warmup, stepsPerEpoch);
  return Array.from({ length: steps }, (_, i) => factor(i + 1));
}

describe("PyTorch's schedulers", () => {
  test.each(goldenSchedules)('$schedule, warm-up $warmup, $stepsPerEpoch steps an epoch', (golden) => {
    const { schedule, warmup, stepsPerEpoch, factors: expected } = golden;
    for (const [i, factor] of factors(schedule, warmup, stepsPerEpoch, expected.length).entries()) {
      // PyTorch makes each rate of the one before: up to eight roundings a step, each of at most 2^-53.
      const tolerance = (i + 1) * 2 ** -50;
      expect(Math.abs(factor - (expected[i] ?? Number.NaN)), `step ${i + 1}`).toBeLessThanOrEqual(tolerance);
    }
  });

  test('are there for every schedule', () => {
    expect(new Set(goldenSchedules.map(({ schedule }) => schedule.name))).toEqual(new Set(SCHEDULE_NAMES));
  });
});

test('a warm-up rises in even steps, from above 0 to the first step after it', () => {
  for (const schedule of [constant, cosine(2), step(1, 0.1)]) {
    expect(factors(schedule, 0.4, 10, 5)).toEqual([1 / 5, 2 / 5, 3 / 5, 4 / 5, 1]);
  }
});

test('a part of an epoch is rounded to whole steps', () => {
  expect(factors(constant, 0.24, 10, 3)).toEqual([1 / 3, 2 / 3, 1]);
  expect(factors(constant, 0.26, 10, 4)).toEqual([1 / 4, 2 / 4, 3 / 4, 1]);
  expect(factors(constant, 0.04, 10, 1)).toEqual([1]);
});

test.each([1, 2, 7, 1000])('a cosine over %d steps falls from 1, to above 0 in its last', (steps) => {
  const all = factors(cosine(1), 0, steps, steps + 2);
  expect(all[0]).toBe(1);
  for (let i = 1; i < steps; i++) expect(all[i]).toBeLessThan(all[i - 1] ?? Number.NaN);
  expect(all[steps - 1]).toBeGreaterThan(0);
  expect(all.slice(steps)).toEqual([0, 0]);
});

test("the last step of a very long cosine is not lost in rounding: half of a step's angle, squared", () => {
  const steps = 1e9;
  const last = learningRateFactor(cosine(1000), 0, 1e6)(steps);
  expect(last / (Math.PI / 2 / steps) ** 2).toBeCloseTo(1, 12);
});

test('a step schedule counts its epochs from the end of the warm-up', () => {
  expect(factors(step(1, 0.5), 0.5, 4, 11)).toEqual([1 / 3, 2 / 3, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]);
});

test('only a cosine ends', () => {
  expect([constant, cosine(12), step(5, 0.1)].map(scheduleEnd)).toEqual([undefined, 12, undefined]);
});

test.each<[string, Schedule, number]>([
  ['schedule: linear', { name: 'linear' } as unknown as Schedule, 0],
  ['warm-up: -1', constant, -1],
  ['warm-up: NaN', constant, Number.NaN],
  ['warm-up: Infinity', step(1, 0.1), Number.POSITIVE_INFINITY],
  ["the schedule's epochs: 0", cosine(0), 0],
  ["the schedule's epochs: 2.5", cosine(2.5), 0],
  ["the schedule's epochs: NaN", step(Number.NaN, 0.1), 0],
  ["the schedule's factor: 0", step(1, 0), 0],
  ["the schedule's factor: 1.1", step(1, 1.1), 0],
  ["the schedule's factor: NaN", step(1, Number.NaN), 0],
  ['warm-up: 20 steps of 20', cosine(2), 2],
  ['warm-up: 35 steps of 20', cosine(2), 3.5],
])('%s is refused', (cause, schedule, warmup) => {
  const error = failure(() => learningRateFactor(schedule, warmup, 10));
  expect(error.code).toBe('usage');
  expect(error.message).toBe(`${cause} is out of range.`);
  expect(error.nextStep).toMatch(/^Use /);
});

describe('changes of the learning rate', () => {
  const change = (step: number, learningRate: number): RateChange => ({ step, learningRate });

  test('take the place of what each network began with, and the schedule multiplies them', () => {
    const members = [0.1, 0.2].map((learningRate, seed) => ({
      ...{ seed, learningRate, weightDecay: 0.5, history: [], diverged: null, stopped: false, best: null },
      train: new Uint32Array(),
      validation: new Uint32Array(),
    }));
    let changes: readonly RateChange[] | undefined;
    const rates = ratesOf(
      { members, state: undefined, seconds: 0 },
      (t) => 1 / t,
      () => changes,
    );
    const at = (t: number) => rates(t).map(({ learningRate }) => t * learningRate);
    expect(at(3)).toEqual([0.1, 0.2]);
    // There may be more of them at any time.
    changes = [change(4, 8), change(8, 16)];
    expect([3, 4, 7, 8, 1e6].map(at)).toEqual([
      [0.1, 0.2],
      [8, 8],
      [8, 8],
      [16, 16],
      [16, 16],
    ]);
    expect(rates(8).map(({ weightDecay }) => weightDecay)).toEqual([0.5, 0.5]);
  });

  test('replace each other at one step, and are none where nothing changes', () => {
    const one = withRateChange([], change(4, 1), [0.1]);
    expect(one).toEqual([change(4, 1)]);
    expect(withRateChange(one, change(4, 2), [0.1])).toEqual([change(4, 2)]);
    expect(withRateChange(one, change(5, 2), [0.1])).toEqual([change(4, 1), change(5, 2)]);
    expect(withRateChange(one, change(5, 1), [0.1])).toEqual(one);
    expect(withRateChange(one, change(4, 0.1), [0.1])).toEqual([]);
    // One of the networks has another.
    expect(withRateChange([], change(4, 0.1), [0.1, 0.2])).toEqual([change(4, 0.1)]);
  });

  test('are in the history with the place of their step, and what was before', () => {
    const changes = [change(11, 1), change(16, 2)];
    expect(rateChangeRecords(changes, 0.1, 10)).toEqual([
      { step: 11, epoch: 1, before: 0.1, after: 1 },
      { step: 16, epoch: 1.5, before: 1, after: 2 },
    ]);
    expect(rateChangeRecords(changes, [0.1, 0.2], 10)[0]?.before).toBeNull();
    expect(rateChangeRecords(changes, [0.1, 0.1], 10)[0]?.before).toBe(0.1);
  });
});
