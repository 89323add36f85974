import { describe, expect, test } from 'vitest';
import { pickIdxFiles } from '../../src/data/idx-names.ts';
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
