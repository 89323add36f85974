import type { History } from '../train/history.ts';
import { average } from './numpy.ts';

/** Where training and validation part: the network learns its own images by heart. */
export interface Overfitting {
  /** The epoch after which only the training gained. */
  readonly since: number;
  /** What the validation loss does since then, while the training loss falls. */
  readonly validation: 'rises' | 'stands';
}

/** Epochs that must agree: one alone may be chance. */
const EPOCHS = 3;
/** How far above the least validation loss those must be that rise, as a share of it. */
const RISE = 0.1;
/** The same, in steps from epoch to epoch as the validation loss takes them since then: a restless one must rise further. */
const STEPS = 2;
/** Above the least validation loss, as a share of it, it is as good as the least. */
const AS_GOOD = 0.05;
/** A training loss that is less than this share of what it was has gone far on alone. */
const ALONE = 0.25;
/** So many times the training loss the validation loss is then, at least. */
const APART = 2;

/**
 * Whether a network overfits, as far as its last epoch tells. Either of two things says so:
 *
 * - The validation loss rises: in each of the last three epochs, all after that of its least, it is above the least by a tenth,
 *   and by twice the mean of its steps from epoch to epoch since then; and the training loss is lower than it was at the least.
 * - The validation loss stands: it came within 5 % of its least three epochs ago or earlier, and since then the training loss fell
 *   to less than a quarter. It is now less than half of the validation loss.
 *
 * The first is that of Prechelt, "Early stopping - but when?" (1998), generalisation loss, made robust. An epoch alone says
 * little: with 6,000 validation images of MNIST, seed 2, the loss is a quarter above its least two epochs later, and four epochs
 * later as low as that again.
 *
 * @param history of one network
 * @returns null where it does not, and where nothing was validated
 *
 * @example
 * ```ts
 * import { openDevice, overfitting, overfittingText, syntheticDigits, Trainer } from 'shadegrad/node';
 *
 * const { device } = await openDevice();
 * const data = syntheticDigits({ train: 200, test: 256 });
 * const trainer = await Trainer.create(device, data, { hidden: [32], validationSplit: 0.5 });
 * for await (const _ of trainer.fit({ epochs: 3 }));
 * const found = overfitting(trainer.history);
 * console.log(found ? overfittingText(found) : 'Not yet.');
 * device.destroy();
 * ```
 */
export function overfitting(history: History): Overfitting | null {
  const epochs = history.flatMap(({ epoch, loss, valLoss }) =>
    valLoss === null ? [] : [{ epoch, loss, valLoss }],
  );
  const now = epochs.at(-1);
  if (!now || epochs.length <= EPOCHS) return null;
  const losses = epochs.map(({ valLoss }) => valLoss);
  const least = losses.reduce((low, loss) => Math.min(low, loss));
  // What began at an epoch that is among the last ones may be chance.
  const before = epochs.slice(0, -EPOCHS);

  const best = before.find(({ valLoss }) => valLoss === least);
  if (best && now.loss < best.loss) {
    const since = losses.slice(losses.indexOf(least));
    const steps = since.slice(1).map((loss, i) => Math.abs(loss - (since[i] ?? loss)));
    const margin = Math.max(RISE * least, STEPS * average(steps));
    const rises = losses.slice(-EPOCHS).every((loss) => loss >= least + margin);
    if (rises) return { since: best.epoch, validation: 'rises' };
  }

  const good = before.find(({ valLoss }) => valLoss <= (1 + AS_GOOD) * least);
  const stands = good && now.loss < ALONE * good.loss && now.valLoss > APART * now.loss;
  return stands ? { since: good.epoch, validation: 'stands' } : null;
}

/** What {@link overfitting} found, as a sentence. */
export function overfittingText({ since, validation }: Overfitting): string {
  return validation === 'rises'
    ? `Overfitting: since epoch ${since} the validation loss rises while the training loss falls.`
    : `Overfitting: since epoch ${since} only the training loss falls, the validation loss no longer does.`;
}
