import { describe, expect, test } from 'vitest';
import { decide, estimate, judge, LOOKS, TOLERATED, tailOf } from '../../bench/verdict.mjs';
import { CounterRandom } from '../../src/data/random.ts';

const RECORDED = { median: 2, low: 1.9, high: 2.1 };

/** Ratios whose median is `median`, with a noise of so many per cent and, now and then, a round that is far off. */
function noisy(median: number, noise: number, seed: number) {
  const random = new CounterRandom(seed, 1);
  return async () => {
    const [a, b, c] = [random.uniform(), random.uniform(), random.uniform()];
    const normal = Math.sqrt(-2 * Math.log(1 - a)) * Math.cos(2 * Math.PI * b);
    return { ratio: median * Math.exp(noise * normal * (c > 0.9 ? 5 : 1)) };
  };
}

describe('one ratio', () => {
  test.each([
    ['the same', { median: 2, low: 1.8, high: 2.2 }, 'good'],
    ['faster', { median: 4, low: 3, high: 9 }, 'good'],
    ['a little slower than is tolerated', { median: 1.39, low: 1.3, high: 1.5 }, 'undecided'],
    ['much slower', { median: 1, low: 0.9, high: 1.1 }, 'slower'],
    ['anything', { median: 2, low: 0.5, high: 8 }, 'undecided'],
    ['known by too few rounds', { median: 1, low: null, high: null }, 'undecided'],
    ['no number', { median: Number.NaN, low: Number.NaN, high: Number.NaN }, 'undecided'],
  ])('%s', (_, now, verdict) => {
    expect(judge(now, RECORDED)).toBe(verdict);
  });

  test('the worse the recorded one is known, the less is decided', () => {
    const now = { median: 1.2, low: 1.1, high: 1.3 };
    expect(judge(now, RECORDED)).toBe('slower');
    expect(judge(now, { median: 2, low: 1.4, high: 2.8 })).toBe('undecided');
  });

  test('an interval needs as many rounds as the first look has', () => {
    const values = Array.from({ length: LOOKS[0] ?? 0 }, (_, i) => i + 1);
    expect(estimate(values, tailOf(8)).low).toBe(1);
    expect(estimate(values.slice(0, 5), tailOf(8)).low).toBeNull();
  });
});

describe('rounds', () => {
  const recorded = { ratio: RECORDED };
  const verdictOf = async (measure: () => Promise<{ ratio: number }>, options = {}) => {
    const { rounds, ratios } = await decide(measure, recorded, options);
    return [ratios[0]?.verdict, rounds];
  };

  test('end at the first look where it suffices', async () => {
    expect(await verdictOf(noisy(2, 0.05, 1))).toEqual(['good', LOOKS[0]]);
    expect(await verdictOf(noisy(5, 0.05, 2))).toEqual(['good', LOOKS[0]]);
    expect(await verdictOf(noisy(0.8, 0.05, 3))).toEqual(['slower', LOOKS[0]]);
  });

  test('go on while the machine is restless, to a verdict if there is one', async () => {
    const [verdict, rounds] = await verdictOf(noisy(2, 0.5, 4));
    expect(verdict).toBe('good');
    expect(rounds).toBeGreaterThan(LOOKS[0] ?? 0);
    expect(await verdictOf(noisy(2 * TOLERATED, 0.3, 5))).toEqual(['undecided', LOOKS.at(-1)]);
  });

  test('end when the time is over, undecided', async () => {
    let left = 3;
    expect(await verdictOf(noisy(2, 0.05, 6), { isOver: () => --left === 0 })).toEqual(['undecided', 3]);
  });

  test('end where one is slower, whatever the others', async () => {
    const [slow, restless] = [noisy(0.8, 0.05, 7), noisy(1.4, 0.5, 8)];
    const measure = async () => ({ slow: (await slow()).ratio, restless: (await restless()).ratio });
    const { rounds, ratios } = await decide(measure, { slow: RECORDED, restless: RECORDED });
    expect(rounds).toBe(LOOKS[0]);
    expect(ratios.map(({ verdict }) => verdict)).toEqual(['slower', 'undecided']);
  });

  test('of a ratio that is missing decide nothing', async () => {
    expect(await verdictOf(async () => ({ ratio: Number.NaN }))).toEqual(['undecided', LOOKS.at(-1)]);
  });

  test('are wrong by chance in 5 % of the checks at most, at the border and with all looks', async () => {
    const exact = { ratio: { median: 2, low: 2, high: 2 } };
    const verdicts: Record<string, number> = {};
    for (let seed = 0; seed < 1000; seed++) {
      const { ratios } = await decide(noisy(2 * TOLERATED, 0.2, 1000 + seed), exact);
      const verdict = ratios[0]?.verdict ?? '';
      verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    }
    expect(verdicts.slower ?? 0).toBeLessThan(50);
    expect(verdicts.good ?? 0).toBeLessThan(50);
  });
});
