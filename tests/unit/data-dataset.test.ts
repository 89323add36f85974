import { describe, expect, test } from 'vitest';
import { type Dataset, namedLike, namesOfClasses, printableName } from '../../src/data/dataset.ts';

const samples = (...labels: number[]) => ({
  images: new Uint8Array(labels.length),
  labels: Uint8Array.from(labels),
  count: labels.length,
});
const data: Dataset = {
  name: 'pets',
  shape: { height: 1, width: 1 },
  classes: 2,
  train: samples(0, 1, 1),
  test: samples(1, 0),
};

describe('data for a model whose classes have names', () => {
  test('are called as the model calls them where they have no names, also classes that they lack', () => {
    const named = namedLike(data, ['ant', 'bee', 'cat']);
    expect(named.test.labels).toEqual(data.test.labels);
    expect(namesOfClasses({ classes: 3, classNames: named.classNames ?? null })).toEqual([
      'ant',
      'bee',
      'cat',
    ]);
  });

  test('are told by their names, whatever their order', () => {
    const named = namedLike({ ...data, classNames: ['bee', 'ant'] }, ['ant', 'bee', 'cat']);
    expect(named).toMatchObject({ classes: 3, classNames: ['ant', 'bee', 'cat'] });
    expect([...named.train.labels]).toEqual([1, 0, 0]);
    expect([...named.test.labels]).toEqual([0, 1]);
  });

  test('are refused with the classes that the model does not know', () => {
    expect(() => namedLike({ ...data, classNames: ['bee', 'dog'] }, ['ant', 'bee'])).toThrow(
      expect.objectContaining({ code: 'bad-data', message: expect.stringContaining('apart: dog.') }),
    );
  });

  test('are as they were where the model has no names', () => {
    expect(namedLike(data, null)).toBe(data);
  });
});

test('a name that a terminal would obey is printed without what it obeys', () => {
  expect(printableName('a\u001b]0;x\u0007b\nc')).toBe('a\ufffd]0;x\ufffdb\ufffdc');
});
