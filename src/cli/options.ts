import { InvalidArgumentError, Option } from 'commander';
import { DATASET_NAMES, MOST_NETWORKS, OPTIMIZER_NAMES, PLAN_NAMES, SCHEDULE_NAMES } from '../node.ts';

// Values are parsed strictly: what is not wholly a number in range is refused, with the range.

const MOST_LAYERS = 16;
const WIDEST_LAYER = 65_536;
const LONGEST_SIDE = 4096;
const MOST_SHARDS = 10_000;
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

function parseDecay(text: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return value >= 0 && value <= 1 ? value : refuse('a number from 0 to 1');
}

function parseEpochs(text: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return value >= 0 && value <= 1_000_000 ? value : refuse('a number from 0 to 1,000,000');
}

function parseSeconds(text: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return value >= 0 && value <= 1e6 ? value : refuse('a number of seconds, 0 or more');
}

/** Values separated by commas, each of them once. */
function distinct(parse: (text: string) => number): (text: string) => number[] {
  const parseAll = listOf(parse);
  return (text) => {
    const values = parseAll(text);
    return new Set(values).size === values.length ? values : refuse('each value once');
  };
}

/** Values separated by commas. */
export function listOf<T>(parse: (text: string) => T): (text: string) => T[] {
  return (text) => text.split(',').map((item) => parse(item.trim()));
}

function parseNumber(text: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : refuse('a finite number');
}

function parsePositive(text: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return value > 0 && Number.isFinite(value) ? value : refuse('a finite number above 0');
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

export function parseImageSize(text: string): { width: number; height: number } {
  const [width = 0, height = 0] = /^\d+x\d+$/i.test(text) ? text.toLowerCase().split('x').map(Number) : [];
  const inRange = [width, height].every((side) => side >= 1 && side <= LONGEST_SIDE);
  return inRange
    ? { width, height }
    : refuse(`a width and a height from 1 to ${grouped(LONGEST_SIDE)}, e.g. 28x28`);
}

export function parseShard(text: string): { index: number; count: number } {
  const [index = 0, count = 0] = /^\d{1,9}\/\d{1,9}$/.test(text) ? text.split('/').map(Number) : [];
  return index >= 1 && index <= count && count <= MOST_SHARDS
    ? { index, count }
    : refuse('a part and how many there are, e.g. 1/8 to 8/8');
}

export function parseText(text: string): string {
  return text === '' ? refuse('a text that is not empty') : text;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

export const EXPORT_FORMATS = ['onnx', 'tfjs', 'pytorch', 'json'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** One maker for each option, so that it is the same wherever it occurs. */
export const options = {
  data: () =>
    new Option(
      '--data <source>',
      `${DATASET_NAMES.join(', ')}; or a folder with four IDX files, or with pictures as train/CLASS/*.png and test/CLASS/*.png`,
    )
      .argParser(parseText)
      .default('auto', 'auto: MNIST where it can be had, else synthetic'),
  imageSize: () =>
    new Option(
      '--image-size <WxH>',
      'bring the pictures of a folder to this width and height, e.g. 28x28',
    ).argParser(parseImageSize),
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
  optimizer: () =>
    new Option('--optimizer <name>', 'how gradients become steps').choices(OPTIMIZER_NAMES).default('adam'),
  learningRate: () =>
    new Option(
      '--learning-rate <rates>',
      'step size; several, separated by commas, train networks of each (default: 0.001, of sgd 0.01)',
    ).argParser(distinct(parseLearningRate)),
  weightDecay: () =>
    new Option(
      '--weight-decay <shares>',
      "adamw's, times the learning rate; several train networks of each (default: 0.004)",
    ).argParser(distinct(parseDecay)),
  momentum: () =>
    new Option('--momentum <share>', "sgd's share of the last step that the next one repeats")
      .argParser(parseShare)
      .default(0),
  schedule: () =>
    new Option(
      '--schedule <name>',
      'how the learning rate changes: cosine falls to 0, step to a tenth after each third of the epochs',
    )
      .choices(SCHEDULE_NAMES)
      .default('constant'),
  warmup: () =>
    new Option('--warmup <epochs>', 'epochs, or a part of one, in which the learning rate rises')
      .argParser(parseEpochs)
      .default(0),
  models: () =>
    new Option('--models <count>', 'networks to train side by side, with the seeds from --seed on')
      .argParser(wholeNumber(1, MOST_NETWORKS))
      .default(1),
  patience: () =>
    new Option(
      '--patience <epochs>',
      'stop where the validation loss was not lower for so long, and keep the best weights',
    ).argParser(wholeNumber(1, 1_000_000)),
  init: () => new Option('--init <model>', 'start from the weights of a model file').argParser(parseText),
  resume: () =>
    new Option('--resume <folder>', 'go on with the training whose checkpoint is there').argParser(parseText),
  checkpointEvery: () =>
    new Option(
      '--checkpoint-every <seconds>',
      'write a checkpoint to --out within an epoch too, this often; 0 for epochs only',
    )
      .argParser(parseSeconds)
      .default(30),
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
  labelNoise: () =>
    new Option(
      '--label-noise <share>',
      'share of the training samples that get the label of another class, picked by --seed, e.g. 0.2',
    )
      .argParser(parseShare)
      .default(0),
  plan: () =>
    new Option('--plan <name>', 'how a step runs; auto times the plans that fit and takes the fastest')
      .choices(['auto', ...PLAN_NAMES])
      .default('auto'),
  adapter: () =>
    new Option(
      '--adapter <name>',
      'auto takes a GPU where there is one, else software; hardware, software, or a part of a name or driver that "doctor" lists',
    )
      .argParser(parseText)
      .default('auto'),
  shard: () =>
    new Option(
      '--shard <I/N>',
      'train part I of N of the tasks, which all have about as much work',
    ).argParser(parseShard),
  shards: () =>
    new Option(
      '--shards <N>',
      'into how many parts the tasks are split, where JOB_COMPLETION_INDEX says which one this is',
    ).argParser(wholeNumber(1, MOST_SHARDS)),
  partial: () => new Option('--partial', 'report what is there, even if tasks are missing'),
  inputMean: () =>
    new Option(
      '--input-mean <mean>',
      'what the training subtracted from pixels of 0 to 1, e.g. 0.1307; for models from elsewhere',
    ).argParser(parseNumber),
  inputStd: () =>
    new Option(
      '--input-std <deviation>',
      'what the training divided them by after that, e.g. 0.3081',
    ).argParser(parsePositive),
  asIs: () =>
    new Option('--as-is', "take pictures of the model's size as they are: nothing is centred or inverted"),
  inputs: () =>
    new Option('--inputs <folder>', 'write what the network is given there, as PNG pictures').argParser(
      parseText,
    ),
  out: (files: string) => new Option('--out <folder>', `write ${files} there`).argParser(parseText),
  format: () =>
    new Option('--format <name>', 'what is to read it: ONNX, TensorFlow.js, PyTorch or any program')
      .choices(EXPORT_FORMATS)
      .makeOptionMandatory(),
  target: () =>
    new Option(
      '--out <path>',
      'write it there: a file (onnx, json) or a folder (tfjs, pytorch; json of several networks)',
    )
      .argParser(parseText)
      .makeOptionMandatory(),
  network: () =>
    new Option(
      '--network <number>',
      'of several networks only this one, 1 for the first; without it all, for onnx as one model',
    ).argParser(wholeNumber(1, MOST_NETWORKS)),
  bytes: () => new Option('--bytes', 'onnx: take pixels as bytes, 0 to 255, and not as floats, 0 to 1'),
  training: () =>
    new Option(
      '--training',
      'pytorch: also a script, with data, that repeats the training that report.json beside the model tells of',
    ),
  json: () => new Option('--json', 'print one JSON object on stdout, and nothing else'),
};
