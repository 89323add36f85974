import { describe, expect, test } from 'vitest';
import { conventionsText, idxNaming, isIdxName, pickIdxFiles } from '../../src/data/idx-names.ts';
import { mnist } from '../../src/data/mnist.ts';

const named = (names: readonly string[]) => names.map((name) => ({ name }));
const official = Object.values(mnist.files).map(({ name }) => name);

describe('the files of a dataset are picked by their names', () => {
  test.each([
    ['as they are', (name: string) => name],
    ['compressed', (name: string) => `${name}.gz`],
    ['with a dot, as some archives have them', (name: string) => name.replace('-idx', '.idx')],
    ['with a dot, compressed', (name: string) => `${name.replace('-idx', '.idx')}.gz`],
  ])('%s, in any order and among others', async (_, spelled) => {
    const listed = named(['README.md', ...official.map(spelled).reverse(), 'notes.txt']);
    expect(await pickIdxFiles(listed, mnist.files, 'The folder')).toEqual({
      trainImages: { name: spelled('train-images-idx3-ubyte') },
      trainLabels: { name: spelled('train-labels-idx1-ubyte') },
      testImages: { name: spelled('t10k-images-idx3-ubyte') },
      testLabels: { name: spelled('t10k-labels-idx1-ubyte') },
    });
  });

  test('and all that are missing are named at once', async () => {
    await expect(
      pickIdxFiles(named(official.slice(1, 3)), mnist.files, 'The folder x'),
    ).rejects.toMatchObject({
      code: 'bad-data',
      message: 'The folder x lacks train-images-idx3-ubyte, t10k-labels-idx1-ubyte.',
    });
  });
});

describe('whose files there are is told by their names', () => {
  const emnist = (set: string) =>
    ['train-images-idx3', 'train-labels-idx1', 'test-images-idx3', 'test-labels-idx1'].map(
      (name) => `emnist-${set}-${name}-ubyte`,
    );
  const qmnist = ['train', 'test'].flatMap((set) => [
    `qmnist-${set}-images-idx3-ubyte`,
    `qmnist-${set}-labels-idx2-int`,
  ]);
  const whose = (names: readonly string[]) => idxNaming(names, 'The folder').of;

  test.each([
    ['mnist', official],
    ['mnist', []],
    ['qmnist', qmnist],
    ['qmnist', qmnist.map((name) => `${name}.gz`)],
    ['emnist-letters', emnist('letters')],
    ['emnist-byclass', emnist('byclass').map((name) => name.replace('-idx', '.idx'))],
    ['emnist-mnist', [...emnist('mnist'), 'emnist-mnist-mapping.txt']],
    // The more complete set is taken to be meant, and its missing files are named.
    ['emnist-digits', [...emnist('digits').slice(0, 3), 'train-images-idx3-ubyte']],
  ])('%s', (name, names) => {
    expect(whose(names)).toBe(name);
  });

  test('and those of several are not chosen from', () => {
    expect(() => whose([...official, ...emnist('letters')])).toThrow(
      expect.objectContaining({
        code: 'bad-data',
        message: 'The folder holds the files of several datasets: mnist, emnist-letters.',
      }),
    );
  });

  test('a name is that of an IDX file, or not', () => {
    for (const name of [...official, ...qmnist, 'train-images.idx3-ubyte.gz'])
      expect(isIdxName(name), name).toBe(true);
    for (const name of ['train', 'idx', 'emnist-letters-mapping.txt', 'a.png'])
      expect(isIdxName(name), name).toBe(false);
  });

  test('what is done because of it is said, and nothing where nothing is done', () => {
    expect(conventionsText('x', idxNaming(official, '').conventions)).toBe('');
    expect(conventionsText('x', idxNaming(emnist('letters'), '').conventions)).toMatch(
      /transposed.*begin at 1/,
    );
  });
});
