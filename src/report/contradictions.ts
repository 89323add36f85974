import { fieldsOf } from '../json.ts';
import { bestNetwork } from '../train/best.ts';
import type { EpochRecord } from '../train/history.ts';
import { type Comparison, exact, type Missing, structures } from './comparison.ts';
import { type NetworkReport, type RunReport, reportOfMatrix, summaryOf } from './run-report.ts';
import type { StoredReport, StoredTest } from './stored-report.ts';

/** How the training samples of a network are split. */
export interface SplitSizes {
  /** Those of an epoch. */
  readonly train: number;
  /** Those that are held back to validate with. */
  readonly validation: number;
}

/** What is known of a run whatever it was done on. */
export interface RunFacts {
  /** What is known of the dataset, the networks and their test results. */
  readonly report: Pick<RunReport, 'dataset' | 'models' | 'confusionMatrix'>;
  /** Of the test samples: [samples]. */
  readonly labels: Uint8Array;
  /** Numbers of samples that each network is trained on and validated with. */
  readonly samples: SplitSizes;
}

/**
 * What a report says twice, what follows from the rest of it, and what follows from its settings and data: whatever the
 * adapter, these must agree.
 *
 * @param missing takes what an older version's report lacks
 */
export function contradictions(stored: StoredReport, known: RunFacts, missing?: Missing): Comparison[] {
  const { content, models, best, ensemble } = stored;
  const { report, labels, samples } = known;
  const { classNames } = fieldsOf(content.dataset);
  const context = {
    ...known,
    classNames: Array.isArray(classNames) ? classNames.map(String) : null,
    missing,
  };
  const { test = null, sha256 = null } = models[best] ?? {};
  const told = modelChecksumIn(stored);
  const all = fieldsOf(content.ensemble);
  return [
    structures('dataset', content.dataset, plain(report.dataset), missing),
    structures('settings of the networks', settingsOf(models), settingsOf(report.models)),
    structures(
      'history',
      content.history,
      fieldsOf(Array.isArray(content.models) && content.models[best]).history,
    ),
    exact('loss of the best network', best, stored.test.loss, test?.loss ?? null),
    exact('accuracy of the best network', best, stored.test.accuracy, test?.accuracy ?? null),
    ...(sha256 === null || told === null ? [] : [exact('weights of the best network', best, told, sha256)]),
    exact('best network', null, best, bestOf(models)),
    structures('summary', content.summary, plain(spreadOf(models)), missing),
    exact('results of all networks together', null, there(ensemble !== null), there(models.length > 1)),
    ...models.map((model, network) =>
      impossible(network, model, stored, samples, labels.length, missing !== undefined),
    ),
    ...ofResults('', stored, content.classificationReport, context),
    ...(ensemble ? ofResults(' of all networks', ensemble, all.classificationReport, context) : []),
  ];
}

/** What test results are compared with. */
interface Context extends RunFacts {
  readonly classNames: readonly string[] | null;
  readonly missing: Missing | undefined;
}

function ofResults(
  whose: string,
  results: Pick<StoredReport, 'test' | 'confusionMatrix'>,
  classification: unknown,
  { classNames, missing, ...facts }: Context,
): Comparison[] {
  const own = [
    ...ofShare(`test${whose}`, null, results.test, facts.labels.length),
    ...ofMatrix(whose, results, facts),
  ];
  if (!own.every(({ agrees }) => agrees)) return own;
  const computed = plain(reportOfMatrix(results.confusionMatrix, classNames));
  return [...own, structures(`classificationReport${whose}`, classification, computed, missing)];
}

/** The checksum that a report has of its best network, beside that of each one, which older versions did not write. */
function modelChecksumIn({ content: { model } }: StoredReport): string | null {
  const { sha256 } = fieldsOf(model);
  return typeof sha256 === 'string' ? sha256 : null;
}

/** The checksum that a report has of a network's weights; null where it has none. */
export function weightsIn(stored: StoredReport, network: number): string | null {
  const own = stored.models[network]?.sha256 ?? null;
  return own === null && network === stored.best ? modelChecksumIn(stored) : own;
}

/** As JSON has it. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function settingsOf(networks: readonly NetworkReport[]): unknown {
  return networks.map(({ seed, learningRate, weightDecay }) => ({ seed, learningRate, weightDecay }));
}

function bestOf(models: readonly NetworkReport[]): number | null {
  const tests = models.map(({ test }) => test);
  return models.some(({ diverged, test }) => !diverged && test) ? bestNetwork(models, tests) : null;
}

function spreadOf(models: readonly NetworkReport[]): unknown {
  return models.length > 1 && models.some(({ test }) => test) ? summaryOf(models) : null;
}

/** Its rows are the classes of the test samples, which are known, and its diagonal are those that are told right. */
function ofMatrix(
  whose: string,
  { test: { accuracy, count }, confusionMatrix: matrix }: Pick<StoredReport, 'test' | 'confusionMatrix'>,
  { report, labels }: RunFacts,
): Comparison[] {
  const classes = report.confusionMatrix.length;
  const expected = new Array<number>(classes).fill(0);
  for (const label of labels) expected[label] = (expected[label] ?? 0) + 1;
  const rows = matrix.map((row) => row.reduce((sum, each) => sum + each, 0));
  const right = matrix.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  const widths = matrix.map((row) => row.length);
  return [
    structures(
      `columns of the confusion matrix${whose}`,
      widths,
      expected.map(() => classes),
    ),
    structures(`samples of each class in the confusion matrix${whose}`, rows, expected),
    exact(`test samples${whose}`, null, count, labels.length),
    exact(`accuracy of the confusion matrix${whose}`, null, accuracy, right / labels.length),
  ];
}

/**
 * What of a network cannot be, whatever it was trained on; a comparison that agrees where there is nothing. A share is of whole
 * samples. A loss is at least what its mistakes cost: a class that another one outdoes has at most half of the probability.
 * And early stopping follows from the validation losses.
 */
function impossible(
  network: number,
  model: NetworkReport,
  { settings: { patience } }: StoredReport,
  { train, validation }: SplitSizes,
  tested: number,
  isOlder: boolean,
): Comparison {
  const { history, diverged, test } = model;
  const kept = keptEpoch(history, patience);
  const told = { epoch: model.epoch, stopped: `${model.stopped}` };
  const found = [
    ...history.flatMap(({ epoch, loss, accuracy, valLoss, valAccuracy }, i) => [
      exact('number of an epoch', network, epoch, i + 1),
      ...ofShare(`training, epoch ${epoch}`, network, { loss, accuracy }, train),
      ...[valLoss, valAccuracy].map((value) =>
        exact(`validation, epoch ${epoch}`, network, there(value !== null), there(validation > 0)),
      ),
      ...(valLoss === null || valAccuracy === null
        ? []
        : ofShare(
            `validation, epoch ${epoch}`,
            network,
            { loss: valLoss, accuracy: valAccuracy },
            validation,
          )),
    ]),
    exact('test', network, there(test !== null), there(!diverged)),
    ...(isOlder ? [] : [exact('checksum', network, there(model.sha256 !== null), there(!diverged))]),
    ...(test ? ofShare('test', network, test, tested) : []),
    ...(diverged
      ? []
      : [
          exact('epoch of the weights', network, told.epoch, kept.epoch),
          exact('early stop', network, told.stopped, `${kept.stopped}`),
        ]),
  ];
  return found.find(({ agrees }) => !agrees) ?? exact('possible values', network, null, null);
}

/** A comparison's word for something that is there. */
function there(isThere: boolean): string | null {
  return isThere ? 'there' : null;
}

/** The losses are added up in float32. */
const SLACK = 1e-5;

function ofShare(
  what: string,
  network: number | null,
  { loss, accuracy }: Pick<StoredTest, 'loss' | 'accuracy'>,
  count: number,
): Comparison[] {
  const least = (1 - accuracy) * Math.LN2 * (1 - SLACK);
  return [
    exact(`${what}: accuracy`, network, accuracy, Math.round(accuracy * count) / count),
    { ...exact(`${what}: least loss`, network, loss, least), agrees: loss >= least },
  ];
}

/** The epoch that a network's weights are from, and whether early stopping ended it. */
function keptEpoch(
  history: readonly EpochRecord[],
  patience: number | null,
): { readonly epoch: number; readonly stopped: boolean } {
  const last = history.length;
  if (patience === null) return { epoch: last, stopped: false };
  const losses = history.map(({ valLoss }) => valLoss ?? Number.POSITIVE_INFINITY);
  const epoch =
    losses.indexOf(losses.reduce((least, loss) => Math.min(least, loss), Number.POSITIVE_INFINITY)) + 1;
  return { epoch: epoch || last, stopped: epoch > 0 && last - epoch >= patience };
}
