import { CounterRandom, streams } from '../data/random.ts';
import type { Model } from '../model/model.ts';
import { studentT } from './student-t.ts';

// What rounding does to a training: seen on copies whose initial weights are off by as much as it may add up to. Climate models
// are verified on other machines so (Baker et al. 2015, "A new ensemble-based consistency test for the Community Earth System
// Model", Geosci. Model Dev. 8).

/** How many copies are trained. */
export const COPIES = 3;

/** Unit roundoff: how far rounding to the nearest is off, as a share of the value. */
const ROUNDOFF = { f32: 2 ** -24, f16: 2 ** -11 } as const;

/**
 * A copy of weights, each off by a share that is evenly spread up to what the roundings of so many steps add up to: errors of
 * one variance and no common sign grow as the root of their number.
 *
 * @param copy 0 for the first
 * @param precision of the products
 */
export function withRounding(
  { spec, tensors }: Model,
  steps: number,
  precision: keyof typeof ROUNDOFF,
  copy: number,
): Model {
  const random = new CounterRandom(0, streams.rounding(copy));
  const most = ROUNDOFF[precision] * Math.sqrt(steps);
  return {
    spec,
    tensors: tensors.map((tensor) => ({
      ...tensor,
      data: tensor.data.map((weight) => weight * (1 + most * (2 * random.uniform() - 1))),
    })),
  };
}

/**
 * How far from a run's loss another may be that differs by rounding alone: Student's t for the deviations of the copies. How
 * rounding spreads is not normal, and copies are few: the true chance is not known, and may be greater (docs/verify.md).
 *
 * @param copies their losses, one or more
 * @param chance of a greater difference, if it were normal: between 0 and 1
 */
export function mostRoundingApart(loss: number, copies: readonly number[], chance: number): number {
  const squares = copies.map((each) => (each - loss) ** 2);
  const variance = squares.reduce((sum, square) => sum + square, 0) / copies.length;
  return studentT(copies.length, 1 - chance) * Math.sqrt(variance);
}
