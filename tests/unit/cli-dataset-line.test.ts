import { expect, test } from 'vitest';
import { datasetLine } from '../../src/cli/output.ts';

const line = (train: number, test: number, classes: number) => {
  const samples = (count: number) => ({ images: new Uint8Array(), labels: new Uint8Array(), count });
  const shape = { height: 28, width: 20 };
  return datasetLine({ name: 'x', shape, classes, train: samples(train), test: samples(test) });
};

test('a dataset is told in numbers, one of a kind in the singular', () => {
  expect(line(60_000, 10_000, 10)).toBe(
    'Data: x: 60,000 training and 10,000 test images of 20 x 28 pixels in 10 classes',
  );
  expect(line(1, 1, 1)).toBe('Data: x: 1 training and 1 test image of 20 x 28 pixels in 1 class');
});
