/** @typedef {{ readonly median: number, readonly min: number, readonly max: number }} Spread */

/**
 * @param {readonly number[]} values at least one
 * @returns {Spread}
 */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ index) => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  };
}

/**
 * How many times faster each round of `ours` was than the round of `theirs` that ran next to it. So a drift of the
 * machine's speed does not blur the ratio.
 *
 * @param {readonly number[]} ours rates, round by round
 * @param {readonly number[]} theirs as many
 */
export function ratios(ours, theirs) {
  return spread(ours.map((rate, round) => rate / (theirs[round] ?? Number.NaN)));
}
