import { sampleLosses } from '../train/ensemble.ts';
import type { EpochRecord, Evaluation, PopulationEvaluation } from '../train/history.ts';
import { mostEpochLossApart, mostLossApart, mostMistakesApart, squaresToMean } from './apart.ts';
import { type Comparison, exact, within } from './comparison.ts';
import type { RunFacts } from './contradictions.ts';
import { mostRoundingApart } from './rounding.ts';
import type { NetworkReport, RunReport } from './run-report.ts';
import type { StoredReport, StoredTest } from './stored-report.ts';
import { studentT } from './student-t.ts';

/**
 * The chance that a run is said to differ though its networks are as good as those of the report, all comparisons of the
 * run together but one kind: how often rounding alone takes the loss of a first epoch further than it took the copies is not
 * known.
 */
export const FALSE_ALARM = 0.001;

/** A run that was done again. */
export interface Repetition extends RunFacts {
  /** Of the repetition. */
  readonly report: RunReport;
  /** Of the test samples. */
  readonly evaluation: PopulationEvaluation;
  /** Copies of one network of each learning rate and weight decay. Needed only where `mayDiffer` says so. */
  readonly copies: readonly NetworkCopies[];
}

/** Copies of a network, from weights that are off by rounding, see `withRounding`. */
export interface NetworkCopies {
  /** Index of the network. They are good for all networks of its learning rate and weight decay. */
  readonly network: number;
  /** Of the training in the first epoch: [copies]. */
  readonly losses: readonly number[];
}

/** What of two runs may be apart. */
export interface Tolerances {
  /** Of the losses of the first epoch, which {@link FALSE_ALARM} is not for. */
  readonly rounding: readonly Comparison[];
  /** Of all epochs and of the test. */
  readonly tolerances: readonly Comparison[];
}

/** A comparison whose allowance is known once it is known how many there are. */
type Pending = (chance: number, t: (degrees: number) => number) => Comparison;

/** Compares what two runs promise, where their bits may differ. */
export function compareTolerantly(stored: StoredReport, repetition: Repetition): Tolerances {
  const { report, evaluation, samples, labels } = repetition;
  const ended: Comparison[] = [];
  const rounding: Pending[] = [];
  const pending: Pending[] = [];
  for (const [network, reported] of stored.models.entries()) {
    const here = report.models[network];
    if (reported.diverged || !here || here.diverged) {
      const [told = null, now = null] = [reported, here].map((each) => each?.diverged?.epoch ?? null);
      const isSame = (told === null) === (now === null);
      ended.push({ ...exact('diverged in epoch', network, told, now), agrees: isSame });
      continue;
    }
    rounding.push(...ofRounding(network, reported, repetition));
    const tested = evaluation.networks[network] ?? null;
    const ratio = squaresToMean(tested ? sampleLosses(tested.probabilities, labels) : []);
    for (const [i, before] of reported.history.entries()) {
      const after = here.history[i];
      if (after) pending.push(...ofEpoch(network, before, after, samples, ratio));
    }
    if (reported.test) pending.push(...ofTest(network, reported.test, tested, labels));
    if (network === stored.best) pending.push(...ofClasses(network, stored.confusionMatrix, tested, labels));
  }
  const { ensemble } = stored;
  if (ensemble) {
    pending.push(...ofTest(null, ensemble.test, evaluation.ensemble, labels));
    pending.push(...ofClasses(null, ensemble.confusionMatrix, evaluation.ensemble, labels));
  }
  const chance = FALSE_ALARM / pending.length;
  const known = new Map<number, number>();
  const t = (degrees: number): number => {
    const found = known.get(degrees) ?? studentT(degrees, 1 - chance);
    known.set(degrees, found);
    return found;
  };
  const done = (each: readonly Pending[]) => each.map((compare) => compare(chance, t));
  return { rounding: done(rounding), tolerances: [...ended, ...done(pending)] };
}

/** In the first epoch rounding has not grown: it tells one seed, order or setting from another. */
function ofRounding(
  network: number,
  { history: before }: NetworkReport,
  { report: { models }, copies }: Repetition,
): Pending[] {
  const here = models[network];
  const alike = copies.find((copy) => {
    const one = models[copy.network];
    return one?.learningRate === here?.learningRate && one?.weightDecay === here?.weightDecay;
  });
  const [reported, now] = [before[0], here?.history[0]];
  const base = alike && models[alike.network]?.history[0];
  if (!reported || !now || !base) return [];
  return [
    (chance) =>
      within(
        'training loss by rounding, epoch 1',
        network,
        reported.loss,
        now.loss,
        mostRoundingApart(base.loss, alike.losses, chance),
      ),
  ];
}

function ofEpoch(
  network: number,
  before: EpochRecord,
  after: EpochRecord,
  { train, validation }: RunFacts['samples'],
  ratio: number,
): Pending[] {
  const of = (what: string): string => `${what}, epoch ${after.epoch}`;
  return [
    ...ofLoss(of('training loss'), network, before.loss, after.loss, train, ratio),
    accuracies(of('training accuracy'), network, before.accuracy, after.accuracy, train),
    ...(before.valLoss === null || after.valLoss === null
      ? []
      : ofLoss(of('validation loss'), network, before.valLoss, after.valLoss, validation, ratio)),
    ...(before.valAccuracy === null || after.valAccuracy === null
      ? []
      : [accuracies(of('validation accuracy'), network, before.valAccuracy, after.valAccuracy, validation)]),
  ];
}

/** One sample tells nothing of how losses spread. */
function ofLoss(
  what: string,
  network: number,
  reported: number,
  here: number,
  count: number,
  ratio: number,
): Pending[] {
  if (count < 2) return [];
  return [
    (_, t) => within(what, network, reported, here, mostEpochLossApart(here, ratio, count, t(count - 1))),
  ];
}

function testOf(network: number | null): string {
  return network === null ? 'all together: test' : 'test';
}

function ofTest(
  network: number | null,
  reported: Pick<StoredTest, 'loss' | 'accuracy'>,
  here: Evaluation | null,
  labels: Uint8Array,
): Pending[] {
  const what = testOf(network);
  if (!here) return [() => exact(`${what} loss`, network, reported.loss, null)];
  const losses = sampleLosses(here.probabilities, labels);
  return [
    accuracies(`${what} accuracy`, network, reported.accuracy, here.accuracy, here.count),
    ...(here.count < 2
      ? []
      : [
          (chance: number) =>
            within(`${what} loss`, network, reported.loss, here.loss, mostLossApart(losses, chance)),
        ]),
  ];
}

/** Of each class's test samples those that are told right, as the diagonal of the confusion matrix has them. */
function ofClasses(
  network: number | null,
  matrix: StoredReport['confusionMatrix'],
  here: Evaluation | null,
  labels: Uint8Array,
): Pending[] {
  return matrix.flatMap((row, label) => {
    const own = Array.from(labels.keys()).filter((i) => labels[i] === label);
    if (!here || own.length === 0) return [];
    const right = own.filter((i) => here.predictions[i] === label).length;
    const [reported, now] = [row[label] ?? 0, right].map((hits) => hits / own.length);
    const what = `${testOf(network)} accuracy on class ${label}`;
    return [accuracies(what, network, reported ?? Number.NaN, now ?? Number.NaN, own.length)];
  });
}

function accuracies(
  what: string,
  network: number | null,
  reported: number,
  here: number,
  count: number,
): Pending {
  const wrong = (accuracy: number): number => Math.round((1 - accuracy) * count);
  const [one, other] = [wrong(reported), wrong(here)];
  return (chance) => {
    const allowed = mostMistakesApart([one, other], count, chance);
    const agrees = Math.abs(one - other) <= allowed;
    return { ...exact(what, network, reported, here), allowed: allowed / count, agrees };
  };
}
