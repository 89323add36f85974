// What bench/check.mjs says of a ratio of speeds, by rounds in which both speeds were measured in turns.
import { ratioOf, spread } from '../dist/bench.js';

/** On a quiet machine ratios differ by up to a fifth between runs; breaking a kernel costs more. */
export const TOLERATED = 0.7;

/**
 * After so many rounds there is a look at the ratios. Looking after every round, and ending where it suits, would find
 * something sooner or later, whatever is the case.
 */
export const LOOKS = [10, 20, 40];

/** The most that the probability may be of any wrong verdict in a whole check, where nothing but chance is at work. */
const ERROR = 0.05;

/** @typedef {'good' | 'slower' | 'undecided'} Verdict */
/** @typedef {import('../dist/types/bench.d.ts').Estimate} Estimate */

/**
 * How likely each interval may be on the wrong side, so that all of them together, of each ratio at each look, are so in
 * 5 % of the cases at most (Bonferroni).
 *
 * @param {number} ratios
 */
export function tailOf(ratios) {
  return ERROR / (ratios * LOOKS.length);
}

/**
 * The median of a ratio over all rounds, and where it lies.
 *
 * @param {readonly number[]} values a ratio, round by round
 * @param {number} tail
 * @returns {Estimate}
 */
export function estimate(values, tail) {
  const { median, low, high } = spread(values, tail);
  return { median, low, high };
}

/**
 * `slower` where the whole interval of what is left of the recorded ratio lies below what is tolerated, `good` where it
 * lies above, and else `undecided`. The recorded ratio was measured too, and its interval widens this one.
 *
 * @param {Estimate} now
 * @param {Estimate} recorded
 * @returns {Verdict}
 */
export function judge(now, recorded) {
  const { interval } = ratioOf(now, recorded);
  if (!interval) return 'undecided';
  if (interval.high < TOLERATED) return 'slower';
  return interval.low >= TOLERATED ? 'good' : 'undecided';
}

/**
 * Measures rounds until all ratios are decided, one of them is slower, the looks are over, or the time is.
 *
 * @param {(round: number) => Promise<Record<string, number>>} measure a round's ratios, by their names
 * @param {Record<string, Estimate>} recorded
 * @param {{ isOver?: () => boolean }} [options]
 * @returns {Promise<{ rounds: number, ratios: { name: string, now: Estimate, recorded: Estimate, verdict: Verdict }[] }>}
 */
export async function decide(measure, recorded, { isOver = () => false } = {}) {
  const names = Object.keys(recorded);
  const tail = tailOf(names.length);
  /** @type {Record<string, number>[]} */
  const rounds = [];
  for (;;) {
    rounds.push(await measure(rounds.length));
    const isLast = rounds.length >= Math.max(...LOOKS) || isOver();
    if (!isLast && !LOOKS.includes(rounds.length)) continue;
    const ratios = names.map((name) => {
      const now = estimate(
        rounds.map((round) => round[name] ?? Number.NaN),
        tail,
      );
      const before = /** @type {Estimate} */ (recorded[name]);
      return { name, now, recorded: before, verdict: judge(now, before) };
    });
    const isDecided =
      ratios.some(({ verdict }) => verdict === 'slower') || ratios.every(({ verdict }) => verdict === 'good');
    if (isLast || isDecided) return { rounds: rounds.length, ratios };
  }
}
