import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ShadegradError } from '../../src/errors.ts';
import {
  type ClassificationReportOptions,
  classificationReport,
  formatClassificationReport,
  type Scores,
} from '../../src/report/classification.ts';
import { confusionMatrix } from '../../src/report/confusion.ts';
import type { Label } from '../../src/report/labels.ts';

interface Case extends ClassificationReportOptions {
  name: string;
  yTrue: Label[];
  yPred: Label[];
  digits?: number;
}

interface PythonScores {
  precision: number;
  recall: number;
  'f1-score': number;
  support: number;
}

interface SolvedCase extends Case {
  text: string;
  report: [string, PythonScores | number][] | null;
  matrix?: number[][] | null;
}

const golden = JSON.parse(
  readFileSync(new URL('../fixtures/golden-reports.json', import.meta.url), 'utf8'),
) as { cases: SolvedCase[]; rejected: Case[] };

function python({ precision, recall, f1Score, support }: Scores): PythonScores {
  return { precision, recall, 'f1-score': f1Score, support };
}

test('the golden file has its cases', () => {
  expect(golden.cases.length).toBeGreaterThan(200);
  expect(golden.cases.filter(({ name }) => name.startsWith('random')).length).toBeGreaterThanOrEqual(60);
  expect(golden.cases.filter(({ report, matrix }) => report && matrix).length).toBeGreaterThan(150);
});

describe('classificationReport agrees with scikit-learn', () => {
  test.each(golden.cases)('$name', ({ yTrue, yPred, digits, text, report, ...options }) => {
    const ours = classificationReport(yTrue, yPred, options);
    expect(formatClassificationReport(ours, digits === undefined ? {} : { digits })).toBe(text);
    if (!report) return;
    const micro: [string, PythonScores | number] =
      ours.accuracy === null ? ['micro avg', python(ours.microAvg)] : ['accuracy', ours.accuracy];
    expect([
      ...ours.classes.map((scores) => [scores.name, python(scores)]),
      micro,
      ['macro avg', python(ours.macroAvg)],
      ['weighted avg', python(ours.weightedAvg)],
    ]).toEqual(report);
  });
});

describe('what scikit-learn rejects is a usage error', () => {
  test.each(golden.rejected)('$name', ({ yTrue, yPred, digits, ...options }) => {
    let caught: unknown;
    try {
      formatClassificationReport(
        classificationReport(yTrue, yPred, options),
        digits === undefined ? {} : { digits },
      );
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ShadegradError);
    expect(caught).toMatchObject({ code: 'usage' });
  });

  test('so are names that do not fit the listed labels, where scikit-learn only warns', () => {
    expect(() => classificationReport([0, 1], [0, 1], { labels: [0, 1], targetNames: ['a'] })).toThrow(
      /2 classes, but there are 1 target names/,
    );
  });
});

test('supports of more digits than the column shift the line, as in Python', () => {
  const report = classificationReport([0, 0], [0, 0]);
  const scores = { precision: 1, recall: 1, f1Score: 1, support: 12_345_678_901 };
  const text = formatClassificationReport({ ...report, microAvg: scores });
  expect(text).toContain('    accuracy                           1.00 12345678901\n');
});

describe('confusionMatrix agrees with scikit-learn', () => {
  test.each(golden.cases.filter(({ matrix }) => matrix !== undefined))('$name', (golden) => {
    const { yTrue, yPred, labels, matrix } = golden;
    if (matrix === null) {
      expect(() => confusionMatrix(yTrue, yPred, labels)).toThrow(/None of the listed labels/);
    } else {
      expect(confusionMatrix(yTrue, yPred, labels)).toEqual(matrix);
    }
  });

  test('rows are true labels, columns predicted ones; bytes are taken as they are', () => {
    expect(confusionMatrix(Uint8Array.of(0, 0, 1), Uint8Array.of(1, 1, 1))).toEqual([
      [0, 2],
      [0, 1],
    ]);
  });

  test('an empty list of labels and unequal lengths are usage errors', () => {
    expect(() => confusionMatrix([0], [0], [])).toThrow(/list of labels is empty/);
    expect(() => confusionMatrix([0], [0, 1])).toThrow(/1 true labels but 2 predicted/);
    expect(() => confusionMatrix([0], ['0'])).toThrow(/Some labels are strings/);
    expect(() => confusionMatrix([Number.NaN], [0])).toThrow(/NaN is not a label/);
  });
});
