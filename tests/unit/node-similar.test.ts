import { expect, test } from 'vitest';
import { DATASET_NAMES } from '../../src/node/datasets.ts';
import { didYouMean } from '../../src/node/similar.ts';

test.each([
  ['fashion', 'Did you mean fashion-mnist? '],
  ['fashion_mnist', 'Did you mean fashion-mnist? '],
  ['FashionMNIST', 'Did you mean fashion-mnist? '],
  ['MNIST', 'Did you mean mnist? '],
  ['mnits', 'Did you mean mnist? '],
  ['emnist', 'Did you mean emnist-balanced, emnist-letters or emnist-digits? '],
  ['letters', 'Did you mean emnist-letters? '],
  ['synthetik', 'Did you mean synthetic? '],
  ['em', ''],
  ['my-photos', ''],
  ['/data/photos', ''],
])('by %s as a dataset: "%s"', (word, question) => {
  expect(didYouMean(word, DATASET_NAMES)).toBe(question);
});
