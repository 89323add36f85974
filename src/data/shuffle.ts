import { ShadegradError } from '../errors.ts';
import { CounterRandom, streams } from './random.ts';

/** The numbers 0 to `count` - 1 in random order, each order equally likely (Fisher and Yates's shuffle): [count]. */
export function shuffledIndices(count: number, random: CounterRandom): Uint32Array<ArrayBuffer> {
  const indices = new Uint32Array(count);
  for (let i = 0; i < count; i++) indices[i] = i;
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const moved = indices[i] ?? 0;
    indices[i] = indices[j] ?? 0;
    indices[j] = moved;
  }
  return indices;
}

/**
 * The order in which epoch `epoch`, 1 for the first, takes the samples that `indices` names. It depends on nothing else, and
 * is the same on every machine.
 *
 * @param seed whole number from 0 to 2^53 - 1
 * @throws ShadegradError `usage` where the seed is not such a number
 */
export function epochOrder(indices: Uint32Array, seed: number, epoch: number): Uint32Array<ArrayBuffer> {
  const order = shuffledIndices(indices.length, new CounterRandom(seed, streams.epochOrder(epoch)));
  for (let i = 0; i < order.length; i++) order[i] = indices[order[i] ?? 0] ?? 0;
  return order;
}

/** How many of `count` samples {@link validationSplit} keeps for validation. */
export function validationCount(count: number, fraction: number): number {
  return Math.round(count * fraction);
}

/**
 * Splits `count` samples at random into some to train on and some to validate with. Each part is in ascending
 * order. Samples are picked at random and not from the end, so that files sorted by class are split fairly.
 *
 * @param fraction share of the samples kept for validation, 0 to below 1, rounded to whole samples
 * @throws ShadegradError `usage` where `fraction` is out of range, or leaves no sample to train on or, if it is
 *   not 0, none to validate with; `bad-data` where there are no samples at all
 */
export function validationSplit(
  count: number,
  fraction: number,
  seed: number,
): { train: Uint32Array<ArrayBuffer>; validation: Uint32Array<ArrayBuffer> } {
  if (!(fraction >= 0 && fraction < 1)) {
    throw new ShadegradError(
      'usage',
      `validation split: ${fraction} is not a share of the samples.`,
      'Use a number from 0 to below 1, e.g. 0.1.',
    );
  }
  if (count === 0) {
    throw new ShadegradError('bad-data', 'The training set is empty.', 'Use one with at least one sample.');
  }
  const kept = validationCount(count, fraction);
  const use = kept === 0 && fraction > 0 ? 'validate with' : kept === count ? 'train on' : undefined;
  if (use) {
    throw new ShadegradError(
      'usage',
      `validation split: ${fraction} of ${count} samples leaves none to ${use}.`,
      'Choose another share, or use more samples.',
    );
  }
  const order = shuffledIndices(count, new CounterRandom(seed, streams.validationSplit));
  return { train: order.slice(kept).sort(), validation: order.slice(0, kept).sort() };
}
