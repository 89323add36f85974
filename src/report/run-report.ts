import { datasetChecksum } from '../data/checksum.ts';
import { type Dataset, namesOfClasses } from '../data/dataset.ts';
import type { LabelNoise } from '../data/label-noise.ts';
import { ShadegradError } from '../errors.ts';
import type { AdapterReport } from '../gpu/adapter.ts';
import { type InitialWeights, modelChecksum } from '../model/checksum.ts';
import type { Model } from '../model/model.ts';
import type { ImageShape } from '../model/model-file.ts';
import type { NetworkSettings } from '../model/network-settings.ts';
import type { Normalisation } from '../model/normalisation.ts';
import type { MlpSpec } from '../model/spec.ts';
import { stackModels } from '../model/stack.ts';
import { bestNetwork } from '../train/best.ts';
import type { Evaluation, History, Leg, NetworkRecord, PopulationEvaluation } from '../train/history.ts';
import type { TrainerSettings } from '../train/settings.ts';
import type { Versions } from '../versions.ts';
import { type ClassificationReport, classificationReport } from './classification.ts';
import { confusionMatrix } from './confusion.ts';
import { presentLabels } from './labels.ts';
import { type Summary, summarise } from './population.ts';

/** How well labelled samples were told apart. */
export interface TestResults {
  /** Of the test samples: mean loss in nats, share told right (0 to 1), and how many there are. */
  readonly test: Pick<Evaluation, 'loss' | 'accuracy' | 'count'>;
  /** [outputs, outputs] of the network: row i, column j counts the samples of class i predicted as j. */
  readonly confusionMatrix: readonly (readonly number[])[];
  /** Of the classes that occur among the true or the predicted labels, as scikit-learn has it by default. */
  readonly classificationReport: ClassificationReport;
}

/** What a network made of a dataset's test samples, as numbers for people and programs. JSON holds it without loss. */
export interface TestReport extends TestResults {
  /** What it was tested on. */
  readonly dataset: {
    /** As {@link Dataset.name}. */
    readonly name: string;
    /** Number of samples to learn from. */
    readonly train: number;
    /** Number of samples to test on. */
    readonly test: number;
    /** [height, width] of an image. */
    readonly shape: readonly [number, number];
    /** Number of classes. */
    readonly classes: number;
    /** What each class is called: [classes]; null where they have numbers only. */
    readonly classNames: readonly string[] | null;
    /** See {@link datasetChecksum}. */
    readonly sha256: string;
  };
  /** What was tested. */
  readonly model: {
    /** The path that it was read from; null where it comes out of a training, or a browser's file. */
    readonly file: string | null;
    /** Of the weights as they are in the file; see {@link modelChecksum}. */
    readonly sha256: string;
    /** How pixels were normalised for it where the user said so, and not the file; else null. */
    readonly normalisation: Normalisation | null;
  };
  /** Where it was computed. */
  readonly adapter: AdapterReport;
  /** Dawn's toggles that were set, as `openDevice` names them; empty in a browser. */
  readonly toggles: readonly string[];
  /** By whose code. */
  readonly versions: Versions;
}

/** Where a dataset was loaded from. */
export interface DataSource {
  /** The dataset's name, where it is known by name, or else a folder. */
  readonly data: string;
  /** The size that a folder's pictures were brought to; null where they were taken as they are. */
  readonly imageSize: ImageShape | null;
}

/** What was trained and how: with the dataset and the versions, all that is needed to do it again. */
export interface RunConfig extends Omit<TrainerSettings, 'plan'> {
  /** How many were trained, or asked for. */
  readonly epochs: number;
  /** Name of the step plan that ran. */
  readonly plan: string;
  /**
   * What the plan's matrix units multiply, M x N x K, and what they add up in: "8 x 8 x 8 of f16 into f32". Null where the
   * plan runs on none.
   */
  readonly matrixUnits: string | null;
  /** Null where the weights were drawn at random, by the seed. */
  readonly initial: InitialWeights | null;
  /** What was done to the labels of the training samples; absent where nothing was. */
  readonly labelNoise?: LabelNoise;
  /** Null in a browser, where data are loaded in other ways. */
  readonly source: DataSource | null;
  /**
   * What trained a part of it, before it was gone on with under another plan or adapter, or in other versions: the bits of
   * such a run cannot be had again in one go. Empty for others.
   */
  readonly earlier: readonly Leg[];
}

/** One network of a run: its settings, and what became of it. */
export interface NetworkReport extends NetworkRecord {
  /** Null where it diverged. That is so also where no update is left to tell it and the test loss is not finite. */
  readonly test: Pick<Evaluation, 'loss' | 'accuracy'> | null;
  /** Of its weights, see {@link modelChecksum}; null where it diverged. */
  readonly sha256: string | null;
}

/** One network of a file of several: what the file says of it, and how well it told labelled samples apart. */
export interface TestedNetwork extends Pick<NetworkReport, 'test'> {
  /** As it was trained with; null where the file does not say. */
  readonly seed: number | null;
  /** As it was trained with; null where the file does not say. */
  readonly learningRate: number | null;
  /** As it was trained with; null where the file does not say. */
  readonly weightDecay: number | null;
}

/**
 * What several networks made of a dataset's test samples, each alone and all together. `test`, `confusionMatrix` and
 * `classificationReport` are those of all together; `model.sha256` is of all their weights, see {@link stackModels}.
 */
export interface PopulationTestReport extends TestReport {
  /** [networks] */
  readonly models: readonly TestedNetwork[];
  /** How the networks' results spread. */
  readonly summary: PopulationSummary;
  /** By the mean of the networks' probabilities. */
  readonly ensemble: TestResults;
}

/** How test results spread over networks that have one. */
export interface ResultSummary {
  /** Of the test losses, in nats. */
  readonly loss: Summary;
  /** Of the test accuracies, 0 to 1. */
  readonly accuracy: Summary;
}

/** The same of the networks of one setting. */
export interface SettingSummary extends ResultSummary {
  /** Of the setting; null where it is not known. */
  readonly learningRate: number | null;
  /** Of the setting; null where it is not known. */
  readonly weightDecay: number | null;
}

/**
 * Of all networks, which have no deviation and no interval where they are of several settings: they are no sample of one
 * thing then. And of those of each setting, where there are several.
 */
export interface PopulationSummary extends ResultSummary {
  /** One for each setting; empty where all networks have the same. */
  readonly settings: readonly SettingSummary[];
}

/**
 * Everything about a training run but the weights. JSON holds it without loss. Of several networks, `model`, `history`,
 * `test`, `confusionMatrix` and `classificationReport` are those of the best one.
 */
export interface RunReport extends TestReport {
  /** The processor's name where the adapter is software, which compiles shaders for it; else null. */
  readonly processor: string | null;
  /** What was trained and how. */
  readonly config: RunConfig;
  /** The epochs, first to last. */
  readonly history: History;
  /** [networks] */
  readonly models: readonly NetworkReport[];
  /** Index in `models` of the best network, as {@link bestNetwork} chooses it. */
  readonly best: number;
  /** Null where one network was trained. */
  readonly summary: PopulationSummary | null;
  /** By the mean of the networks' probabilities; null where one network was trained. */
  readonly ensemble: TestResults | null;
  /**
   * Training samples per second, those of all networks together, without validation; null where no epoch came to its
   * end, or too quickly for the clock.
   */
  readonly imagesPerSecond: number | null;
}

/** What a test's report is made of. */
export interface Tested extends Pick<TestReport, 'adapter' | 'toggles' | 'versions'> {
  /** What the test samples are of. */
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

/** What the report of a test of several networks is made of. */
export interface TestedPopulation extends Omit<Tested, 'model' | 'evaluation'> {
  /** As they are in their file: [networks], one or more. */
  readonly models: readonly Model[];
  /** How each was trained: [networks]; null where the file does not say. */
  readonly networks: readonly NetworkSettings[] | null;
  /** Of `data.test`, by `models`. */
  readonly evaluation: PopulationEvaluation;
}

/** What a run's report is made of. Which network is the best follows from their records. */
export interface Trained
  extends Omit<Tested, 'file' | 'normalisation' | 'model' | 'evaluation'>,
    Pick<RunReport, 'processor'> {
  /** What was trained and how. */
  readonly config: RunConfig;
  /** [networks], one or more. */
  readonly networks: readonly NetworkRecord[];
  /** As they were trained; null for those without finite weights: [networks]. */
  readonly models: readonly (Model | null)[];
  /** Of `data.test`, by `models`. */
  readonly evaluation: PopulationEvaluation;
  /** How many samples the epochs that came to their end trained, those of all networks together. */
  readonly samples: number;
  /** Wall-clock time that these epochs took, without validation and without pauses. */
  readonly seconds: number;
}

/**
 * A test's report.
 * @throws ShadegradError `diverged` where the test loss is not finite
 */
export async function testReport(tested: Tested): Promise<TestReport> {
  const { data, model, file = null, normalisation = null, adapter, toggles, versions, evaluation } = tested;
  const { name, train, test, shape, classes, classNames = null } = data;
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
    ...testResults(data, model.spec, evaluation),
  };
}

/**
 * The report of a test of several networks.
 * @throws ShadegradError `diverged` where no network's test loss is finite, or not that of all together; `usage` where there
 *   are not as many models as results
 */
export async function populationTestReport(tested: TestedPopulation): Promise<PopulationTestReport> {
  const { models, networks, evaluation, ...rest } = tested;
  const [first, ...others] = models;
  if (!first || models.length !== evaluation.networks.length) throw notOneEach();
  const model = stackModels([first, ...others]);
  const report = await testReport({ ...rest, model, evaluation: evaluation.ensemble });
  const tests = evaluation.networks.map((each) => testOf(each));
  return {
    ...report,
    models: tests.map((test, i) => {
      const { seed = null, learningRate = null, weightDecay = null } = networks?.[i] ?? {};
      return { seed, learningRate, weightDecay, test };
    }),
    summary: summaryOf(tests.map((test, i) => ({ test, ...settingOf(networks?.[i]) }))),
    ensemble: {
      test: report.test,
      confusionMatrix: report.confusionMatrix,
      classificationReport: report.classificationReport,
    },
  };
}

function testResults(data: Dataset, { classes }: MlpSpec, evaluation: Evaluation): TestResults {
  const { loss, accuracy, count, predictions } = evaluation;
  if (!Number.isFinite(loss)) {
    throw new ShadegradError(
      'diverged',
      `The loss on the test samples is not finite (${loss}).`,
      'Train again with a smaller learning rate.',
    );
  }
  const outputs = Array.from({ length: classes }, (_, label) => label);
  const matrix = confusionMatrix(data.test.labels, predictions, outputs);
  return {
    test: { loss, accuracy, count },
    confusionMatrix: matrix,
    classificationReport: reportOfMatrix(matrix, data.classNames ?? null),
  };
}

/**
 * The classification report of the samples that a confusion matrix counts.
 * @param matrix [classes, classes], with one sample or more
 */
export function reportOfMatrix(
  matrix: readonly (readonly number[])[],
  classNames: readonly string[] | null,
): ClassificationReport {
  const cells = matrix.flatMap((row, truth) => row.map((count, predicted) => ({ count, truth, predicted })));
  const labels = (which: 'truth' | 'predicted') =>
    cells.flatMap(({ count, ...cell }) => new Array<number>(count).fill(cell[which]));
  const [truth, predicted] = [labels('truth'), labels('predicted')];
  const names = namesOfClasses({ classes: matrix.length, classNames });
  const present = presentLabels(truth, predicted).map(Number);
  return classificationReport(truth, predicted, {
    targetNames: present.map((label) => names[label] ?? String(label)),
  });
}

/**
 * A training's report. A network without a model or without a finite test loss diverged, even if its record does not say so.
 *
 * @throws ShadegradError `diverged` where all networks did, or where the test loss of the ensemble is not finite; `usage`
 *   where there are not as many models and evaluations as networks
 */
export async function runReport(trained: Trained): Promise<RunReport> {
  const {
    processor,
    config,
    networks,
    models,
    evaluation: evaluations,
    samples,
    seconds,
    ...tested
  } = trained;
  if (models.length !== networks.length || evaluations.networks.length !== networks.length)
    throw notOneEach();
  const usable = evaluations.networks.map((each, i) => {
    const model = models[i];
    return each && model && Number.isFinite(each.loss) ? { evaluation: each, model } : null;
  });
  const best = bestNetwork(networks, usable);
  const [record, result] = [networks[best], usable[best]];
  if (!record || !result) throw notOneEach();
  const { evaluation, model: bestModel } = result;
  const { dataset, model, adapter, toggles, versions, ...results } = await testReport({
    ...tested,
    model: bestModel,
    evaluation,
  });
  const reports = await Promise.all(networks.map((network, i) => networkReport(network, usable[i] ?? null)));
  const several = networks.length > 1;
  return {
    dataset,
    model,
    adapter,
    processor,
    toggles,
    versions,
    config,
    history: record.history,
    ...results,
    models: reports,
    best,
    summary: several ? summaryOf(reports) : null,
    ensemble: several ? testResults(trained.data, bestModel.spec, evaluations.ensemble) : null,
    imagesPerSecond: seconds > 0 ? samples / seconds : null,
  };
}

async function networkReport(
  network: NetworkRecord,
  usable: { readonly evaluation: Evaluation; readonly model: Model } | null,
): Promise<NetworkReport> {
  const { seed, learningRate, weightDecay, history, epoch, stopped } = network;
  const after = { epoch: Math.max(1, epoch), batch: null };
  const diverged = network.diverged ?? (usable ? null : after);
  const sound = diverged === null ? usable : null;
  const test = testOf(sound?.evaluation ?? null);
  const sha256 = sound && (await modelChecksum(sound.model));
  return { seed, learningRate, weightDecay, history, epoch, stopped, test, diverged, sha256 };
}

/** Null where there is none, or the loss is not finite. */
function testOf(evaluation: Evaluation | null): NetworkReport['test'] {
  if (!evaluation || !Number.isFinite(evaluation.loss)) return null;
  return { loss: evaluation.loss, accuracy: evaluation.accuracy };
}

function settingOf(
  network: NetworkSettings | undefined,
): Pick<SettingSummary, 'learningRate' | 'weightDecay'> {
  const { learningRate = null, weightDecay = null } = network ?? {};
  return { learningRate, weightDecay };
}

/**
 * How the networks' test results spread.
 * @throws ShadegradError `diverged` where there is no test
 */
export function summaryOf(
  networks: readonly (Pick<SettingSummary, 'learningRate' | 'weightDecay'> & Pick<NetworkReport, 'test'>)[],
): PopulationSummary {
  const tested = networks.flatMap(({ test, learningRate, weightDecay }) =>
    test ? [{ test, learningRate, weightDecay, key: `${learningRate} ${weightDecay}` }] : [],
  );
  if (tested.length === 0) {
    throw new ShadegradError(
      'diverged',
      "No network's loss on the test samples is finite.",
      'Train again with a smaller learning rate.',
    );
  }
  const all = resultSummary(tested);
  const keys = [...new Set(tested.map(({ key }) => key))];
  if (keys.length === 1) return { ...all, settings: [] };
  const settings = keys.flatMap((key) => {
    const own = tested.filter((network) => network.key === key);
    const [first] = own;
    if (!first) return [];
    const { learningRate, weightDecay } = first;
    return { learningRate, weightDecay, ...resultSummary(own) };
  });
  const noSample = { standardDeviation: null, interval: null };
  return { loss: { ...all.loss, ...noSample }, accuracy: { ...all.accuracy, ...noSample }, settings };
}

function resultSummary(
  networks: readonly { readonly test: { readonly loss: number; readonly accuracy: number } }[],
): ResultSummary {
  return {
    loss: summarise(networks.map(({ test }) => test.loss)),
    accuracy: summarise(networks.map(({ test }) => test.accuracy)),
  };
}

function notOneEach(): ShadegradError {
  return new ShadegradError(
    'usage',
    'There are not as many models and evaluations as networks.',
    'Pass one of each, or null, for each network, in the same order.',
  );
}

/**
 * What each row and column of a report's confusion matrix is called: its class's name, or else its number.
 * @param report of a test or a training
 */
export function matrixLabels({ confusionMatrix, dataset }: TestReport): readonly string[] {
  return namesOfClasses({ classes: confusionMatrix.length, classNames: dataset.classNames });
}
