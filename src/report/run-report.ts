import type { Dataset } from '../data/dataset.ts';
import { ShadegradError } from '../errors.ts';
import type { AdapterReport } from '../gpu/adapter.ts';
import type { EpochRecord, Evaluation, History } from '../train/history.ts';
import { type ClassificationReport, classificationReport } from './classification.ts';
import { confusionMatrix } from './confusion.ts';

/** What a network made of a dataset's test samples, as numbers for people and programs. */
export interface TestReport {
  readonly dataset: {
    readonly name: string;
    /** Number of samples in each set. */
    readonly train: number;
    readonly test: number;
    /** [height, width] of an image. */
    readonly shape: readonly [number, number];
    readonly classes: number;
  };
  readonly adapter: AdapterReport;
  readonly test: { readonly loss: number; readonly accuracy: number; readonly count: number };
  /** [outputs, outputs] of the network: row i, column j counts the samples of class i predicted as j. */
  readonly confusionMatrix: readonly (readonly number[])[];
  /** One entry for each of the network's outputs, whether it occurs or not. */
  readonly classificationReport: ClassificationReport;
}

export interface RunConfig {
  readonly hidden: readonly number[];
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  /** Name of the step plan that ran. */
  readonly plan: string;
}

/** Everything about a training run but the weights. JSON holds it without loss. */
export interface RunReport extends TestReport {
  readonly config: RunConfig;
  readonly history: History;
  /** Training samples per second over all epochs, without validation. */
  readonly imagesPerSecond: number;
}

/**
 * @param evaluation of `data.test`
 * @throws ShadegradError `diverged` where the test loss is not finite
 */
export function testReport(data: Dataset, adapter: AdapterReport, evaluation: Evaluation): TestReport {
  const { loss, accuracy, count, predictions, probabilities } = evaluation;
  if (!Number.isFinite(loss)) {
    throw new ShadegradError(
      'diverged',
      `The loss on the test samples is not finite (${loss}).`,
      'Train again with a smaller learning rate.',
    );
  }
  const labels = Array.from({ length: probabilities.length / count }, (_, label) => label);
  const { name, train, test, shape, classes } = data;
  return {
    dataset: { name, train: train.count, test: test.count, shape: [shape.height, shape.width], classes },
    adapter,
    test: { loss, accuracy, count },
    confusionMatrix: confusionMatrix(test.labels, predictions, labels),
    classificationReport: classificationReport(test.labels, predictions, { labels }),
  };
}

/**
 * @param samplesPerEpoch training samples without those kept for validation
 * @throws ShadegradError `diverged` where the test loss is not finite
 */
export function runReport(run: {
  readonly data: Dataset;
  readonly adapter: AdapterReport;
  readonly config: RunConfig;
  readonly history: readonly EpochRecord[];
  readonly samplesPerEpoch: number;
  readonly evaluation: Evaluation;
}): RunReport {
  const { dataset, adapter, ...results } = testReport(run.data, run.adapter, run.evaluation);
  const seconds = run.history.reduce((sum, epoch) => sum + epoch.seconds, 0);
  return {
    dataset,
    adapter,
    config: run.config,
    history: run.history,
    ...results,
    imagesPerSecond: (run.samplesPerEpoch * run.history.length) / seconds,
  };
}
