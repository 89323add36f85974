import { ShadegradError } from '../errors.ts';
import { type Label, presentLabels } from './labels.ts';
import { average, formatFixed } from './numpy.ts';

/** How well one class, or an average of classes, was predicted. All but `support` are shares, 0 to 1. */
export interface Scores {
  /** Of the samples predicted as the class, the share that is of it. */
  readonly precision: number;
  /** Of the samples of the class, the share predicted as it. */
  readonly recall: number;
  /** Harmonic mean of precision and recall. */
  readonly f1Score: number;
  /** Number of samples of the class; for an average, of all its classes. */
  readonly support: number;
}

/** How well one class was predicted. */
export interface ClassScores extends Scores {
  /** The class's target name, or else its label. */
  readonly name: string;
}

/** The content of scikit-learn's `classification_report(output_dict=True)`, unrounded, with the classes in order. */
export interface ClassificationReport {
  /** Of each class that is listed, in order. */
  readonly classes: readonly ClassScores[];
  /** Share of samples predicted right; null unless the report lists exactly the labels that occur. */
  readonly accuracy: number | null;
  /** From the counts of all listed classes together. */
  readonly microAvg: Scores;
  /** Mean over classes. */
  readonly macroAvg: Scores;
  /** Mean over classes, each weighted by its support. */
  readonly weightedAvg: Scores;
  /** Number of samples predicted right, whether their classes are listed or not. */
  readonly hits: number;
}

/** What is reported, and under which names. */
export interface ClassificationReportOptions {
  /** The classes to report, in this order; by default every label that occurs, sorted. */
  readonly labels?: readonly Label[];
  /** Names to print instead of the labels, one for each, in their order. */
  readonly targetNames?: readonly string[];
  /** The value of a score that has no samples; "warn" is 0. */
  readonly zeroDivision?: 0 | 1 | 'warn';
}

interface Counts {
  /** Samples of the class that were predicted as it. */
  hits: number;
  predicted: number;
  true: number;
}

/**
 * Precision, recall, F1 score and support of each class and on average, as scikit-learn 1.2.1 computes them.
 *
 * @param trueLabels [count]
 * @param predictedLabels [count]
 * @throws ShadegradError `usage` where the numbers of true and predicted labels differ, where kinds of labels are
 *   mixed, or where there is no class to report or the number of target names differs
 *
 * @example
 * ```ts
 * import {
 *   classificationReport,
 *   confusionMatrix,
 *   formatClassificationReport,
 *   formatConfusionMatrix,
 * } from 'shadegrad';
 *
 * const truth = ['cat', 'cat', 'dog', 'dog', 'dog'];
 * const predicted = ['cat', 'dog', 'dog', 'dog', 'cat'];
 * console.log(formatClassificationReport(classificationReport(truth, predicted)));
 * console.log(formatConfusionMatrix(confusionMatrix(truth, predicted), ['cat', 'dog']));
 * ```
 */
export function classificationReport(
  trueLabels: ArrayLike<Label>,
  predictedLabels: ArrayLike<Label>,
  options: ClassificationReportOptions = {},
): ClassificationReport {
  const present = presentLabels(trueLabels, predictedLabels, options.labels);
  const labels = options.labels ?? present;
  const names = options.targetNames ?? labels.map(String);
  checkOptions(labels, names, options.zeroDivision);
  const zeroDivision = options.zeroDivision === 1 ? 1 : 0;

  const counts = new Map<Label, Counts>();
  for (const label of [...present, ...labels]) counts.set(label, { hits: 0, predicted: 0, true: 0 });
  let hits = 0;
  for (let i = 0; i < trueLabels.length; i++) {
    const ofTrue = counts.get(trueLabels[i] as Label) as Counts;
    const ofPredicted = counts.get(predictedLabels[i] as Label) as Counts;
    ofTrue.true += 1;
    ofPredicted.predicted += 1;
    if (ofTrue === ofPredicted) {
      ofTrue.hits += 1;
      hits += 1;
    }
  }
  const listed = labels.map((label) => counts.get(label) as Counts);
  const sum = listed.reduce(
    (a, b) => ({ hits: a.hits + b.hits, predicted: a.predicted + b.predicted, true: a.true + b.true }),
    { hits: 0, predicted: 0, true: 0 },
  );
  const scores = listed.map((count) => scoresOf(count, zeroDivision));
  const microAvg = scoresOf(sum, zeroDivision);
  const distinct = new Set(labels);
  const listsWhatOccurs = distinct.size === present.length && present.every((label) => distinct.has(label));
  return {
    classes: scores.map((score, i) => ({ name: names[i] as string, ...score })),
    accuracy: listsWhatOccurs ? microAvg.precision : null,
    microAvg,
    macroAvg: averageOf(scores, sum.true),
    weightedAvg:
      sum.true > 0
        ? averageOf(
            scores,
            sum.true,
            listed.map((count) => count.true),
          )
        : withoutSamples(sum.predicted, zeroDivision),
    hits,
  };
}

function checkOptions(
  labels: readonly Label[],
  names: readonly string[],
  zeroDivision: unknown = 'warn',
): void {
  if (labels.length === 0) {
    throw new ShadegradError(
      'usage',
      'There is no class to report.',
      'Pass at least one sample, or at least one label.',
    );
  }
  if (names.length !== labels.length) {
    throw new ShadegradError(
      'usage',
      `The report has ${labels.length} classes, but there are ${names.length} target names.`,
      'Pass one name for each class, and the labels that the names stand for.',
    );
  }
  if (zeroDivision !== 0 && zeroDivision !== 1 && zeroDivision !== 'warn') {
    throw new ShadegradError('usage', `zeroDivision cannot be ${zeroDivision}.`, 'Use 0, 1 or "warn".');
  }
}

function scoresOf(count: Counts, zeroDivision: number): Scores {
  const precision = count.predicted === 0 ? zeroDivision : count.hits / count.predicted;
  const recall = count.true === 0 ? zeroDivision : count.hits / count.true;
  // The order of operations is scikit-learn's: another one would differ in the last bit.
  const f1Score = (2 * precision * recall) / (precision + recall || 1);
  return { precision, recall, f1Score, support: count.true };
}

function averageOf(scores: readonly Scores[], support: number, weights?: readonly number[]): Scores {
  const of = (what: 'precision' | 'recall' | 'f1Score'): number =>
    average(
      scores.map((score) => score[what]),
      weights,
    );
  return { precision: of('precision'), recall: of('recall'), f1Score: of('f1Score'), support };
}

/** The weighted average where no class has any sample, by scikit-learn's rule. */
function withoutSamples(predicted: number, zeroDivision: number): Scores {
  const nothingPredicted = predicted === 0 ? zeroDivision : 0;
  return { precision: nothingPredicted, recall: zeroDivision, f1Score: nothingPredicted, support: 0 };
}

/**
 * The text of scikit-learn 1.2.1's `classification_report`, byte for byte, with its last line ended.
 *
 * @param options `digits`: decimals of the scores, 0 to 1000; 2 by default
 * @throws ShadegradError `usage` where `digits` is out of range
 */
export function formatClassificationReport(
  report: ClassificationReport,
  options: { readonly digits?: number } = {},
): string {
  const { digits = 2 } = options;
  if (!Number.isInteger(digits) || digits < 0 || digits > 1000) {
    throw new ShadegradError(
      'usage',
      `${digits} is not a number of decimals.`,
      'Use a whole number, 0 to 1000.',
    );
  }
  const width = report.classes.reduce(
    (widest, { name }) => Math.max(widest, Array.from(name).length),
    Math.max('weighted avg'.length, digits),
  );
  const line = (heading: string, cells: readonly string[]): string =>
    `${' '.repeat(width - Array.from(heading).length)}${heading} ${cells.map((cell) => ` ${cell.padStart(9)}`).join('')}\n`;
  const score = (value: number): string => formatFixed(value, digits);
  // Without a single hit, scikit-learn's counts are floating-point numbers, and it prints them so.
  const count = (value: number): string => (report.hits === 0 ? `${value}.0` : `${value}`);
  const row = (heading: string, { precision, recall, f1Score, support }: Scores): string =>
    line(heading, [score(precision), score(recall), score(f1Score), count(support)]);
  const { microAvg } = report;
  return [
    line('', ['precision', 'recall', 'f1-score', 'support']),
    '\n',
    ...report.classes.map((scores) => row(scores.name, scores)),
    '\n',
    // The F1 score, not `accuracy`: they are equal but for rounding, and scikit-learn prints this one.
    report.accuracy === null
      ? row('micro avg', microAvg)
      : line('accuracy', ['', '', score(microAvg.f1Score), count(microAvg.support)]),
    row('macro avg', report.macroAvg),
    row('weighted avg', report.weightedAvg),
  ].join('');
}
