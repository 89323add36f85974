import { expect, test } from 'vitest';
import { datasetText } from '../../demo/page/format.ts';
import { cellText } from '../../demo/page/matrix.ts';
import type { DataSummary } from '../../demo/protocol.ts';
import { imagesAreThoseOf, type Shown, unknown } from '../../demo/shown.ts';
import type { RunReport } from '../../src/report/run-report.ts';

const report = (name: string, share?: number): RunReport =>
  ({
    dataset: { name, train: 2000, test: 300 },
    config: share === undefined ? {} : { labelNoise: { share, seed: 1 } },
    history: [],
    test: { accuracy: 0.9, count: 300 },
    confusionMatrix: [
      [140, 12],
      [3, 145],
    ],
  }) as unknown as RunReport;
const data = (name: string, train = 2000) => ({ name, train, test: 300 }) as DataSummary;

test.each([
  ['mnist', 'MNIST'],
  ['mnist, 20 % of training labels wrong', 'MNIST, 20 % of training labels wrong'],
  ['synthetic', 'synthetic digits'],
  ['mnist-c', 'mnist-c'],
  ['synthetic-faces', 'synthetic-faces'],
  ['your mnist', 'your mnist'],
])('the dataset %s is called %s', (name, text) => {
  expect(datasetText(name)).toBe(text);
});

test('images are those of a report by their whole name, without its wrong labels, and their number', () => {
  const noisy = report('mnist, 20 % of training labels wrong', 0.2);
  expect(imagesAreThoseOf(noisy, data('mnist'))).toBe(true);
  expect(imagesAreThoseOf(report('signs'), data('signs'))).toBe(true);
  expect(imagesAreThoseOf(report('signs'), data('sign'))).toBe(false);
  expect(imagesAreThoseOf(report('signs'), data('signs', 40))).toBe(false);
});

test('a cell whose images are not known has the number that its matrix has, and says why', () => {
  const shown: Shown = {
    ...unknown({ kind: 'shipped' }, 3, 1),
    report: report('mnist'),
    summary: { classNames: ['4', '9'] } as never,
  };
  const found = { kind: 'cell', label: 0, predicted: 1, total: null, images: [] } as const;
  expect(cellText(found, shown, data('synthetic'))).toBe(
    '12 test images of 4 taken for 9. The images of MNIST are not here to be shown.',
  );
  expect(cellText(found, shown, data('mnist'))).toMatch(/^12 test images of 4 taken for 9\. Which ones/);
  expect(cellText({ ...found, total: 0 }, shown, data('mnist'))).toBe('0 test images of 4 taken for 9.');
});
