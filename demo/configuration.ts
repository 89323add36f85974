import { OPTIMIZER_NAMES, SCHEDULE_NAMES, scheduleOver } from '../src/index.ts';
import type { TrainingSettings } from './protocol.ts';

// What can be set on the page: as texts, in fields and in the address, and as the numbers that these stand for.

export interface Configuration extends TrainingSettings {
  /** `files`: the files that the user gave the page last. */
  readonly data: 'mnist' | 'synthetic' | 'files';
  /** Number of synthetic images to train on and to test with; other datasets have their own. */
  readonly train: number;
  readonly test: number;
  readonly epochs: number;
  /** Share of the training images that get a wrong label, 0 to 1. */
  readonly noise: number;
}

/** The fields, by their names in the address. */
export type FieldName =
  | 'data'
  | 'train'
  | 'test'
  | 'hidden'
  | 'lr'
  | 'batch'
  | 'epochs'
  | 'seed'
  | 'networks'
  | 'val'
  | 'optimizer'
  | 'decay'
  | 'schedule'
  | 'noise';
export type Texts = Readonly<Record<FieldName, string>>;

/** The library's defaults, except for the validation share. */
export const defaults: Texts = {
  data: 'mnist',
  train: '12000',
  test: '2000',
  hidden: '100',
  lr: '0.001',
  batch: '32',
  epochs: '10',
  seed: '1',
  networks: '1',
  val: '0.1',
  optimizer: 'adam',
  decay: '0',
  schedule: 'constant',
  noise: '0',
};

export const LARGEST_BATCH = 1_000_000;
const MOST_NETWORKS = 32;
const MOST_LAYERS = 16;
const WIDEST_LAYER = 65_536;
const WHOLE = /^\d+$/;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Says what {@link widthsOf} takes. */
export const WIDTHS_RULE = `Use up to ${MOST_LAYERS} whole numbers from 1 to ${grouped(WIDEST_LAYER)}, separated by commas.`;

/** What is wrong with a field, by its name. */
export type Complaints = Partial<Record<FieldName, string>>;

/** Turns texts into a configuration, or says what is wrong with each that cannot be understood. */
export function parse(texts: Texts): {
  readonly configuration?: Configuration;
  readonly complaints: Complaints;
} {
  const complaints: Complaints = {};
  const numberOf = (name: FieldName, form: RegExp, least: number, most: number, range: string): number => {
    const text = texts[name].trim();
    const value = form.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    complaints[name] = `Use ${range}.`;
    return Number.NaN;
  };
  const whole = (name: FieldName, least: number, most: number): number =>
    numberOf(name, WHOLE, least, most, `a whole number from ${grouped(least)} to ${grouped(most)}`);
  const layers = (): readonly number[] => {
    const widths = widthsOf(texts.hidden);
    if (!widths) complaints.hidden = WIDTHS_RULE;
    return widths ?? [];
  };
  const synthetic = texts.data === 'synthetic';
  const models = whole('networks', 1, MOST_NETWORKS);
  const optimizer = OPTIMIZER_NAMES.find((name) => name === texts.optimizer) ?? 'adam';
  const schedule = SCHEDULE_NAMES.find((name) => name === texts.schedule) ?? 'constant';
  const epochs = whole('epochs', 1, 1_000_000);
  const configuration: Configuration = {
    data: texts.data === 'synthetic' || texts.data === 'files' ? texts.data : 'mnist',
    train: synthetic ? whole('train', 10, 100_000) : 0,
    test: synthetic ? whole('test', 10, 100_000) : 0,
    hidden: layers(),
    learningRate: numberOf('lr', DECIMAL, 1e-30, 1e30, 'a number above 0, for example 0.001'),
    batchSize: whole('batch', 1, LARGEST_BATCH),
    epochs,
    optimizer,
    // Only AdamW takes it; what the field of another optimizer holds is not shown.
    weightDecay: optimizer === 'adamw' ? numberOf('decay', DECIMAL, 0, 1, 'a number from 0 to 1') : 0,
    schedule: scheduleOver(schedule, epochs || 1),
    noise: numberOf('noise', DECIMAL, 0, 1, 'a number from 0 to 1'),
    // Each network has the seed after the one before.
    seed: whole('seed', 0, Number.MAX_SAFE_INTEGER - ((models || 1) - 1)),
    models,
    validationSplit: numberOf('val', DECIMAL, 0, 0.9, 'a number from 0 to 0.9'),
  };
  return Object.keys(complaints).length === 0 ? { configuration, complaints } : { complaints };
}

/** The hidden layers' widths, e.g. of "128, 64"; undefined for any other text. */
export function widthsOf(text: string): readonly number[] | undefined {
  const widths = text.trim() === '' ? [] : wholesOf(text, 1, WIDEST_LAYER);
  return widths && widths.length <= MOST_LAYERS ? widths : undefined;
}

/** Whole numbers separated by commas; undefined for any other text, or where one is out of range. */
export function wholesOf(text: string, least: number, most: number): readonly number[] | undefined {
  const parts = text.split(',').map((part) => part.trim());
  const values = parts.map((part) => (WHOLE.test(part) ? Number(part) : Number.NaN));
  return values.every((value) => value >= least && value <= most) ? values : undefined;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/**
 * The texts in an address. What it does not set has its default; the fields show what is wrong. An address cannot hold
 * files: one that was made while a network learned from files leads to those that the browser kept, else to MNIST.
 */
export function textsOf(query: URLSearchParams): Texts {
  const texts = { ...defaults };
  for (const name of Object.keys(defaults) as FieldName[]) texts[name] = query.get(name) ?? defaults[name];
  const isKnown = texts.data === 'synthetic' || texts.data === 'files';
  return { ...texts, data: isKnown ? texts.data : 'mnist' };
}

/** The query of the address that sets all of this. */
export function queryOf(texts: Texts): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, text] of Object.entries(texts)) {
    const counts = name === 'train' || name === 'test';
    const isLeft = isLater(name as FieldName) && text === defaults[name as FieldName];
    if (!isLeft && (texts.data === 'synthetic' || !counts))
      query.set(name, text.trim().replace(/\s*,\s*/g, ','));
  }
  return query;
}

/** Settings that an address holds only where they are not the default. */
export function isLater(name: FieldName): boolean {
  return name === 'optimizer' || name === 'decay' || name === 'schedule' || name === 'noise';
}
