import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { syntheticDigits } from '../../src/data/synthetic.ts';
import type { PopulationTestReport, RunReport, TestReport } from '../../src/index.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { decodeModel, encodeModel } from '../../src/model/model-file.ts';
import { decodeModels } from '../../src/model/population-file.ts';
import { writeModel } from '../../src/node/models.ts';
import { blobs } from '../support/blobs.ts';
import { writeDataset } from '../support/dataset-folder.ts';
import { encodeIdx } from '../support/idx.ts';
import { cliPath, runCli } from '../support/process.ts';
import { stateDict } from '../support/state-dict.ts';

interface Row {
  image: string;
  index: number | null;
  label: number;
  className: string;
  digit?: number;
  probability: number;
  probabilities: number[];
  votes?: number[];
  notice: string | null;
  noticeCodes: string[];
  error?: { code: string; message: string; nextStep: string };
}

interface Predictions {
  assumptions: { code: string; text: string }[];
  adapter: object | null;
  predictions: Row[];
}

const digits = syntheticDigits({ train: 2000, test: 100 });
let folder: string;
let digitsFolder: string;
let blobsFolder: string;
let model: string;
let trained: RunReport;

const path = (name: string) => join(folder, name);
const write = async (name: string, content: string | Uint8Array) => {
  await writeFile(path(name), content);
  return path(name);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
  digitsFolder = path('digits');
  blobsFolder = path('blobs');
  await writeDataset(digitsFolder, digits);
  await writeDataset(blobsFolder, blobs());
  const args = [
    '--data',
    digitsFolder,
    '--epochs',
    '3',
    '--learning-rate',
    '0.005',
    '--out',
    path('run'),
    '--json',
  ];
  const { stdout } = await runCli(['train', ...args]);
  trained = JSON.parse(stdout) as RunReport;
  model = join(path('run'), 'model.safetensors');
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

describe('evaluate', () => {
  test('finds in the model file what training found', async () => {
    const { code, stdout } = await runCli(['evaluate', model, '--data', digitsFolder, '--json']);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as TestReport;
    const {
      config: _,
      history: __,
      imagesPerSecond: ___,
      models,
      best,
      summary,
      ensemble,
      processor: ____,
      ...found
    } = trained;
    expect({ models: models.length, best, summary, ensemble }).toEqual({
      models: 1,
      best: 0,
      summary: null,
      ensemble: null,
    });
    expect(report).toEqual({
      ...found,
      model: { file: model, sha256: found.model.sha256, normalisation: null },
    });
  });

  test('prints the report and writes it', async () => {
    const out = path('evaluated');
    const { code, stdout, stderr } = await runCli(['evaluate', model, '--data', digitsFolder, '--out', out]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect((await readdir(out)).sort()).toEqual(['confusion-matrix.svg', 'report.json', 'report.txt']);
    expect(stdout).toContain(await readFile(join(out, 'report.txt'), 'utf8'));
    expect(stdout).toMatch(/^Adapter: .*\nData: digits: .*\nTest: accuracy /);
  });

  test("replaces no training's report", async () => {
    const report = join(path('run'), 'report.json');
    const before = await readFile(report);
    const { code, stderr } = await runCli(['evaluate', model, '--data', digitsFolder, '--out', path('run')]);
    expect(code).toBe(2);
    expect(stderr).toContain(`${report} is the report of a training, and a test's report would replace it.`);
    expect(await readFile(report)).toEqual(before);
  });

  test('takes the same model as PyTorch has it after Flatten, trained on normalised pixels', async () => {
    const [mean, std] = [0.1307, 0.3081];
    const { tensors } = decodeModel(await readFile(model)).model;
    const [weight, bias, lastWeight, lastBias] = tensors.map(({ data }) => data);
    const floats = (values: Iterable<number>) => new Uint8Array(Float32Array.from(values).buffer);
    const normalised = (weight ?? new Float32Array()).map((value) => value * std);
    // b = b' + mean / std * the sum of W, and W = W' std.
    const shifted = bias?.map((value, unit) => {
      const row = normalised.subarray(unit * 784, (unit + 1) * 784);
      return value + (mean / std) * row.reduce((sum, each) => sum + each, 0);
    });
    const file = await write(
      'flatten-first.safetensors',
      stateDict([
        { name: '1.weight', shape: [100, 784], bytes: floats(normalised) },
        { name: '1.bias', shape: [100], bytes: floats(shifted ?? []) },
        { name: '4.weight', shape: [10, 100], bytes: floats(lastWeight ?? []) },
        { name: '4.bias', shape: [10], bytes: floats(lastBias ?? []) },
      ]),
    );
    const args = ['evaluate', file, '--data', digitsFolder, '--json'];
    const right = await runCli([...args, '--input-mean', String(mean), '--input-std', String(std)]);
    expect(right.code).toBe(0);
    expect(right.stderr).toContain('Notice: The model file does not say what is between its layers: ReLU');
    expect(right.stderr).not.toContain('--input-mean');
    const report = JSON.parse(right.stdout) as TestReport;
    expect(report.model.normalisation).toEqual({ mean, std });
    expect(report.confusionMatrix).toEqual(trained.confusionMatrix);
    expect(report.test.loss).toBeCloseTo(trained.test.loss, 4);
    const wrong = await runCli(args);
    expect(wrong.stderr).toContain('For a model trained on normalised pixels, give --input-mean');
    expect((JSON.parse(wrong.stdout) as TestReport).test.loss).not.toBeCloseTo(trained.test.loss, 2);
  });

  test('refuses a normalisation where the model file states how pixels are prepared: 2', async () => {
    const { code, stderr } = await runCli(['evaluate', model, '--data', digitsFolder, '--input-mean', '0.1']);
    expect(code).toBe(2);
    expect(stderr).toContain('states itself how pixels are prepared');
  });

  test('calls the classes of data without names as the model does', async () => {
    const untrained = initialModel({ inputs: 20, hidden: [], classes: 3 }, 1);
    const classNames = ['ant', 'bee', 'cat'];
    const bytes = encodeModel(untrained, { image: { height: 4, width: 5 }, classNames });
    const { code, stdout } = await runCli(['evaluate', await write('named', bytes), '--data', blobsFolder]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^true +ant +bee +cat$/m);
  });

  test('says where the images do not fit the model: 4', async () => {
    const { code, stderr } = await runCli(['evaluate', model, '--data', blobsFolder]);
    expect(code).toBe(4);
    expect(stderr).toContain('have 5 x 4 pixels, but the model takes images of 28 x 28 pixels');
  });

  test('says where the data has more classes than the model: 4', async () => {
    const labels = digits.test.labels.map((label, i) => (i === 0 ? 12 : label));
    await writeDataset(path('more'), { ...digits, test: { ...digits.test, labels } });
    const { code, stderr } = await runCli(['evaluate', model, '--data', path('more')]);
    expect(code).toBe(4);
    expect(stderr).toContain('has 13 classes, but the model tells only 10 apart');
  });
});

describe('predict', () => {
  const image = (index: number) => digits.test.images.slice(784 * index, 784 * (index + 1));

  test('tells digits in PNG images and IDX files, in the order given, with all probabilities', async () => {
    const scaled = new Uint8Array(56 * 84).fill(255);
    for (let y = 0; y < 56; y++) {
      for (let x = 0; x < 56; x++) scaled[(y + 9) * 56 + x] = 255 - (image(1)[(y >> 1) * 28 + (x >> 1)] ?? 0);
    }
    const files = [
      await write('as-is.png', encode({ width: 28, height: 28, channels: 1, data: image(0) })),
      await write('all.idx', encodeIdx([3, 28, 28], digits.test.images.slice(0, 784 * 3))),
      await write('dark-on-light.png', encode({ width: 56, height: 84, channels: 1, data: scaled })),
    ];
    const { code, stdout, stderr } = await runCli(['predict', model, ...files, '--json']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Adapter: .+\n$/);
    const { predictions } = JSON.parse(stdout) as Predictions;
    expect(predictions.map((prediction) => [prediction.image, prediction.index])).toEqual([
      [files[0], null],
      [files[1], 0],
      [files[1], 1],
      [files[1], 2],
      [files[2], null],
    ]);
    const [first, second, third] = digits.test.labels;
    expect(predictions.map(({ label }) => label)).toEqual([first, first, second, third, second]);
    for (const { label, className, digit, probability, probabilities, notice } of predictions) {
      expect({ className, digit, notice }).toEqual({ className: String(label), digit: label, notice: null });
      expect(probabilities).toHaveLength(10);
      expect(probability).toBe(Math.max(...probabilities));
      expect(probabilities[label]).toBe(probability);
      expect(probabilities.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
    }
  });

  test('as text prints one line for each image: file, digit, probability and what else it might be', async () => {
    const file = await write('two.idx', encodeIdx([2, 28, 28], digits.test.images.slice(0, 784 * 2)));
    const { code, stdout } = await runCli(['predict', model, file]);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    for (const [i, line] of lines.entries()) {
      expect(line.startsWith(`${file}[${i}]: ${digits.test.labels[i]} (`)).toBe(true);
      expect(line.slice(file.length)).toMatch(/^\[\d\]: \d \([\d.]+ %; \d: [\d.]+ %; \d: [\d.]+ %\)$/);
    }
  });

  test('calls classes by the names in the model file, without what a terminal would obey', async () => {
    const classNames = ['T-shirt/top', 'お', 'a\u001b[2Jb'];
    const spec = { inputs: 12, hidden: [], classes: 3 };
    const weights = new Float32Array(36).fill(0.1, 12, 24).fill(0.05, 24);
    const tensors = [
      { name: '0.weight', shape: [3, 12], data: weights },
      { name: '0.bias', shape: [3], data: new Float32Array(3) },
    ];
    const named = path('named.safetensors');
    await writeModel(named, { spec, tensors }, { image: { height: 3, width: 4 }, classNames });
    const file = await write('white.idx', encodeIdx([1, 3, 4], new Uint8Array(12).fill(255)));
    const text = await runCli(['predict', named, file]);
    // The softmax of 0, 1.2 and 0.6.
    expect(text.stdout).toBe(`${file}[0]: お (54.05 %; a\ufffd[2Jb: 29.67 %; T-shirt/top: 16.28 %)\n`);
    const { stdout } = await runCli(['predict', named, file, '--json']);
    const [row] = (JSON.parse(stdout) as Predictions).predictions;
    expect(row).toMatchObject({ label: 1, className: 'お' });
    expect(row).not.toHaveProperty('digit');
  });

  test("one bad file does not take the others' answers: its row has the error, a doubtful one a notice, 4", async () => {
    const good = await write('good.png', encode({ width: 28, height: 28, channels: 1, data: image(0) }));
    const bad = await write('bad.png', (await readFile(good)).subarray(0, 100));
    const paper = new Uint8Array(1600).fill(250);
    const blank = await write('blank.png', encode({ width: 40, height: 40, channels: 1, data: paper }));
    const files = [bad, good, path('nowhere.png'), blank];
    const { code, stdout, stderr } = await runCli(['predict', model, ...files, '--json']);
    expect(code).toBe(4);
    const { predictions, adapter } = JSON.parse(stdout) as Predictions;
    expect(adapter).not.toBeNull();
    expect(
      predictions.map((row) => [row.image, row.index, row.error?.code, row.noticeCodes?.length]),
    ).toEqual([
      [bad, null, 'bad-data', undefined],
      [good, null, undefined, 0],
      [files[2], null, 'bad-data', undefined],
      [blank, null, undefined, 1],
    ]);
    expect(predictions[0]?.error?.message).toContain('bad.png');
    expect(predictions[1]).toMatchObject({ label: digits.test.labels[0], notice: null });
    expect(predictions[3]?.notice).toMatch(/\w/);
    expect(stderr).toContain('shadegrad: 2 of 4 files could not be read.');

    const text = await runCli(['predict', model, ...files]);
    expect(text.code).toBe(4);
    expect(text.stdout).toMatch(/^\S+good\.png: \d \(.*\)\n\S+blank\.png: \d \(.*\)\n {2}Notice: .+\n$/);
    expect(text.stderr).toMatch(/bad\.png.*\n.*nowhere\.png/);
  });

  test('where all files are bad, there are rows, and no GPU is opened: 4', async () => {
    const files = [path('nowhere.png'), path('nowhere-else.png')];
    const { code, stdout, stderr } = await runCli(['predict', model, ...files, '--json']);
    expect(code).toBe(4);
    const { predictions, adapter } = JSON.parse(stdout) as Predictions;
    expect(adapter).toBeNull();
    expect(predictions.map(({ image: file, error }) => [file, error?.code])).toEqual(
      files.map((file) => [file, 'bad-data']),
    );
    expect(stderr).not.toContain('Adapter:');
  });

  test('--as-is gives the answer of the same bytes in an IDX file, --inputs shows them', async () => {
    // Shifted into a corner, where nothing that was centred is.
    const shifted = new Uint8Array(784);
    for (let y = 0; y < 24; y++) shifted.set(image(3).subarray((y + 4) * 28 + 4, (y + 5) * 28), y * 28);
    const files = [
      await write('corner.png', encode({ width: 28, height: 28, channels: 1, data: shifted })),
      await write('corner.idx', encodeIdx([2, 28, 28], Uint8Array.from([...shifted, ...image(1)]))),
    ];
    const inputs = path('inputs');
    const args = ['predict', model, ...files, '--as-is', '--inputs', inputs, '--json'];
    const { code, stdout } = await runCli(args);
    expect(code).toBe(0);
    const { predictions } = JSON.parse(stdout) as Predictions;
    expect(predictions[0]?.probabilities).toEqual(predictions[1]?.probabilities);
    expect((await readdir(inputs)).sort()).toEqual([
      '0001-corner.png',
      '0002-corner-0.png',
      '0002-corner-1.png',
    ]);
    expect(decode(await readFile(join(inputs, '0001-corner.png'))).data).toEqual(shifted);
    expect(decode(await readFile(join(inputs, '0002-corner-1.png'))).data).toEqual(image(1));
  });

  test('a pattern that the shell left alone is expanded', async () => {
    const png = encode({ width: 28, height: 28, channels: 1, data: image(0) });
    await mkdir(path('many'));
    for (const name of ['b.png', 'a.png', 'c.txt']) await write(join('many', name), png);
    const { code, stdout } = await runCli(['predict', model, join(path('many'), '*.png'), '--json']);
    expect(code).toBe(0);
    const { predictions } = JSON.parse(stdout) as Predictions;
    expect(predictions.map((row) => row.image)).toEqual([
      join(path('many'), 'a.png'),
      join(path('many'), 'b.png'),
    ]);
  });

  test('Ctrl-C: 130, with nothing printed', async () => {
    const file = await write('many.idx', encodeIdx([100, 28, 28], digits.test.images));
    const child = spawn(process.execPath, [cliPath, 'predict', model, file]);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      stderr += text;
      if (stderr.endsWith('\n') && !child.killed) child.kill('SIGINT');
    });
    const [code] = await once(child, 'close');
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toContain('shadegrad: The prediction was interrupted.');
  });

  test.each<[string, () => Promise<string>, RegExp]>([
    ['an image that is not there', async () => path('nowhere.png'), /nowhere\.png cannot be read/],
    [
      'a file that is no image',
      () => write('words.png', 'These are words.'),
      /words\.png is not an IDX file.*no PNG or JPEG picture/,
    ],
    [
      'a PNG image that is cut',
      () => write('cut.png', encode({ width: 28, height: 28, channels: 1, data: image(0) }).subarray(0, 100)),
      /cut\.png is a damaged PNG file/,
    ],
    [
      'an IDX file of images of another size',
      () => write('small.idx', encodeIdx([1, 4, 5], new Uint8Array(20))),
      /5 x 4 pixels, but the model takes images of 28 x 28/,
    ],
    [
      'an IDX file that is cut',
      () => write('cut.idx', encodeIdx([2, 28, 28], image(0))),
      /cut\.idx is 784 bytes short/,
    ],
  ])('%s: 4', async (_, make, message) => {
    const { code, stdout, stderr } = await runCli(['predict', model, await make()]);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('a file of many networks', () => {
  let run: RunReport;
  let file: string;

  beforeAll(async () => {
    const settings = ['--epochs', '2', '--hidden', '16', '--models', '2', '--learning-rate', '0.002,0.02'];
    const { stdout } = await runCli([
      ...['train', '--data', digitsFolder, ...settings],
      ...['--out', path('many'), '--json'],
    ]);
    run = JSON.parse(stdout) as RunReport;
    file = join(path('many'), 'models.safetensors');
  });

  test('is evaluated as training did: each network, how they spread and all together', async () => {
    const args = ['evaluate', file, '--data', digitsFolder, '--out', path('many-evaluated')];
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(
      await readFile(join(path('many-evaluated'), 'report.json'), 'utf8'),
    ) as PopulationTestReport;
    expect(report).toMatchObject({ summary: run.summary, ensemble: run.ensemble, ...run.ensemble });
    expect(report.models).toEqual(
      run.models.map(({ seed, learningRate, weightDecay, test }) => ({
        seed,
        learningRate,
        weightDecay,
        test,
      })),
    );
    expect(report.model).toMatchObject({ file, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(stdout).toMatch(
      /^Test of 4 networks: accuracy [\d.]+ %, from .*\n( {2}learning rate 0\.0+2: 2 networks, accuracy [\d.]+ % \(95 % interval .*\), from .*\n){2}All together, and in detail below: /m,
    );
    expect(stdout).toContain(await readFile(join(path('many-evaluated'), 'report.txt'), 'utf8'));
    const picture = await readFile(join(path('many-evaluated'), 'confusion-matrix.svg'), 'utf8');
    expect(picture).toContain('ensemble of 4 networks');
  });

  test('predicts by the mean of the probabilities, and tells how each network votes', async () => {
    const image = await write('one.idx', encodeIdx([1, 28, 28], digits.test.images.slice(0, 784)));
    const { code, stdout } = await runCli(['predict', file, image, '--json']);
    expect(code).toBe(0);
    const [row] = (JSON.parse(stdout) as Predictions).predictions;
    const { models, ...notes } = decodeModels(await readFile(file));
    const each: Row[] = [];
    for (const [i, network] of models.entries()) {
      const shape = notes.image ?? { height: 28, width: 28 };
      const alone = await write(`network-${i}`, encodeModel(network, { image: shape }));
      const { stdout } = await runCli(['predict', alone, image, '--json']);
      each.push(...(JSON.parse(stdout) as Predictions).predictions);
    }
    expect(row?.votes).toEqual(each.map(({ label }) => label));
    for (const [label, probability] of (row?.probabilities ?? []).entries()) {
      const sum = each.reduce((total, { probabilities }) => total + (probabilities[label] ?? 0), 0);
      expect(probability).toBe(Math.fround(sum / each.length));
    }
    const text = await runCli(['predict', file, image]);
    const agreeing = each.filter(({ label }) => label === row?.label).length;
    expect(text.stdout).toMatch(
      new RegExp(`: ${row?.label} \\([\\d.]+ %; \\d: .*; \\d: .*; ${agreeing} of 4 networks\\)\\n$`),
    );
  });
});

describe('a model file that cannot be used: 4', () => {
  test.each<[string, () => Promise<string>, RegExp]>([
    ['not there', async () => path('nowhere'), /nowhere cannot be read/],
    ['a folder', async () => folder, /cannot be read/],
    [
      'something else',
      () => write('words', 'These are words, and no tensors.'),
      /words: This is not a whole safetensors/,
    ],
    [
      'cut',
      async () => write('cut', (await readFile(model)).subarray(0, 5000)),
      /cut: This is not a whole safetensors/,
    ],
    ['empty', () => write('empty', ''), /empty: This is not a whole safetensors/],
  ])('%s', async (_, make, message) => {
    const file = await make();
    for (const args of [
      ['evaluate', file, '--data', blobsFolder, '--json'],
      ['predict', file, 'any.png', '--json'],
    ]) {
      const { code, stdout, stderr } = await runCli(args);
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
      expect(stderr).toMatch(message);
    }
  });
});
