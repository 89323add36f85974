import type { History } from '../train/history.ts';

/**
 * What keeps a network from doing better than guessing: steps that were too large for it, which its losses tell; or else they are
 * too small, or there is nothing to be learned.
 */
export type Guessing = 'steps-too-large' | 'unclear';

/** So many standard deviations above a guesser's accuracy are no chance: one network in 740 that guesses is taken for better. */
const DEVIATIONS = 3;

/** A network that was never thrown off has a lower loss than so many times that of equal probabilities: its weights begin small. */
const THROWN_OFF = 2;

/**
 * Whether a network does no better than guessing, by its last epoch. It does not where so many samples cannot tell its training
 * accuracy from that of always naming the most frequent class; and where its loss is no less than that of giving all classes
 * the same probability, ln(classes), while its accuracy is less than twice the guesser's. The loss alone says little: a softmax
 * regression with too high a rate is right nine times out of ten and has a loss of 37, since it is always sure.
 *
 * @param history of one network
 * @param counts of the training samples, how many are of each class: [classes]
 * @returns null where it does better, and before its first epoch is over
 *
 * @example
 * ```ts
 * import { guessing, guessingText, openDevice, syntheticDigits, Trainer } from 'shadegrad/node';
 *
 * const { device } = await openDevice();
 * const data = syntheticDigits({ train: 1024, test: 256 });
 * const trainer = await Trainer.create(device, data, { hidden: [32], learningRate: 10 });
 * for await (const _ of trainer.fit({ epochs: 2 }));
 * const counts = Array.from({ length: data.classes }, (_, i) => data.train.labels.filter((label) => label === i).length);
 * const found = guessing(trainer.history, counts);
 * if (found) console.log(guessingText(found));
 * device.destroy();
 * ```
 */
export function guessing(history: History, counts: readonly number[]): Guessing | null {
  const last = history.at(-1);
  if (!last) return null;
  const samples = counts.reduce((sum, count) => sum + count, 0);
  const share = Math.max(...counts) / samples;
  const deviation = Math.sqrt((share * (1 - share)) / samples);
  const equal = Math.log(counts.length);
  const isGuessing =
    last.accuracy <= share + DEVIATIONS * deviation || (last.loss >= equal && last.accuracy < 2 * share);
  if (!isGuessing) return null;
  return history.some(({ loss }) => loss > THROWN_OFF * equal) ? 'steps-too-large' : 'unclear';
}

/** What {@link guessing} found, and what to do, as two sentences. */
export function guessingText(found: Guessing): string {
  return found === 'steps-too-large'
    ? 'No better than guessing. Its steps were too large: lower the learning rate.'
    : 'No better than guessing. The learning rate may be far too high or too low, the training too short, or the labels may ' +
        'say nothing about the images.';
}
