import { describe, expect, test } from 'vitest';
import { CounterRandom } from '../../src/data/random.ts';
import { initialModel } from '../../src/model/initialise.ts';
import {
  mostEpochLossApart,
  mostLossApart,
  mostMistakesApart,
  squaresToMean,
} from '../../src/report/apart.ts';
import { mostRoundingApart, withRounding } from '../../src/report/rounding.ts';

describe('mistakes of two networks', () => {
  // By Python's exact math.comb: the greatest 2 k - m, where 2 (comb(m, k) + ... + comb(m, m)) / 2^m is above the chance.
  test.each([
    { wrong: [0, 0], count: 100, chance: 0.001, most: 0 },
    { wrong: [1, 0], count: 100, chance: 0.001, most: 1 },
    { wrong: [5, 5], count: 100, chance: 0.001, most: 10 },
    { wrong: [10, 10], count: 1000, chance: 0.05, most: 8 },
  ] as const)(
    '$wrong of $count may be $most apart at a chance of $chance',
    ({ wrong, count, chance, most }) => {
      expect(mostMistakesApart(wrong, count, chance)).toBe(most);
    },
  );

  test('that are many are those of a normal distribution', () => {
    // The quantile of 1 - 0.001 / 2 is 3.2905.
    const most = mostMistakesApart([250, 240], 10_000, 0.001);
    expect(Math.abs(most - 3.2905 * Math.sqrt(490))).toBeLessThan(2);
    // Where nearly all are wrong, those that are right decide.
    expect(mostMistakesApart([9750, 9760], 10_000, 0.001)).toBe(most);
  });

  test('of networks that are equally good are further apart as rarely as is said', () => {
    const random = new CounterRandom(1, 0);
    const chance = 0.05;
    let alarms = 0;
    const times = 1000;
    for (let i = 0; i < times; i++) {
      const wrong = () => Array.from({ length: 200 }, () => random.uniform() < 0.1).filter(Boolean).length;
      const [one, other] = [wrong(), wrong()];
      if (Math.abs(one - other) > mostMistakesApart([one, other], 200, chance)) alarms++;
    }
    // At most the chance, and five standard deviations of their number.
    expect(alarms / times).toBeLessThan(chance + 5 * Math.sqrt((chance * (1 - chance)) / times));
    expect(alarms).toBeGreaterThan(0);
  });
});

describe('mean losses of two networks', () => {
  test('may be as far apart as Student has it, and by what rounding adds', () => {
    // Variance 5 / 3; t of 0.95 with 3 degrees of freedom 3.182446.
    const most = mostLossApart([1, 2, 3, 4], 0.05);
    expect(Math.abs(most - (2e-5 + 3.182446305284263 * Math.sqrt((2 * (5 / 3)) / 4)))).toBeLessThan(1e-9);
    expect(mostLossApart([1, 1, 1], 0.05)).toBe(2e-5);
  });
});

describe('mean losses of an epoch', () => {
  test('may be as far apart as the variance that other samples have for their mean', () => {
    expect(squaresToMean([0, 0, 3, 5])).toBe(34 / 8);
    expect(squaresToMean([0, 0])).toBe(0);
    expect(squaresToMean([])).toBe(0);
    const most = mostEpochLossApart(0.5, 4, 100, 3);
    expect(Math.abs(most - (2e-5 + 3 * Math.sqrt((2 * 0.5 * 4) / 100)))).toBeLessThan(1e-12);
    // No ratio of samples with a mean of 5 is below 5.
    expect(mostEpochLossApart(5, 4, 100, 3)).toBe(mostEpochLossApart(5, 5, 100, 3));
    expect(mostEpochLossApart(0, 0, 100, 3)).toBe(2e-5);
  });

  test('of few samples that cost much are further apart as rarely as is said', () => {
    const random = new CounterRandom(1, 0);
    const [times, count, t] = [1000, 400, 1.97];
    // One in ten costs 1 to 3; the ratio is that of other samples of the kind.
    const losses = () =>
      Array.from({ length: count }, () => (random.uniform() < 0.1 ? 1 + 2 * random.uniform() : 0));
    const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / count;
    let alarms = 0;
    for (let i = 0; i < times; i++) {
      const [one, other] = [mean(losses()), mean(losses())];
      if (Math.abs(one - other) > mostEpochLossApart(one, squaresToMean(losses()), count, t)) alarms++;
    }
    expect(alarms / times).toBeLessThan(0.05 + 5 * Math.sqrt((0.05 * 0.95) / times));
    expect(alarms).toBeGreaterThan(0);
  });
});

describe('rounding', () => {
  const model = initialModel({ inputs: 7, hidden: [5], classes: 3 }, 1);

  test('moves each weight by no more than the roundings of so many steps add up to, each copy in its own way', () => {
    const steps = 100;
    const most = 2 ** -24 * Math.sqrt(steps);
    const copies = [0, 1].map((copy) => withRounding(model, steps, 'f32', copy));
    for (const copy of copies) {
      for (const [i, { data }] of copy.tensors.entries()) {
        for (const [j, weight] of data.entries()) {
          const before = model.tensors[i]?.data[j] ?? Number.NaN;
          // The moved weight is rounded to float32 itself.
          expect(Math.abs(weight - before)).toBeLessThanOrEqual(Math.abs(before) * (most + 2 ** -24));
        }
      }
    }
    expect(copies[0]).not.toEqual(model);
    expect(copies[0]).not.toEqual(copies[1]);
    expect(withRounding(model, steps, 'f32', 1)).toEqual(copies[1]);
  });

  test('takes losses as far as Student has it for the deviations of the copies', () => {
    const most = mostRoundingApart(1, [1.1, 0.9, 1.1], 0.05);
    expect(Math.abs(most - 3.182446305284263 * 0.1)).toBeLessThan(1e-9);
  });
});
