import { datasetChecksum } from '../data/checksum.ts';
import { type Dataset, namesOfClasses } from '../data/dataset.ts';
import { ShadegradError } from '../errors.ts';
import type { AdapterReport } from '../gpu/adapter.ts';
import { modelChecksum } from '../model/checksum.ts';
import type { Model } from '../model/model.ts';
import type { Normalisation } from '../model/normalisation.ts';
import type { EpochRecord, Evaluation, History } from '../train/history.ts';
import type { TrainerSettings } from '../train/settings.ts';
import { type ClassificationReport, classificationReport } from './classification.ts';
import { confusionMatrix } from './confusion.ts';
import { presentLabels } from './labels.ts';

/** Whose code computed something. */
export interface Versions {
  readonly shadegrad: string;
  /** Of the npm package "webgpu", which holds Dawn; null in a browser. */
  readonly webgpu: string | null;
  /** E.g. "Node v20.20.2, linux-x64", or a browser's `navigator.userAgent`. */
  readonly runtime: string;
}

/** What a network made of a dataset's test samples, as numbers for people and programs. JSON holds it without loss. */
export interface TestReport {
  readonly dataset: {
    readonly name: string;
    /** Number of samples in each set. */
    readonly train: number;
    readonly test: number;
    /** [height, width] of an image. */
    readonly shape: readonly [number, number];
    readonly classes: number;
    /** What each class is called: [classes]; null where they have numbers only. */
    readonly classNames: readonly string[] | null;
    /** See {@link datasetChecksum}. */
    readonly sha256: string;
  };
  readonly model: {
    /** The path that it was read from; null where it comes out of a training, or a browser's file. */
    readonly file: string | null;
    /** Of the weights as they are in the file; see {@link modelChecksum}. */
    readonly sha256: string;
    /** How pixels were normalised for it where the user said so, and not the file; else null. */
    readonly normalisation: Normalisation | null;
  };
  readonly adapter: AdapterReport;
  /** Dawn's toggles that were set, as `openDevice` names them; empty in a browser. */
  readonly toggles: readonly string[];
  readonly versions: Versions;
  readonly test: { readonly loss: number; readonly accuracy: number; readonly count: number };
  /** [outputs, outputs] of the network: row i, column j counts the samples of class i predicted as j. */
  readonly confusionMatrix: readonly (readonly number[])[];
  /** Of the classes that occur among the true or the predicted labels, as scikit-learn has it by default. */
  readonly classificationReport: ClassificationReport;
}

/** What was trained and how: with the dataset and the versions, all that is needed to do it again. */
export interface RunConfig extends Omit<TrainerSettings, 'plan'> {
  readonly epochs: number;
  /** Name of the step plan that ran. */
  readonly plan: string;
}

/** Everything about a training run but the weights. JSON holds it without loss. */
export interface RunReport extends TestReport {
  readonly config: RunConfig;
  readonly history: History;
  /**
   * Training samples per second over all epochs, without validation; null where no epoch came to its end, or too
   * quickly for the clock.
   */
  readonly imagesPerSecond: number | null;
}

/** What a test's report is made of. */
export interface Tested extends Pick<TestReport, 'adapter' | 'toggles' | 'versions'> {
  readonly data: Dataset;
  /** As it was trained, or is in its file. */
  readonly model: Model;
  /** Where the model was read from; none by default. */
  readonly file?: string;
  /** What was folded into the model that made the predictions; nothing by default. */
  readonly normalisation?: Normalisation | null;
  /** Of `data.test`, by `model`. */
  readonly evaluation: Evaluation;
}

/** What a run's report is made of. */
export interface Trained extends Omit<Tested, 'file' | 'normalisation'> {
  readonly config: RunConfig;
  readonly history: readonly EpochRecord[];
  /** Training samples without those kept for validation. */
  readonly samplesPerEpoch: number;
}

/** @throws ShadegradError `diverged` where the test loss is not finite */
export async function testReport(tested: Tested): Promise<TestReport> {
  const { data, model, file = null, normalisation = null, adapter, toggles, versions } = tested;
  const { loss, accuracy, count, predictions } = tested.evaluation;
  if (!Number.isFinite(loss)) {
    throw new ShadegradError(
      'diverged',
      `The loss on the test samples is not finite (${loss}).`,
      'Train again with a smaller learning rate.',
    );
  }
  const { name, train, test, shape, classes, classNames = null } = data;
  const outputs = Array.from({ length: model.spec.classes }, (_, label) => label);
  const present = presentLabels(test.labels, predictions).map(Number);
  const names = namesOfClasses({ classes: model.spec.classes, classNames });
  return {
    dataset: {
      name,
      train: train.count,
      test: test.count,
      shape: [shape.height, shape.width],
      classes,
      classNames,
      sha256: await datasetChecksum(data),
    },
    model: { file, sha256: await modelChecksum(model), normalisation },
    adapter,
    toggles,
    versions,
    test: { loss, accuracy, count },
    confusionMatrix: confusionMatrix(test.labels, predictions, outputs),
    classificationReport: classificationReport(test.labels, predictions, {
      targetNames: present.map((label) => names[label] ?? String(label)),
    }),
  };
}

/** @throws ShadegradError `diverged` where the test loss is not finite */
export async function runReport(trained: Trained): Promise<RunReport> {
  const { config, history, samplesPerEpoch, ...tested } = trained;
  const seconds = history.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const { dataset, model, adapter, toggles, versions, ...results } = await testReport(tested);
  return {
    dataset,
    model,
    adapter,
    toggles,
    versions,
    config,
    history,
    ...results,
    imagesPerSecond: seconds > 0 ? (samplesPerEpoch * history.length) / seconds : null,
  };
}

/** What each row and column of a report's confusion matrix is called: its class's name, or else its number. */
export function matrixLabels({ confusionMatrix, dataset }: TestReport): readonly string[] {
  return namesOfClasses({ classes: confusionMatrix.length, classNames: dataset.classNames });
}
