import { describe, expect, test } from 'vitest';
import { datasetChecksum } from '../../src/data/checksum.ts';
import { nameWithoutNoise, withLabelNoise } from '../../src/data/label-noise.ts';
import { blobs } from '../support/blobs.ts';
import { failure } from '../support/failure.ts';

const data = blobs({ train: 5000, classes: 5 });

/** How many labels are others, by how far they are from the right one. */
function distances(labels: Uint8Array): number[] {
  const counts = new Array<number>(5).fill(0);
  for (const [i, label] of labels.entries()) {
    const distance = (label - (data.train.labels[i] ?? 0) + 5) % 5;
    counts[distance] = (counts[distance] ?? 0) + 1;
  }
  return counts;
}

describe('label noise', () => {
  test('gives exactly so many training samples another class, each as likely', () => {
    const noisy = withLabelNoise(data, { share: 0.4, seed: 1 });
    const [same, ...others] = distances(noisy.train.labels);
    expect(same).toBe(3000);
    // 500 each; five standard deviations of a binomial distribution.
    for (const count of others) expect(Math.abs(count - 500)).toBeLessThan(5 * Math.sqrt(2000 * 0.25 * 0.75));
    expect(noisy.test).toBe(data.test);
    expect(noisy.train.images).toBe(data.train.images);
  });

  test('depends on its seed alone, and changes name and checksum', async () => {
    const once = withLabelNoise(data, { share: 0.15, seed: 1 });
    const labels = once.train.labels;
    expect(withLabelNoise(data, { share: 0.15, seed: 1 }).train.labels).toEqual(labels);
    expect(withLabelNoise(data, { share: 0.15, seed: 2 }).train.labels).not.toEqual(labels);
    expect(once.name).toBe('blobs, 15 % of training labels wrong');
    expect(withLabelNoise(data, { share: 0.29, seed: 1 }).name).toBe('blobs, 29 % of training labels wrong');
    expect(nameWithoutNoise(once.name, { share: 0.15, seed: 1 })).toBe('blobs');
    expect(nameWithoutNoise('blobs', undefined)).toBe('blobs');
    expect(await datasetChecksum(once)).not.toBe(await datasetChecksum(data));
  });

  test('of no sample is none', () => {
    expect(withLabelNoise(data, { share: 0, seed: 1 })).toBe(data);
    expect(withLabelNoise(data, { share: 1e-6, seed: 1 })).toBe(data);
    expect(distances(withLabelNoise(data, { share: 1, seed: 1 }).train.labels)[0]).toBe(0);
  });

  test.each([-0.1, 1.1, Number.NaN])('of a share of %d is refused', (share) => {
    expect(failure(() => withLabelNoise(data, { share, seed: 1 }))).toMatchObject({ code: 'usage' });
  });

  test('needs another class, and a seed', () => {
    expect(failure(() => withLabelNoise(blobs({ classes: 1 }), { share: 0.5, seed: 1 }))).toMatchObject({
      code: 'usage',
      nextStep: expect.stringContaining('two classes'),
    });
    expect(failure(() => withLabelNoise(data, { share: 0.5, seed: -1 }))).toMatchObject({ code: 'usage' });
  });
});
