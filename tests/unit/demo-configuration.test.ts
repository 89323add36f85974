import { describe, expect, test } from 'vitest';
import { defaults, parse, queryOf, type Texts, textsOf } from '../../demo/configuration.ts';

const texts = (change: Partial<Texts>): Texts => ({ ...defaults, data: 'synthetic', ...change });

describe('the demo page takes from its fields', () => {
  test("the library's defaults where nothing is said", () => {
    expect(parse(textsOf(new URLSearchParams())).configuration).toEqual({
      data: 'mnist',
      train: 0,
      test: 0,
      hidden: [100],
      learningRate: 0.001,
      batchSize: 32,
      epochs: 10,
      seed: 1,
      models: 1,
      validationSplit: 0.1,
      optimizer: 'adam',
      weightDecay: 0,
      schedule: { name: 'constant' },
      noise: 0,
    });
  });

  test.each([
    ['', []],
    ['  ', []],
    ['64', [64]],
    ['128, 64', [128, 64]],
    [' 7,8 ,9', [7, 8, 9]],
  ])('the hidden layers "%s"', (hidden, expected) => {
    expect(parse(texts({ hidden })).configuration?.hidden).toEqual(expected);
  });

  test.each([
    ['hidden', '0'],
    ['hidden', '10,'],
    ['hidden', '3.5'],
    ['hidden', '65537'],
    ['hidden', Array.from({ length: 17 }, () => 1).join()],
    ['lr', '0'],
    ['lr', '-1'],
    ['lr', '1e999'],
    ['lr', '0.1x'],
    ['lr', ''],
    ['batch', '0'],
    ['batch', '2.5'],
    ['epochs', '1e3'],
    ['epochs', '0x10'],
    ['seed', '-1'],
    ['seed', '9007199254740993'],
    ['networks', '0'],
    ['networks', '33'],
    ['networks', '2.5'],
    ['networks', ''],
    ['val', '0.95'],
    ['val', 'NaN'],
    ['train', '9'],
    ['test', '100001'],
  ] as const)('no %s of "%s", and names just that field', (name, text) => {
    const { configuration, complaints } = parse(texts({ [name]: text }));
    expect(configuration).toBeUndefined();
    expect(Object.keys(complaints)).toEqual([name]);
    expect(complaints[name]).toMatch(/^Use /);
  });

  test('numbers of images for synthetic digits only', () => {
    expect(parse(texts({ train: '500' })).configuration).toMatchObject({ data: 'synthetic', train: 500 });
    for (const data of ['mnist', 'files']) {
      expect(parse(texts({ data, train: 'x' })).configuration).toMatchObject({ data });
    }
  });
});

describe("the demo page's address", () => {
  test.each([
    texts({}),
    texts({ hidden: '128,64', lr: '3e-4', batch: '64', epochs: '3', seed: '7', val: '0' }),
    texts({ hidden: '', train: '500', test: '100' }),
    defaults,
  ])('gives back what it was made of: %j', (made) => {
    expect(textsOf(queryOf(made))).toEqual(made);
  });

  test('says nothing of numbers that MNIST does not have', () => {
    expect([...queryOf(texts({ data: 'mnist' })).keys()]).not.toContain('train');
  });

  test.each([
    ['cats', 'mnist'],
    ['files', 'files'],
  ])('with the data "%s" leads to %s', (data, known) => {
    expect(textsOf(new URLSearchParams({ data, seed: '5' }))).toMatchObject({ data: known, seed: '5' });
  });
});
