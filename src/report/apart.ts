import { average } from './numpy.ts';
import { studentT } from './student-t.ts';

// How far apart two networks may be on the same samples before these say that one is better than the other.

/**
 * The most by which the numbers of wrong samples of two networks may differ, where one is no better than the other.
 *
 * On the samples that one has right and the other wrong, either is as likely to be the one: the difference is that of heads
 * and tails of as many coins (the exact sign test, which McNemar's approximates). How many such samples there are is not
 * known: at most all that one of them has wrong, or all that one has right.
 *
 * @param wrong of each network, 0 to `count`
 * @param chance of a greater difference between networks that are equally good, between 0 and 1
 */
export function mostMistakesApart(
  [one, other]: readonly [number, number],
  count: number,
  chance: number,
): number {
  const coins = Math.min(one + other, 2 * count - one - other);
  // Logarithm of the chance of `heads`. From all coins downwards, until the tails of both sides have more than `chance`.
  let log = -coins * Math.LN2;
  let tail = 0;
  for (let heads = coins; ; heads--) {
    tail += Math.exp(log);
    if (2 * tail > chance) return 2 * heads - coins;
    log += Math.log(heads / (coins - heads + 1));
  }
}

/** float32 sums of a batch, on two adapters or in two plans: see docs/numerics.md. */
const ROUNDING = 2e-5;

/**
 * The most by which the mean losses of two networks may differ, where one is no better than the other: Student's t of two
 * means of as many samples each, whose deviation is known of one network, and what rounding adds.
 *
 * @param losses of one of them: [samples], two or more
 * @param chance of a greater difference between networks that are equally good, between 0 and 1
 */
export function mostLossApart(losses: readonly number[], chance: number): number {
  const mean = average(losses);
  const degrees = losses.length - 1;
  const variance = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / degrees;
  return ROUNDING + studentT(degrees, 1 - chance) * Math.sqrt((2 * variance) / losses.length);
}

/**
 * The same of the means of an epoch, of which the samples' losses are not kept. Most samples cost next to nothing, and a few
 * make up the loss: in a sum of so many as chance has it, the variance is the mean times the mean of squares over the mean of
 * the few (compound Poisson), for which that of other samples is taken.
 *
 * @param loss mean of one of the networks
 * @param ratio of the other samples, see {@link squaresToMean}; it is no less than any mean
 * @param count of the epoch's samples, two or more
 * @param t Student's for `count - 1` degrees and the chance, see {@link mostLossApart}
 */
export function mostEpochLossApart(loss: number, ratio: number, count: number, t: number): number {
  return ROUNDING + t * Math.sqrt((2 * loss * Math.max(ratio, loss)) / count);
}

/** Mean of the losses' squares over their mean; 0 where all are 0. */
export function squaresToMean(losses: readonly number[]): number {
  const mean = average(losses);
  return mean > 0 ? average(losses.map((loss) => loss * loss)) / mean : 0;
}
