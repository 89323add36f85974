import type { Dataset } from '../../src/data/dataset.ts';

/** A dataset with only the first `count` of its training samples. */
export function firstOf({ train, ...rest }: Dataset, count: number): Dataset {
  const images = train.images.subarray(0, (train.images.length / train.count) * count);
  return { ...rest, train: { images, labels: train.labels.subarray(0, count), count } };
}
