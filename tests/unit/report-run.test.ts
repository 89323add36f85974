import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { initialModel } from '../../src/model/initialise.ts';
import { formatClassificationReport, type Scores } from '../../src/report/classification.ts';
import { matrixLabels, testReport } from '../../src/report/run-report.ts';

interface PythonScores {
  precision: number;
  recall: number;
  'f1-score': number;
  support: number;
}

/** scikit-learn's results for a run; `tools/golden-reports.py` says what is in the file. */
interface GoldenRun {
  name: string;
  outputs: number;
  yTrue: number[];
  yPred: number[];
  classNames?: string[];
  text: string;
  report: [string, PythonScores | number][];
  matrix: number[][];
}

const { runs } = JSON.parse(
  readFileSync(new URL('../fixtures/golden-reports.json', import.meta.url), 'utf8'),
) as { runs: GoldenRun[] };

function reportOf({ outputs, yTrue, yPred, classNames }: GoldenRun) {
  const count = yTrue.length;
  const test = { images: new Uint8Array(count), labels: Uint8Array.from(yTrue), count };
  const classes = classNames?.length ?? outputs;
  return testReport({
    data: {
      name: 'golden',
      shape: { height: 1, width: 1 },
      classes,
      ...(classNames && { classNames }),
      train: { images: new Uint8Array(), labels: new Uint8Array(), count: 0 },
      test,
    },
    model: initialModel({ inputs: 1, hidden: [], classes: outputs }, 1),
    adapter: { vendor: '', architecture: '', description: '', software: true, backend: 'vulkan' },
    toggles: [],
    versions: { shadegrad: '1.2.3', webgpu: null, runtime: 'a test' },
    evaluation: {
      loss: 1,
      accuracy: 1,
      count,
      probabilities: new Float32Array(count * outputs),
      predictions: Uint8Array.from(yPred),
    },
  });
}

function python({ precision, recall, f1Score, support }: Scores): PythonScores {
  return { precision, recall, 'f1-score': f1Score, support };
}

test('the golden file has runs with classes that do not occur, with names and without', () => {
  const sparse = runs.filter(({ outputs, yTrue, yPred }) => new Set([...yTrue, ...yPred]).size < outputs);
  expect(sparse.length).toBeGreaterThan(30);
  expect(sparse.filter(({ classNames }) => classNames).length).toBeGreaterThan(10);
  expect(sparse.filter(({ classNames }) => !classNames).length).toBeGreaterThan(10);
});

test.each(runs)(
  "a run's report is scikit-learn's default one, its matrix has every class: $name",
  async (run) => {
    const { classificationReport: ours, confusionMatrix } = await reportOf(run);
    expect(formatClassificationReport(ours)).toBe(run.text);
    expect([
      ...ours.classes.map((scores) => [scores.name, python(scores)]),
      ['accuracy', ours.accuracy],
      ['macro avg', python(ours.macroAvg)],
      ['weighted avg', python(ours.weightedAvg)],
    ]).toEqual(run.report);
    expect(confusionMatrix).toEqual(run.matrix);
  },
);

test('rows of the matrix have the names of their classes, and numbers where there are no more names', async () => {
  const run = runs.find(
    ({ outputs, classNames = [] }) => classNames.length > 0 && classNames.length < outputs,
  );
  if (!run) throw new Error('no such run');
  const report = await reportOf(run);
  expect(report.dataset.classNames).toEqual(['a', 'b']);
  expect(matrixLabels(report)).toEqual(['a', 'b', '2', '3']);
});
