import { expect, test } from 'vitest';
import type { Checksum } from '../../src/data/known.ts';
import { EMNIST_CLASSES, namedDatasets } from '../../src/data/named-datasets.ts';

const lengths = { sha256: 64, md5: 32 };

test('the datasets that are known by name', () => {
  expect(namedDatasets.map(({ name, classes }) => [name, classes])).toEqual([
    ['mnist', 10],
    ['fashion-mnist', 10],
    ['kmnist', 10],
    ['qmnist', 10],
    ['emnist-balanced', 47],
    ['emnist-letters', 26],
    ['emnist-digits', 10],
  ]);
});

test.each(namedDatasets)(
  '$name has a name for each class or for none, and checksums of the right form',
  (dataset) => {
    const { classes, classNames } = dataset;
    if (classNames) expect(new Set(classNames).size).toBe(classes);
    const checksums: readonly Checksum[] =
      'archive' in dataset
        ? [dataset.archive.checksum]
        : Object.values(dataset.files).map(({ checksum }) => checksum);
    for (const { algorithm, hex } of checksums) {
      expect(hex).toMatch(/^[0-9a-f]+$/);
      expect(hex).toHaveLength(lengths[algorithm]);
    }
    expect(new Set(checksums.map(({ hex }) => hex)).size).toBe(checksums.length);
  },
);

test('each file of a dataset in an archive is kept of it', () => {
  for (const dataset of namedDatasets) {
    if (!('archive' in dataset)) continue;
    for (const { name } of Object.values(dataset.files))
      expect(dataset.archive.members).toContain(`${name}.gz`);
  }
});

test('the classes of EMNIST: digits, capitals, and the small letters that do not look like them', () => {
  expect(EMNIST_CLASSES.balanced.slice(35)).toEqual([...'Zabdefghnqrt']);
  expect(EMNIST_CLASSES.byclass).toHaveLength(62);
  expect(EMNIST_CLASSES.letters.join('')).toBe('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
});
