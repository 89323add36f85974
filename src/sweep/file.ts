import { Ajv, type ErrorObject } from 'ajv';
import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import schemaText from '../../schemas/sweep.schema.json?raw';
import { ShadegradError } from '../errors.ts';
import { fieldsOf } from '../json.ts';
import type { ImageShape } from '../model/model-file.ts';
import type { OptimizerName } from '../train/optimizer.ts';
import type { PlanName } from '../train/plans/index.ts';
import type { Schedule } from '../train/schedule.ts';

/** Values from which samples are drawn: all between two, ends included, evenly or evenly in their logarithms. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly scale: 'linear' | 'log';
}

/** What differs between a sweep's networks. A list has the values that occur; of whole numbers a range draws whole ones. */
export interface SweepAxes {
  /** As `--data` has it. A folder is looked for from the sweep file's folder. */
  readonly data: readonly string[];
  /** Widths of each hidden layer; a range is of the width of a single one. */
  readonly hidden: readonly (readonly number[])[] | Range;
  /** Absent: each optimizer's default. */
  readonly learningRate?: readonly number[] | Range;
  /** AdamW's; networks of other optimizers have none. Absent: its default. */
  readonly weightDecay?: readonly number[] | Range;
  readonly batchSize: readonly number[] | Range;
  /** Never sampled: each setting is trained with each of the seeds. A range stands for all whole numbers in it. */
  readonly seed: readonly number[];
  readonly epochs: readonly number[] | Range;
  readonly optimizer: readonly OptimizerName[];
  /** Over all epochs, as `--schedule` has it. */
  readonly schedule: readonly Schedule['name'][];
}

/** How settings are taken from the axes. */
export type Sample =
  | 'grid'
  | {
      readonly method: 'random' | 'sobol';
      /** Of settings, each of which is trained with each of the seeds. */
      readonly count: number;
      readonly seed: number;
    };

/** What is the same for all of a sweep's networks, as the options of `shadegrad train` have it. */
export interface SweepSettings {
  readonly momentum: number;
  readonly warmup: number;
  readonly validationSplit: number;
  readonly patience: number | null;
  /**
   * Null: the one that is the likeliest to be the fastest, which is the same one each time on an adapter. `auto` measures,
   * and may take another one each time, with other bits.
   */
  readonly plan: PlanName | 'auto' | null;
  /** Size that a folder's pictures are brought to; null for that which they have. */
  readonly imageSize: ImageShape | null;
}

/** What makes a network better than another, after its last epoch or, with early stopping, the one that validated best. */
export type Objective = 'validationAccuracy' | 'validationLoss';

/** A sweep file with its defaults filled in: schemas/sweep.schema.json has its form. */
export interface SweepFile {
  readonly axes: SweepAxes;
  readonly sample: Sample;
  readonly settings: SweepSettings;
  readonly objective: Objective;
  readonly networksPerTask: number;
  /** Null: all networks are trained to their end. */
  readonly stop: { readonly halving: number } | null;
}

/** The most networks of one sweep. */
const MOST_NETWORKS_OF_SWEEP = 100_000;

const schema: unknown = JSON.parse(schemaText);

/** A sweep file as its schema leaves it: with all defaults, but seeds may be a range. */
interface ValidFile extends Omit<SweepFile, 'axes'> {
  readonly $schema?: string;
  readonly axes: Omit<SweepAxes, 'seed'> & {
    readonly seed: SweepAxes['seed'] | Pick<Range, 'from' | 'to'>;
  };
}

const validate = new Ajv({
  allErrors: true,
  useDefaults: true,
  allowUnionTypes: true,
  verbose: true,
}).compile<ValidFile>(schema as object);

type Path = readonly (string | number)[];

/** What is wrong at a place of the file. */
interface Fault {
  readonly path: Path;
  readonly what: string;
  /** Where the file has it; absent: where the value at `path` begins. */
  readonly offset?: number;
}

/**
 * Reads a sweep file.
 *
 * @param name what errors call the file, e.g. its path
 * @throws ShadegradError `usage` that names the line, the column and the path of what is wrong in it
 */
export function parseSweepFile(name: string, content: string): SweepFile {
  // Some editors put a byte order mark before what they save.
  const text = content.replace(/^\uFEFF/, '');
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true, allowEmptyContent: false });
  const [error] = errors;
  if (error && text.trim() !== '') {
    // E.g. "CommaExpected".
    const words = printParseErrorCode(error.error).replace(/\B[A-Z]/g, ' $&');
    throw refused(`${placeIn(name, text, error.offset)}: This is no JSON: ${words.toLowerCase()}.`);
  }
  if (!root) throw refused(`${name} is empty.`);
  const fail = (faults: readonly Fault[]): void => {
    const lines = faults
      .map((fault) => ({ fault, offset: offsetOf(root, fault) }))
      .toSorted((a, b) => a.offset - b.offset)
      .map(({ fault, offset }) => `${placeIn(name, text, offset)}: ${inWords(fault.path)} ${fault.what}.`);
    if (lines.length > 0) throw refused(lines.join('\n'));
  };
  fail(repeatedNames(root));
  const file: unknown = getNodeValue(root);
  if (!validate(file)) {
    fail(faultsOf(validate.errors ?? []));
    throw refused(`${name} is not of the form of a sweep.`);
  }
  fail(contradictionsIn(file));
  const { $schema: _, axes, ...rest } = file;
  const whole = { ...rest, axes: { ...axes, seed: seedsOf(axes.seed) } };
  fail(excessIn(whole));
  return whole;
}

function refused(message: string): ShadegradError {
  return new ShadegradError(
    'usage',
    message,
    'Mend the sweep file: docs/sweeps.md says what it has, and schemas/sweep.schema.json has its form for editors.',
  );
}

function offsetOf(root: Node, { path, offset }: Fault): number {
  return offset ?? (findNodeAtLocation(root, [...path]) ?? root).offset;
}

/** "FILE:LINE:COLUMN", both counted from 1. */
function placeIn(name: string, text: string, offset: number): string {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return `${name}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

/** As JavaScript has it: axes.hidden[0]. */
function inWords(path: Path): string {
  const words = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
  return words === '' ? 'The file' : words.replace(/^\./, '');
}

/** JSON takes the last of several values of one name; here that is a mistake. */
function repeatedNames(root: Node, path: Path = []): Fault[] {
  const children = root.children ?? [];
  if (root.type === 'array') return children.flatMap((child, i) => repeatedNames(child, [...path, i]));
  const names = new Set<unknown>();
  return children.flatMap(({ children: [name, value] = [] }) => {
    if (!name || !value) return [];
    const own = [...path, String(name.value)];
    const isRepeated = names.has(name.value);
    names.add(name.value);
    return [
      ...(isRepeated ? [{ path: own, what: 'is there twice', offset: name.offset }] : []),
      ...repeatedNames(value, own),
    ];
  });
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'an object',
  integer: 'a whole number',
  number: 'a number',
  string: 'a text',
  null: 'null',
};

/** What the schema finds wrong, once at each place. */
function faultsOf(errors: readonly ErrorObject[]): Fault[] {
  const faults = new Map<string, Fault>();
  for (const error of errors) {
    // Of a condition only what its branch finds wrong is told.
    if (error.keyword === 'if' || faults.has(error.instancePath)) continue;
    faults.set(error.instancePath, faultOf(error));
  }
  return [...faults.values()];
}

function faultOf({ instancePath, keyword, params, message, data, parentSchema }: ErrorObject): Fault {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  const found = fieldsOf(params);
  switch (keyword) {
    case 'additionalProperties': {
      const names = Object.keys(fieldsOf(parentSchema?.properties)).join(', ');
      const name = String(found.additionalProperty);
      return { path: [...path, name], what: `is not known; here are: ${names}` };
    }
    case 'required':
      return { path, what: `lacks "${found.missingProperty}"` };
    case 'type': {
      const types = [found.type].flat().map((type) => TYPES[String(type)] ?? String(type));
      return { path, what: `is ${JSON.stringify(data)}, and must be ${types.join(' or ')}` };
    }
    case 'enum': {
      const values = [found.allowedValues].flat().map((value) => JSON.stringify(value));
      return { path, what: `is ${JSON.stringify(data)}, and must be ${values.join(' or ')}` };
    }
    case 'uniqueItems': {
      const places = [Number(found.i), Number(found.j)].toSorted((a, b) => a - b);
      return { path, what: `has the same value at ${places.map((i) => `[${i}]`).join(' and ')}` };
    }
    case 'minItems':
    case 'minLength':
      return { path, what: 'is empty' };
    default:
      return { path, what: `is ${JSON.stringify(data)}, and ${message}` };
  }
}

/** What is right by itself, but not together. */
function contradictionsIn({ axes, sample, settings }: ValidFile): Fault[] {
  const faults: Fault[] = [];
  for (const [axis, values] of Object.entries(axes)) {
    if (Array.isArray(values)) continue;
    const { from, to, scale } = values as Partial<Range>;
    const path = ['axes', axis];
    if (from === undefined || to === undefined) continue;
    if (from > to) faults.push({ path, what: `is a range from ${from} to ${to}, which is less` });
    if (scale === 'log' && from <= 0) {
      faults.push({
        path: [...path, 'from'],
        what: `is ${from}, and a range with the scale "log" begins above 0`,
      });
    }
    if (scale !== undefined && sample === 'grid') {
      faults.push({
        path,
        what: 'is a range, and a grid needs a list; "sample" can be "random" or "sobol" instead',
      });
    }
  }
  if (axes.weightDecay && !axes.optimizer.includes('adamw')) {
    faults.push({ path: ['axes', 'weightDecay'], what: 'needs the optimizer "adamw" in axes.optimizer' });
  }
  if (settings.momentum > 0 && !axes.optimizer.includes('sgd')) {
    faults.push({ path: ['settings', 'momentum'], what: 'needs the optimizer "sgd" in axes.optimizer' });
  }
  return faults;
}

function seedsOf(seed: ValidFile['axes']['seed']): readonly number[] {
  if (!('from' in seed)) return seed;
  // One more than there may be is enough to be refused.
  const count = Math.min(seed.to - seed.from, MOST_NETWORKS_OF_SWEEP) + 1;
  return Array.from({ length: count }, (_, i) => seed.from + i);
}

function excessIn({ axes, sample }: SweepFile): Fault[] {
  const { seed, ...others } = axes;
  const lengths = Object.values(others).map((values) => ('from' in values ? 1 : values.length));
  const settings =
    sample === 'grid' ? lengths.reduce((product, length) => product * length, 1) : sample.count;
  const networks = seed.length * settings;
  if (networks <= MOST_NETWORKS_OF_SWEEP) return [];
  const most = MOST_NETWORKS_OF_SWEEP.toLocaleString('en-US');
  return [
    {
      path: ['axes'],
      what: `makes ${networks.toLocaleString('en-US')} networks or more, and ${most} is the most`,
    },
  ];
}
