import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { syntheticDigits } from '../../src/data/synthetic.ts';
import type { RunReport, TestReport } from '../../src/index.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { encodeModel } from '../../src/model/model-file.ts';
import { blobs } from '../support/blobs.ts';
import { writeDataset } from '../support/dataset-folder.ts';
import { encodeIdx } from '../support/idx.ts';
import { cliPath, runCli } from '../support/process.ts';

interface Predictions {
  predictions: {
    image: string;
    index: number | null;
    digit: number;
    probability: number;
    probabilities: number[];
  }[];
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
    const { config: _, history: __, imagesPerSecond: ___, ...found } = trained;
    expect(report).toEqual({ ...found, model: { file: model, sha256: found.model.sha256 } });
  });

  test('prints the report and writes it', async () => {
    const out = path('evaluated');
    const { code, stdout, stderr } = await runCli(['evaluate', model, '--data', digitsFolder, '--out', out]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect((await readdir(out)).sort()).toEqual(['confusion-matrix.svg', 'report.json', 'report.txt']);
    expect(stdout).toContain(await readFile(join(out, 'report.txt'), 'utf8'));
    expect(stdout).toMatch(/^Adapter: .*\nData: digits: .*\nTest: accuracy /);
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
    expect(stderr).toContain('have 4 x 5 pixels, but the model takes images of 28 x 28 pixels');
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
    expect(predictions.map(({ digit }) => digit)).toEqual([first, first, second, third, second]);
    for (const { digit, probability, probabilities } of predictions) {
      expect(probabilities).toHaveLength(10);
      expect(probability).toBe(Math.max(...probabilities));
      expect(probabilities[digit]).toBe(probability);
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
      /words\.png is not an IDX file.*no PNG image/,
    ],
    [
      'a PNG image that is cut',
      () => write('cut.png', encode({ width: 28, height: 28, channels: 1, data: image(0) }).subarray(0, 100)),
      /cut\.png is a damaged PNG file/,
    ],
    [
      'a blank image',
      () => write('blank.png', encode({ width: 9, height: 9, channels: 1, data: new Uint8Array(81) })),
      /blank\.png is blank/,
    ],
    [
      'an IDX file of images of another size',
      () => write('small.idx', encodeIdx([1, 4, 5], new Uint8Array(20))),
      /4 x 5 pixels, but the model takes images of 28 x 28/,
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
