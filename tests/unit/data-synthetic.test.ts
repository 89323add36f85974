import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { Samples } from '../../src/data/dataset.ts';
import { syntheticDigits } from '../../src/data/synthetic.ts';

const digits = syntheticDigits({ seed: 1, train: 1500, test: 500 });

const imagesOf = ({ images, count }: Samples) =>
  Array.from({ length: count }, (_, i) => images.subarray(784 * i, 784 * (i + 1)));

async function sha256(...parts: Uint8Array[]): Promise<string> {
  const bytes = new Uint8Array(Buffer.concat(parts));
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
}

describe('syntheticDigits', () => {
  test('are the same bytes for the same seed on every machine', async () => {
    const { train, test } = digits;
    expect(await sha256(train.images, train.labels, test.images, test.labels)).toBe(
      'e6bac0d2ac3861e5ff99f530176940c3846dc39ae4418d71faa4b95ae21b5bb5',
    );
  });

  // Only the functions below, and + - * /, give the same result everywhere; a sine may differ in its last bit.
  test('are made with operations alone that every engine rounds alike', async () => {
    const folder = new URL('../../src/data/', import.meta.url);
    const parts = (await readdir(new URL('synthetic/', folder))).map((name) => `synthetic/${name}`);
    expect(parts.length).toBeGreaterThan(0);
    for (const name of ['synthetic.ts', '../pictures/center.ts', '../pictures/resize.ts', ...parts]) {
      const source = await readFile(new URL(name, folder), 'utf8');
      const used = new Set(source.match(/Math\.\w+|\s\*\*\s/g));
      const exact = [
        'Math.abs',
        'Math.ceil',
        'Math.floor',
        'Math.max',
        'Math.min',
        'Math.round',
        'Math.sqrt',
      ];
      expect(
        [...used].filter((operation) => !exact.includes(operation)),
        name,
      ).toEqual([]);
    }
  });

  test('differ from seed to seed', () => {
    const other = syntheticDigits({ seed: 2, train: 10, test: 0 });
    expect(other.train.images).not.toEqual(digits.train.images.subarray(0, 7840));
  });

  test('depend on their index only, not on how many there are', () => {
    const fewer = syntheticDigits({ seed: 1, train: 20, test: 30 });
    expect(fewer.train.images).toEqual(digits.train.images.subarray(0, 20 * 784));
    expect(fewer.test.images).toEqual(digits.test.images.subarray(0, 30 * 784));
  });

  test('are all different, in training and test set together', () => {
    const all = [...imagesOf(digits.train), ...imagesOf(digits.test)].map((image) => image.join());
    expect(new Set(all).size).toBe(2000);
  });

  test('hold each class about equally often, in no order', () => {
    const counts = Array.from({ length: 10 }, (_, k) => digits.train.labels.filter((l) => l === k).length);
    // Five standard deviations of a count.
    for (const count of counts) expect(Math.abs(count - 150)).toBeLessThan(5 * Math.sqrt(150 * 0.9));
    expect(new Set(digits.train.labels.subarray(0, 40)).size).toBe(10);
  });

  test('have the form of MNIST: a margin, full black, and a share of ink as handwriting has', () => {
    for (const image of imagesOf(digits.train)) {
      expect(Math.max(...image)).toBe(255);
      const inked = image.filter((value) => value > 0).length / 784;
      expect(inked).toBeGreaterThan(0.02);
      expect(inked).toBeLessThan(0.51);
    }
    const mean = digits.train.images.reduce((sum, value) => sum + value, 0) / digits.train.images.length;
    expect(mean).toBeGreaterThan(25);
    expect(mean).toBeLessThan(40);
  });

  test('look like what their labels say, but not all alike: the nearest class mean is right for most', () => {
    const means = Array.from({ length: 10 }, () => new Float64Array(784));
    const counts = new Uint32Array(10);
    for (const [i, image] of imagesOf(digits.train).entries()) {
      const label = digits.train.labels[i] ?? 0;
      counts[label] = (counts[label] ?? 0) + 1;
      for (const [k, value] of image.entries()) {
        const mean = means[label];
        if (mean) mean[k] = (mean[k] ?? 0) + value;
      }
    }
    const distance = (image: Uint8Array, label: number) =>
      image.reduce(
        (sum, value, k) => sum + (value - (means[label]?.[k] ?? 0) / (counts[label] ?? 1)) ** 2,
        0,
      );
    const right = imagesOf(digits.test).filter((image, i) => {
      const distances = Array.from({ length: 10 }, (_, label) => distance(image, label));
      return distances.indexOf(Math.min(...distances)) === digits.test.labels[i];
    });
    const accuracy = right.length / 500;
    expect(accuracy).toBeGreaterThan(0.75);
    expect(accuracy).toBeLessThan(0.95);
  });

  test('refuse a seed that is no whole number', () => {
    expect(() => syntheticDigits({ seed: 0.5 })).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
