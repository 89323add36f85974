import { InvalidArgumentError, Option } from 'commander';
import { PLAN_NAMES } from '../node.ts';

// Values are parsed strictly: what is not wholly a number in range is refused, with the range.

const MOST_LAYERS = 16;
const WIDEST_LAYER = 65_536;
const WHOLE = /^\d+$/;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export function refuse(range: string): never {
  throw new InvalidArgumentError(`Use ${range}.`);
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = WHOLE.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    return refuse(`a whole number from ${grouped(least)} to ${grouped(most)}`);
  };
}

function parseLearningRate(text: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  // The shaders compute in float32, which holds 1e-38 to 1e38.
  return value >= 1e-30 && value <= 1e30 ? value : refuse('a number from 1e-30 to 1e30');
}

function parseShare(text: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return value >= 0 && value < 1 ? value : refuse('a number from 0 to below 1');
}

export function parseHidden(text: string): number[] {
  if (text === 'none') return [];
  const widths = text.split(',').map((width) => (WHOLE.test(width) ? Number(width) : Number.NaN));
  if (widths.length <= MOST_LAYERS && widths.every((width) => width >= 1 && width <= WIDEST_LAYER))
    return widths;
  return refuse(
    `up to ${MOST_LAYERS} whole numbers from 1 to ${grouped(WIDEST_LAYER)}, separated by commas, or "none"`,
  );
}

export function parseText(text: string): string {
  return text === '' ? refuse('a text that is not empty') : text;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** One maker for each option, so that it is the same wherever it occurs. */
export const options = {
  data: () =>
    new Option('--data <source>', 'auto, mnist, synthetic, or a folder with the four IDX files of a dataset')
      .argParser(parseText)
      .default('auto', 'auto: MNIST where it can be had, else synthetic'),
  hidden: () =>
    new Option(
      '--hidden <widths>',
      'width of each hidden layer, e.g. 100 or 128,64; "none" for softmax regression',
    )
      .argParser(parseHidden)
      .default([100], '100'),
  epochs: () =>
    new Option('--epochs <count>', 'how often to train on all samples')
      .argParser(wholeNumber(1, 1_000_000))
      .default(10),
  batchSize: () =>
    new Option('--batch-size <count>', 'samples to a step').argParser(wholeNumber(1, 1_000_000)).default(32),
  learningRate: () =>
    new Option('--learning-rate <rate>', "Adam's step size").argParser(parseLearningRate).default(0.001),
  seed: () =>
    new Option('--seed <number>', 'decides initial weights, order of samples and validation samples')
      .argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER))
      .default(1),
  validationSplit: () =>
    new Option(
      '--validation-split <share>',
      'share of the training samples to validate with instead, e.g. 0.1',
    )
      .argParser(parseShare)
      .default(0),
  plan: () =>
    new Option('--plan <name>', 'how a step runs; auto times the plans that fit and takes the fastest')
      .choices(['auto', ...PLAN_NAMES])
      .default('auto'),
  adapter: () =>
    new Option('--adapter <kind>', 'auto takes a GPU where there is one, else the software GPU')
      .choices(['auto', 'hardware', 'software'])
      .default('auto'),
  out: (files: string) => new Option('--out <folder>', `write ${files} there`).argParser(parseText),
  json: () => new Option('--json', 'print one JSON object on stdout, and nothing else'),
};
