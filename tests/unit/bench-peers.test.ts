import { describe, expect, test } from 'vitest';
import { heldOutLoss } from '../../bench/peers/judge.mjs';
import { parseOptions } from '../../bench/peers/options.mjs';
import { ratios, spread } from '../../bench/peers/statistics.mjs';
import { layersOf, makeWork, parametersOf } from '../../bench/peers/work.mjs';
import { CounterRandom, streams } from '../../src/data/random.ts';
import { epochOrder, shuffledIndices } from '../../src/data/shuffle.ts';
import { syntheticDigits } from '../../src/data/synthetic.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { tensor } from '../../src/model/model.ts';

const everySample = (count: number) => Uint32Array.from({ length: count }, (_, i) => i);

describe('the work of the peers', () => {
  test.each([
    [1, 1, 1],
    [2, 7, 3],
    [3200, 1, 1],
    [5000, Number.MAX_SAFE_INTEGER, 12],
  ])('has %i samples in the order of the trainer for seed %i in epoch %i', (count, seed, epoch) => {
    const order = shuffledIndices(count, new CounterRandom(seed, streams.epochOrder(epoch)));
    expect(epochOrder(everySample(count), seed, epoch)).toEqual(order);
  });

  test('is whole batches of the dataset and the weights of the model', () => {
    const data = syntheticDigits({ train: 20, test: 1 });
    const model = initialModel({ inputs: 784, hidden: [5], classes: 10 }, 3);
    const work = makeWork(data, model, { steps: 3, batchSize: 6, seed: 3 });
    expect(work.samples).toBe(18);
    expect(work.images).toEqual(data.train.images.subarray(0, 18 * 784));
    expect(work.labels).toEqual(data.train.labels.subarray(0, 18));
    expect(work.order.subarray(18, 36)).toEqual(epochOrder(everySample(18), 3, 2));
    expect(layersOf(work)).toEqual({
      weights1: tensor(model, '0.weight'),
      biases1: tensor(model, '0.bias'),
      weights2: tensor(model, '2.weight'),
      biases2: tensor(model, '2.bias'),
    });
    expect(work.parameters).toEqual(parametersOf(model));
  });
});

describe('the judge of the peers', () => {
  const sizes = { inputs: 2, hidden: 2, classes: 2 };
  const samples = { images: Uint8Array.of(255, 0), labels: Uint8Array.of(1), count: 1 };
  // x = [1, 0], h = relu([1.5, -0.75]) and logits = [3, 1].
  const parameters = [1, 5, -1, 5, 0.5, 0.25, 2, 9, 0, 9, 0, 1];

  test('computes the mean cross-entropy', () => {
    const loss = heldOutLoss(Float32Array.from(parameters), sizes, samples);
    expect(loss).toBeCloseTo(2 + Math.log(1 + Math.exp(-2)), 12);
  });

  test.each(parameters.map((_, i) => i))('sees NaN in parameter %i', (i) => {
    const broken = Float32Array.from(parameters);
    broken[i] = Number.NaN;
    expect(heldOutLoss(broken, sizes, samples)).toBeNaN();
  });

  test('sees parameters that are missing', () => {
    expect(heldOutLoss(Float32Array.from(parameters.slice(0, -1)), sizes, samples)).toBeNaN();
  });
});

describe('the figures of the peers', () => {
  test('are medians with their spread', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
    expect(spread([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 });
  });

  test('compare rounds that ran beside each other, so that drift cancels', () => {
    expect(ratios([100, 50, 10], [10, 5, 1])).toEqual({ median: 10, min: 10, max: 10 });
  });
});

describe('the command line of the comparison', () => {
  test('has defaults', () => {
    expect(parseOptions([])).toMatchObject({
      rounds: 5,
      seconds: 2,
      batchSize: 32,
      hidden: 100,
      adapter: 'auto',
    });
    expect(parseOptions(['--peers', 'numpy,numpy', '--python', 'py'])).toMatchObject({
      peers: ['numpy'],
      pythons: ['py'],
    });
  });

  test.each([
    [['--rounds', '0'], /--rounds: use a whole number from 1/],
    [['--batch-size', '1.5'], /--batch-size: use a whole number/],
    [['--hidden', '1e3'], /--hidden: use a whole number/],
    [['--seconds', '-1'], /--seconds/],
    [['--peers', 'keras'], /there is no "keras"/],
    [['--adapter', ''], /use auto, hardware, software, or a part of a name/],
    [['--models', '2'], /Unknown option '--models'/],
    [['bogus'], /Unexpected argument 'bogus'/],
  ])('refuses %j', (parameters, message) => {
    expect(() => parseOptions(parameters)).toThrow(message);
  });
});
