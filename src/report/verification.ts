import { fieldsOf } from '../json.ts';
import { agrees, type Comparison, exact, type Missing, structures } from './comparison.ts';
import { contradictions, weightsIn } from './contradictions.ts';
import type { RunReport } from './run-report.ts';
import type { StoredReport } from './stored-report.ts';
import { compareTolerantly, FALSE_ALARM, type Repetition, type Tolerances } from './tolerances.ts';

/** Something that decides on the bits of a run. */
export interface Condition {
  /** `before` is what trained a part of the run, before it was gone on with in another way. */
  readonly what:
    | 'adapter'
    | 'backend'
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

/** Something that could not be compared. */
export interface NotCompared {
  /** As {@link Comparison.what}. */
  readonly what: string;
  /** As {@link Comparison.network}. */
  readonly network: number | null;
  /** A clause for people. */
  readonly why: string;
}

/** What came of repeating a run. JSON holds it without loss. */
export interface Verification extends Tolerances {
  /** What follows from all that was compared. */
  readonly verdict: 'same-bits' | 'within-tolerance' | 'differs';
  /** What the conditions promise. */
  readonly expected: 'same-bits' | 'within-tolerance';
  /** What decides on the bits. */
  readonly conditions: readonly Condition[];
  /** Of the report with itself, with the data and with the models beside it: whatever the adapter, these must agree. */
  readonly kept: readonly Comparison[];
  /** Of the weights and of all results, to the bit. */
  readonly bits: readonly Comparison[];
  /** Empty where the bits are the same, or must be; so is `rounding`. */
  readonly tolerances: readonly Comparison[];
  /** What an older version's report lacks, and models that are not beside the report. */
  readonly notCompared: readonly NotCompared[];
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

/** Whether the bits of a run that was done again are, or may be, others than those of a report: then copies are needed. */
export function mayDiffer(stored: StoredReport, report: RunReport): boolean {
  return !isSame(bitsOf(stored, report)) && conditionsOf(stored, report).some(({ same }) => !same);
}

/**
 * Whether a run that was done again is the one that a report tells of. Where all conditions are the same its bits must be.
 * Where one is not, they may be, or else the networks may be no further apart than networks that are equally good; see
 * docs/verify.md.
 */
export function verification(stored: StoredReport, repetition: Repetition, kept: KeptModels): Verification {
  const { report } = repetition;
  const conditions = conditionsOf(stored, report);
  const expected = conditions.every(({ same }) => same) ? 'same-bits' : 'within-tolerance';
  const bits = bitsOf(stored, report);
  const missing = missingIn(stored, report);
  const beside = keptWeights(stored, kept);
  const own = [...contradictions(stored, repetition, missing), ...beside.compared];
  const found = {
    conditions,
    expected,
    kept: own,
    bits: bits.compared,
    rounding: [],
    tolerances: [],
    notCompared: [
      ...(stored.adapter.backend === null ? [notCompared('backend', null, NOT_TOLD)] : []),
      ...[...new Set([...bits.missing, ...(missing ?? [])])].map((what) => notCompared(what, null, NOT_TOLD)),
      ...bits.unknown.map((network) => notCompared('weights', network, NO_CHECKSUM)),
      ...beside.notCompared,
    ],
    falseAlarm: FALSE_ALARM,
  } as const;
  if (!own.every(agrees)) return { ...found, verdict: 'differs' };
  if (isSame(bits)) return { ...found, verdict: 'same-bits' };
  if (expected === 'same-bits') return { ...found, verdict: 'differs' };
  const apart = compareTolerantly(stored, repetition);
  const isWithin = [...apart.rounding, ...apart.tolerances].every(agrees);
  return { ...found, ...apart, verdict: isWithin ? 'within-tolerance' : 'differs' };
}

const NOT_TOLD = 'the report does not have it';
const NO_CHECKSUM = 'the report has no checksum of its weights';

function notCompared(what: string, network: number | null, why: string): NotCompared {
  return { what, network, why };
}

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
  const { backend } = stored.adapter;
  const processors = condition('processor', stored.processor, here.processor);
  return [
    {
      ...condition('adapter', stored.adapter.description, here.adapter.description),
      same: adapter(stored) === adapter(here),
    },
    ...(backend === null ? [] : [condition('backend', backend, here.adapter.backend)]),
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

/** What takes the fields that an older version's report lacks: that of this version lacks none. */
function missingIn(stored: StoredReport, here: RunReport): Missing | undefined {
  return stored.versions.shadegrad === here.versions.shadegrad ? undefined : new Set();
}

/** What of the bits can be compared. */
interface Bits {
  readonly compared: readonly Comparison[];
  /** Networks whose bits the report does not tell. */
  readonly unknown: readonly number[];
  /** What else it does not have. */
  readonly missing: readonly string[];
}

function bitsOf(stored: StoredReport, report: RunReport): Bits {
  const missing = missingIn(stored, report);
  const here = fieldsOf(JSON.parse(JSON.stringify(report)));
  const results = RESULTS.map((name) => structures(name, stored.content[name], here[name], missing));
  const weights = stored.models.map(({ diverged }, network) => {
    const reported = weightsIn(stored, network);
    const isKnown = reported !== null || diverged !== null;
    return { isKnown, network, reported, now: report.models[network]?.sha256 ?? null };
  });
  return {
    compared: [
      ...weights.flatMap(({ isKnown, network, reported, now }) =>
        isKnown ? [exact('weights', network, reported, now)] : [],
      ),
      ...results,
    ],
    unknown: weights.flatMap(({ isKnown, network }) => (isKnown ? [] : [network])),
    missing: [...(missing ?? [])].filter((place) => place !== 'models.*.sha256'),
  };
}

function isSame({ compared, unknown }: Bits): boolean {
  return compared.every(agrees) && unknown.length === 0;
}

interface BesideReport {
  readonly compared: readonly Comparison[];
  readonly notCompared: readonly NotCompared[];
}

function keptWeights(stored: StoredReport, { model, models }: KeptModels): BesideReport {
  const { best, models: networks } = stored;
  const trained = networks.flatMap(({ diverged }, network) => (diverged ? [] : [network]));
  const one = inFile('model.safetensors', stored, [best], model === null ? null : [model]);
  if (networks.length === 1) return one;
  const file = 'models.safetensors';
  const all = inFile(file, stored, trained, models);
  const count = models ? [exact(`${file}: networks`, null, trained.length, models.length)] : [];
  return {
    compared: [...one.compared, ...count, ...all.compared],
    notCompared: [...one.notCompared, ...all.notCompared],
  };
}

function inFile(
  file: string,
  stored: StoredReport,
  networks: readonly number[],
  checksums: readonly string[] | null,
): BesideReport {
  if (!checksums)
    return { compared: [], notCompared: [notCompared(file, null, 'it is not beside the report')] };
  const known = networks.filter((network) => weightsIn(stored, network) !== null);
  const others = networks.filter((network) => !known.includes(network));
  return {
    compared: known.map((network) =>
      exact(file, network, weightsIn(stored, network), checksums[networks.indexOf(network)] ?? null),
    ),
    notCompared: others.map((network) => notCompared(file, network, NO_CHECKSUM)),
  };
}
