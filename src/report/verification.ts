import { fieldsOf } from '../json.ts';
import { sampleLosses } from '../train/ensemble.ts';
import type { Evaluation, PopulationEvaluation } from '../train/history.ts';
import { mostLossApart, mostMistakesApart } from './apart.ts';
import { mostRoundingApart } from './rounding.ts';
import type { NetworkReport, RunReport } from './run-report.ts';
import type { StoredReport, StoredTest } from './stored-report.ts';

/**
 * The chance that a run is said to differ though its networks are as good as those of the report, all comparisons of the
 * run together.
 */
export const FALSE_ALARM = 0.001;

/** Something that decides on the bits of a run. */
export interface Condition {
  /** `before` is what trained a part of the run, before it was gone on with in another way. */
  readonly what:
    | 'adapter'
    | 'processor'
    | 'toggles'
    | 'plan'
    | 'matrix units'
    | 'shadegrad'
    | 'webgpu'
    | 'before';
  /** In the report; null for none. */
  readonly reported: string | null;
  /** In the repetition; null for none. */
  readonly here: string | null;
  /** Whether it is the same, so that it leaves the bits as they are. */
  readonly same: boolean;
}

/** One value of the report, and what it is here. */
export interface Comparison {
  /** E.g. "weights", "test accuracy", or a place in the report, "history.2.loss". */
  readonly what: string;
  /** Index of the network; null for the whole run, or for all networks together. */
  readonly network: number | null;
  /** In the report; null where it has none, or where the same was found in both. */
  readonly reported: string | number | null;
  /** In the repetition, or in the file beside the report; null likewise. */
  readonly here: string | number | null;
  /** How far apart numbers may be; null where they must be the same. */
  readonly allowed: number | null;
  /** Whether both are the same, or no further apart than is allowed. */
  readonly agrees: boolean;
}

/** What came of repeating a run. JSON holds it without loss. */
export interface Verification {
  /** What follows from all that was compared. */
  readonly verdict: 'same-bits' | 'within-tolerance' | 'differs';
  /** What the conditions promise. */
  readonly expected: 'same-bits' | 'within-tolerance';
  /** What decides on the bits. */
  readonly conditions: readonly Condition[];
  /** Of the report with itself and with the models beside it: whatever the adapter, these must agree. */
  readonly kept: readonly Comparison[];
  /** Of the weights and of all results, to the bit. */
  readonly bits: readonly Comparison[];
  /** Empty where the bits are the same, or must be. */
  readonly tolerances: readonly Comparison[];
  /** See {@link FALSE_ALARM}. */
  readonly falseAlarm: number;
}

/** Checksums of the weights in the files beside a report; null where there is none of the name. */
export interface KeptModels {
  /** Of the best network. */
  readonly model: string | null;
  /** Of all networks that did not diverge, in order. */
  readonly models: readonly string[] | null;
}

/** A run that was done again. */
export interface Repetition {
  /** Of the repetition. */
  readonly report: RunReport;
  /** Of the test samples. */
  readonly evaluation: PopulationEvaluation;
  /** Of the test samples: [samples]. */
  readonly labels: Uint8Array;
  /** How many a network has. */
  readonly samples: SplitSizes;
  /** Copies of one network of each learning rate and weight decay. Needed only where {@link mayDiffer} says so. */
  readonly copies: readonly NetworkCopies[];
}

/** How the training samples of a network are split. */
export interface SplitSizes {
  /** Those of an epoch. */
  readonly train: number;
  /** Those that are held back to validate with. */
  readonly validation: number;
}

/** Copies of a network, from weights that are off by rounding, see {@link withRounding}. */
export interface NetworkCopies {
  /** Index of the network. They are good for all networks of its learning rate and weight decay. */
  readonly network: number;
  /** Of the training in the first epoch: [copies]. */
  readonly losses: readonly number[];
}

/** What is compared to the bit, beside the weights; not the times. */
const RESULTS = [
  'dataset',
  'model',
  'history',
  'test',
  'confusionMatrix',
  'classificationReport',
  'models',
  'best',
  'summary',
  'ensemble',
] as const satisfies (keyof RunReport)[];

/** What may be other where the bits are the same: times, and what things are called here. */
const OTHERWISE = /^dataset\.name$|^model\.file$|\.seconds$/;

/** Whether the bits of a run that was done again are, or may be, others than those of a report: then copies are needed. */
export function mayDiffer(stored: StoredReport, report: RunReport): boolean {
  const isSame = [...weights(stored, report), ...results(stored, report)].every(agrees);
  return !isSame && conditionsOf(stored, report).some(({ same }) => !same);
}

/**
 * Whether a run that was done again is the one that a report tells of. Where all conditions are the same its bits must be.
 * Where one is not, they may be, or else the networks may be no further apart than networks that are equally good; see
 * docs/numerics.md.
 */
export function verification(stored: StoredReport, repetition: Repetition, kept: KeptModels): Verification {
  const { report } = repetition;
  const conditions = conditionsOf(stored, report);
  const expected = conditions.every(({ same }) => same) ? 'same-bits' : 'within-tolerance';
  const own = [...contradictions(stored, report), ...keptWeights(stored, kept)];
  const bits = [...weights(stored, report), ...results(stored, report)];
  const found = { conditions, expected, kept: own, bits, falseAlarm: FALSE_ALARM } as const;
  if (!own.every(agrees)) return { ...found, verdict: 'differs', tolerances: [] };
  if (bits.every(agrees)) return { ...found, verdict: 'same-bits', tolerances: [] };
  if (expected === 'same-bits') return { ...found, verdict: 'differs', tolerances: [] };
  const tolerances = withinTolerance(stored, repetition);
  return { ...found, verdict: tolerances.every(agrees) ? 'within-tolerance' : 'differs', tolerances };
}

const agrees = (comparison: Comparison): boolean => comparison.agrees;

function conditionsOf(stored: StoredReport, here: RunReport): Condition[] {
  const condition = (what: Condition['what'], reported: string | null, now: string | null): Condition => ({
    what,
    reported,
    here: now,
    same: reported === now,
  });
  const adapter = ({ adapter: { vendor, architecture, description, software } }: StoredReport | RunReport) =>
    JSON.stringify([vendor, architecture, description, software]);
  const { config } = stored;
  const legs = config.earlier.map(
    ({ plan, adapter, versions }) => `${plan} on ${adapter}, shadegrad ${versions.shadegrad}`,
  );
  const processors = condition('processor', stored.processor, here.processor);
  return [
    {
      ...condition('adapter', stored.adapter.description, here.adapter.description),
      same: adapter(stored) === adapter(here),
    },
    ...(processors.reported === null && processors.here === null ? [] : [processors]),
    condition('toggles', listed(stored.toggles), listed(here.toggles)),
    condition('plan', config.plan, here.config.plan),
    condition('matrix units', config.matrixUnits, here.config.matrixUnits),
    condition('shadegrad', stored.versions.shadegrad, here.versions.shadegrad),
    condition('webgpu', stored.versions.webgpu, here.versions.webgpu),
    condition('before', listed(legs), null),
  ];
}

function listed(texts: readonly string[]): string | null {
  return texts.length === 0 ? null : texts.join('; ');
}

function exact(
  what: string,
  network: number | null,
  reported: string | number | null,
  here: string | number | null,
): Comparison {
  return { what, network, reported, here, allowed: null, agrees: reported === here };
}

/** What a report says twice, and what follows from its settings. */
function contradictions(stored: StoredReport, repeated: RunReport): Comparison[] {
  const { content, models, best, ensemble } = stored;
  const settings = (networks: readonly NetworkReport[]) =>
    networks.map(({ seed, learningRate, weightDecay }) => ({ seed, learningRate, weightDecay }));
  const { test = null, sha256 = null } = models[best] ?? {};
  const all = fieldsOf(content.ensemble).confusionMatrix;
  return [
    structures('settings of the networks', settings(models), settings(repeated.models)),
    structures(
      'history',
      content.history,
      fieldsOf(Array.isArray(content.models) && content.models[best]).history,
    ),
    exact('loss of the best network', best, stored.test.loss, test?.loss ?? null),
    exact('accuracy of the best network', best, stored.test.accuracy, test?.accuracy ?? null),
    ...(sha256 === null ? [] : [exact('weights of the best network', best, checksumIn(content), sha256)]),
    ...ofMatrix('confusion matrix', stored.test, content.confusionMatrix),
    ...(ensemble ? ofMatrix('confusion matrix of all networks', ensemble.test, all) : []),
  ];
}

function checksumIn({ model }: StoredReport['content']): string | null {
  const { sha256 } = fieldsOf(model);
  return typeof sha256 === 'string' ? sha256 : null;
}

function ofMatrix(what: string, { accuracy, count }: StoredTest, matrix: unknown): Comparison[] {
  const rows: unknown[] = Array.isArray(matrix) ? matrix : [];
  const counts = rows.map((row) => (Array.isArray(row) ? row.map(Number) : []));
  const sum = counts.flat().reduce((total, each) => total + each, 0);
  const right = counts.reduce((total, row, i) => total + (row[i] ?? 0), 0);
  return [
    exact(`samples of the ${what}`, null, count, sum),
    exact(`accuracy of the ${what}`, null, accuracy, right / sum),
  ];
}

function keptWeights({ models, best, content }: StoredReport, kept: KeptModels): Comparison[] {
  // Older reports have the best network's alone.
  const ofBest = models[best]?.sha256 ?? checksumIn(content);
  const file = 'models.safetensors';
  const told = models.flatMap(({ diverged, sha256 }, network) => (diverged ? [] : [{ network, sha256 }]));
  const known = told.filter(({ sha256 }) => sha256 !== null).length === told.length;
  return [
    ...(kept.model === null || ofBest === null ? [] : [exact('model.safetensors', best, ofBest, kept.model)]),
    ...(kept.models === null || !known
      ? []
      : [
          exact(`${file}: networks`, null, told.length, kept.models.length),
          ...told.map(({ network, sha256 }, i) => exact(file, network, sha256, kept.models?.[i] ?? null)),
        ]),
  ];
}

function weights(stored: StoredReport, { models }: RunReport): Comparison[] {
  const told = checksumIn(stored.content);
  return stored.models.map(({ sha256, diverged }, network) => {
    const reported = sha256 ?? (network === stored.best ? told : null);
    const comparison = exact('weights', network, reported, models[network]?.sha256 ?? null);
    // Where an older version told no checksum, nothing is known of the bits.
    return reported === null && diverged === null ? { ...comparison, agrees: false } : comparison;
  });
}

function results({ content }: StoredReport, report: RunReport): Comparison[] {
  const here = fieldsOf(JSON.parse(JSON.stringify(report)));
  return RESULTS.map((name) => structures(name, content[name], here[name]));
}

/** Of two parsed JSON values the first place where they are not the same. */
function structures(what: string, one: unknown, other: unknown): Comparison {
  const difference = firstDifference(one, other, what);
  if (!difference) return exact(what, null, null, null);
  return exact(difference.path, null, difference.reported, difference.here);
}

/** The first place where two parsed JSON values are not the same. */
function firstDifference(
  reported: unknown,
  here: unknown,
  path: string,
): { path: string; reported: string; here: string } | undefined {
  if (reported === here) return undefined;
  if (isStructure(reported) && isStructure(here) && Array.isArray(reported) === Array.isArray(here)) {
    const names = new Set([...Object.keys(reported), ...Object.keys(here)]);
    for (const name of names) {
      const at = `${path}.${name}`;
      const difference = OTHERWISE.test(at)
        ? undefined
        : firstDifference(fieldOf(reported, name), fieldOf(here, name), at);
      if (difference) return difference;
    }
    return undefined;
  }
  return { path, reported: inWords(reported), here: inWords(here) };
}

function isStructure(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function fieldOf(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? fieldsOf(value)[name] : undefined;
}

function inWords(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}

/** A comparison whose allowance is known once it is known how many there are. */
type Pending = (chance: number) => Comparison;

function withinTolerance(stored: StoredReport, repetition: Repetition): Comparison[] {
  const { report, evaluation } = repetition;
  const ended: Comparison[] = [];
  const pending: Pending[] = [];
  for (const [network, reported] of stored.models.entries()) {
    const here = report.models[network];
    if (reported.diverged || !here || here.diverged) {
      const epochs = [reported, here].map((each) => each?.diverged?.epoch ?? null);
      const [told = null, now = null] = epochs;
      ended.push({
        ...exact('diverged in epoch', network, told, now),
        agrees: (told === null) === (now === null),
      });
      continue;
    }
    pending.push(...ofRounding(network, reported, repetition));
    pending.push(...ofEpochs(network, reported, here, repetition.samples));
    if (!reported.test) continue;
    const test = { ...reported.test, count: stored.test.count };
    pending.push(...ofTest(network, test, evaluation.networks[network] ?? null, repetition.labels));
  }
  if (stored.ensemble)
    pending.push(...ofTest(null, stored.ensemble.test, evaluation.ensemble, repetition.labels));
  return [...ended, ...pending.map((compare) => compare(FALSE_ALARM / pending.length))];
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
    (chance) => {
      const allowed = mostRoundingApart(base.loss, alike.losses, chance);
      const apart = Math.abs(reported.loss - now.loss);
      return {
        ...exact('training loss, epoch 1', network, reported.loss, now.loss),
        allowed,
        agrees: apart <= allowed,
      };
    },
  ];
}

/** In the last epoch that both have: early stopping may have ended one of them sooner. */
function ofEpochs(
  network: number,
  { history: before }: NetworkReport,
  { history: after }: NetworkReport,
  { train, validation }: Repetition['samples'],
): Pending[] {
  const last = Math.min(before.length, after.length) - 1;
  const [reported, here] = [before[last], after[last]];
  if (!reported || !here) return [];
  const { epoch } = here;
  const [told, now] = [reported.valAccuracy, here.valAccuracy];
  return [
    accuracies(`training accuracy, epoch ${epoch}`, network, reported.accuracy, here.accuracy, train),
    ...(told === null || now === null
      ? []
      : [accuracies(`validation accuracy, epoch ${epoch}`, network, told, now, validation)]),
  ];
}

function ofTest(
  network: number | null,
  reported: StoredTest,
  here: Evaluation | null,
  labels: Uint8Array,
): Pending[] {
  const what = network === null ? 'all together: test' : 'test';
  if (!here) return [() => exact(`${what} loss`, network, reported.loss, null)];
  const losses = sampleLosses(here.probabilities, labels);
  return [
    accuracies(`${what} accuracy`, network, reported.accuracy, here.accuracy, here.count),
    // One sample tells nothing of how losses spread.
    ...(here.count < 2
      ? []
      : [
          (chance: number): Comparison => {
            const allowed = mostLossApart(losses, chance);
            const apart = Math.abs(reported.loss - here.loss);
            return {
              ...exact(`${what} loss`, network, reported.loss, here.loss),
              allowed,
              agrees: apart <= allowed,
            };
          },
        ]),
  ];
}

function accuracies(
  what: string,
  network: number | null,
  reported: number,
  here: number,
  count: number,
): Pending {
  const [before, after] = [reported, here].map((accuracy) => Math.round((1 - accuracy) * count));
  return (chance) => {
    const [one = Number.NaN, other = Number.NaN] = [before, after];
    const allowed = mostMistakesApart([one, other], count, chance);
    return {
      ...exact(what, network, reported, here),
      allowed: allowed / count,
      agrees: Math.abs(one - other) <= allowed,
    };
  };
}
