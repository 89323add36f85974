import { InvalidArgumentError, type Option } from 'commander';
import { describe, expect, test } from 'vitest';
import { options } from '../../src/cli/options.ts';

const parse = (option: Option, text: string): unknown => option.parseArg?.(text, undefined);

describe('values in range are taken', () => {
  test.each<[string, Option, string, unknown]>([
    ['one hidden layer', options.hidden(), '100', [100]],
    ['several hidden layers', options.hidden(), '128,64,1', [128, 64, 1]],
    ['the widest layer', options.hidden(), '65536', [65_536]],
    ['no hidden layer by name', options.hidden(), 'none', []],
    ['one epoch', options.epochs(), '1', 1],
    ['a batch of one', options.batchSize(), '1', 1],
    ['a learning rate in scientific notation', options.learningRate(), '1E-3', [0.001]],
    ['a learning rate without a leading zero', options.learningRate(), '.5', [0.5]],
    ['the smallest learning rate', options.learningRate(), '1e-30', [1e-30]],
    ['the greatest learning rate', options.learningRate(), '1e30', [1e30]],
    ['several learning rates', options.learningRate(), '0.0003, 0.001,3e-3', [0.0003, 0.001, 0.003]],
    ['no weight decay', options.weightDecay(), '0', [0]],
    ['several weight decays', options.weightDecay(), '0.004,1', [0.004, 1]],
    ['an optimizer', options.optimizer(), 'sgd', 'sgd'],
    ['a momentum', options.momentum(), '0.9', 0.9],
    ['a schedule', options.schedule(), 'cosine', 'cosine'],
    ['a part of an epoch to warm up in', options.warmup(), '0.5', 0.5],
    ['the most networks', options.models(), '4096', 4096],
    ['patience', options.patience(), '1', 1],
    ['a checkpoint ever so often', options.checkpointEvery(), '0.05', 0.05],
    ['checkpoints after epochs only', options.checkpointEvery(), '0', 0],
    ['the smallest seed', options.seed(), '0', 0],
    ['the greatest seed', options.seed(), '9007199254740991', Number.MAX_SAFE_INTEGER],
    ['no validation', options.validationSplit(), '0', 0],
    ['a share for validation', options.validationSplit(), '0.999', 0.999],
    ['a mean below nothing', options.inputMean(), '-0.5', -0.5],
    ['a standard deviation', options.inputStd(), '0.3081', 0.3081],
    ['an image size', options.imageSize(), '28x32', { width: 28, height: 32 }],
    ['the greatest image size', options.imageSize(), '4096X1', { width: 4096, height: 1 }],
    ['a kind of adapter', options.adapter(), 'software', 'software'],
    ["a part of an adapter's name", options.adapter(), 'RTX 3080', 'RTX 3080'],
  ])('%s', (_, option, text, value) => {
    expect(parse(option, text)).toEqual(value);
  });
});

describe('values out of range are refused with the range', () => {
  const widths = 'up to 16 whole numbers from 1 to 65,536';
  const whole = 'a whole number from 1 to 1,000,000';
  test.each<[string, Option, string, string]>([
    ['hidden layers of no name: "none" is the word', options.hidden(), '', widths],
    ['hidden layer of no width', options.hidden(), '100,0', widths],
    ['hidden layer of negative width', options.hidden(), '-1', widths],
    ['hidden layer of half a unit', options.hidden(), '1.5', widths],
    ['hidden layer too wide', options.hidden(), '65537', widths],
    ['hidden layer missing between commas', options.hidden(), '100,,10', widths],
    ['hidden layer with a space', options.hidden(), '100, 10', widths],
    ['too many hidden layers', options.hidden(), Array(17).fill('1').join(), widths],
    ['no epochs', options.epochs(), '0', whole],
    ['too many epochs', options.epochs(), '1000001', whole],
    ['epochs in hexadecimal', options.epochs(), '0x10', whole],
    ['epochs with a unit', options.epochs(), '10x', whole],
    ['epochs not given', options.epochs(), '', whole],
    ['batch of nothing', options.batchSize(), '0', whole],
    ['batch of a part', options.batchSize(), '0.5', whole],
    ['learning rate of nothing', options.learningRate(), '0', 'a number from 1e-30 to 1e30'],
    ['learning rate below nothing', options.learningRate(), '-0.001', 'a number from 1e-30 to 1e30'],
    ['learning rate that is no number', options.learningRate(), 'NaN', 'a number from 1e-30 to 1e30'],
    ['learning rate without end', options.learningRate(), 'Infinity', 'a number from 1e-30 to 1e30'],
    ['learning rate beyond float32', options.learningRate(), '1e39', 'a number from 1e-30 to 1e30'],
    ['learning rate missing after a comma', options.learningRate(), '0.1,', 'a number from 1e-30 to 1e30'],
    ['learning rate given twice', options.learningRate(), '0.1,0.01,1e-1', 'each value once'],
    ['weight decay below nothing', options.weightDecay(), '-0.1', 'a number from 0 to 1'],
    ['weight decay of more than all', options.weightDecay(), '1.1', 'a number from 0 to 1'],
    ['optimizer of no name', options.optimizer(), 'rmsprop', 'Allowed choices are adam, adamw, sgd'],
    ['momentum without end', options.momentum(), '1', 'a number from 0 to below 1'],
    ['schedule of no name', options.schedule(), 'linear', 'Allowed choices are constant, cosine, step'],
    ['warm-up before the start', options.warmup(), '-1', 'a number from 0 to 1,000,000'],
    ['no networks', options.models(), '0', 'a whole number from 1 to 4,096'],
    ['too many networks', options.models(), '4097', 'a whole number from 1 to 4,096'],
    ['no patience', options.patience(), '0', 'a whole number from 1 to 1,000,000'],
    ['checkpoints before they are due', options.checkpointEvery(), '-1', 'a number of seconds, 0 or more'],
    ['model to start from of no name', options.init(), '', 'not empty'],
    ['checkpoint of no name', options.resume(), '', 'not empty'],
    ['seed below 0', options.seed(), '-1', 'a whole number from 0 to 9,007,199,254,740,991'],
    ['seed that is not exact', options.seed(), '9007199254740992', 'a whole number from 0 to'],
    ['validation with everything', options.validationSplit(), '1', 'a number from 0 to below 1'],
    ['validation with less than nothing', options.validationSplit(), '-0.1', 'a number from 0 to below 1'],
    ['validation with a percentage', options.validationSplit(), '10%', 'a number from 0 to below 1'],
    ['adapter of no name', options.adapter(), '', 'not empty'],
    ['mean that is no number', options.inputMean(), '0.13,0.3', 'a finite number'],
    ['mean that is not finite', options.inputMean(), '1e999', 'a finite number'],
    ['standard deviation of nothing', options.inputStd(), '0', 'a finite number above 0'],
    ['standard deviation below nothing', options.inputStd(), '-1', 'a finite number above 0'],
    ['inputs in no folder', options.inputs(), '', 'not empty'],
    ['data of no name', options.data(), '', 'not empty'],
    ['image size of one side', options.imageSize(), '28', 'a width and a height from 1 to 4,096'],
    ['image size of no height', options.imageSize(), '28x0', 'a width and a height'],
    ['image size too large', options.imageSize(), '4097x28', 'a width and a height'],
    ['image size with a space', options.imageSize(), '28 x 28', 'a width and a height'],
    ['folder of no name', options.out('files'), '', 'not empty'],
  ])('%s', (_, option, text, range) => {
    expect(() => parse(option, text)).toThrow(InvalidArgumentError);
    expect(() => parse(option, text)).toThrow(range);
  });
});

test("what is not given is Keras's default, on the command line as in the library", () => {
  const defaults = Object.entries(options)
    .map(([name, make]) => [name, make('files').defaultValue])
    .filter(([, value]) => value !== undefined);
  expect(Object.fromEntries(defaults)).toEqual({
    data: 'auto',
    hidden: [100],
    labelNoise: 0,
    epochs: 10,
    batchSize: 32,
    optimizer: 'adam',
    momentum: 0,
    schedule: 'constant',
    warmup: 0,
    models: 1,
    checkpointEvery: 30,
    seed: 1,
    plan: 'auto',
    validationSplit: 0,
    adapter: 'auto',
  });
});
