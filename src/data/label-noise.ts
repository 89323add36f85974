import { refuse } from '../errors.ts';
import type { Dataset } from './dataset.ts';
import { CounterRandom, streams } from './random.ts';
import { shuffledIndices } from './shuffle.ts';

/** Wrong labels among the training samples. */
export interface LabelNoise {
  /** How many of the training samples have one, 0 to 1. */
  readonly share: number;
  /** Which samples they are, and which labels: a whole number from 0 to 2^53 - 1. */
  readonly seed: number;
}

/**
 * The dataset with wrong labels on some of its training samples: a share of them, picked at random, has the label of one of the
 * other classes, each as likely as the other. So with a share of 0.9 of ten classes labels say nothing about the images. The
 * test samples stay as they are. The same noise gives the same labels on every machine; the checksum is another one, and the
 * name says so.
 *
 * @param noise its share of the training samples, 0 to 1, rounded to whole samples, and its seed
 * @throws ShadegradError `usage` where a number is out of range, or there are no other classes
 *
 * @example
 * ```ts
 * import { syntheticDigits, withLabelNoise } from 'shadegrad';
 *
 * const data = withLabelNoise(syntheticDigits({ train: 1024, test: 256 }), { share: 0.2, seed: 1 });
 * console.log(data.name); // synthetic, 20 % of training labels wrong
 * ```
 */
export function withLabelNoise(data: Dataset, noise: LabelNoise): Dataset {
  const { share, seed } = noise;
  if (!(share >= 0 && share <= 1)) refuse('label noise', share, 'a share of the training samples, 0 to 1');
  const { classes, train } = data;
  const count = Math.round(share * train.count);
  if (count === 0) return data;
  if (classes < 2)
    refuse('label noise', share, 'data of two classes or more: a wrong label is one of another class');
  const random = new CounterRandom(seed, streams.labelNoise());
  const wrong = shuffledIndices(train.count, random).subarray(0, count);
  const labels = train.labels.slice();
  for (const i of wrong) labels[i] = ((labels[i] ?? 0) + 1 + random.below(classes - 1)) % classes;
  return { ...data, name: nameWithNoise(data.name, share), train: { ...train, labels } };
}

/** What {@link withLabelNoise} calls a dataset. */
function nameWithNoise(name: string, share: number): string {
  return `${name}, ${Number((100 * share).toPrecision(12))} % of training labels wrong`;
}

/** What a dataset that {@link withLabelNoise} made was called before; other names stay as they are. */
export function nameWithoutNoise(name: string, noise: LabelNoise | undefined): string {
  const suffix = noise ? nameWithNoise('', noise.share) : '';
  return name.endsWith(suffix) ? name.slice(0, name.length - suffix.length) : name;
}
