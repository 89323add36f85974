import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { initialModel } from '../../src/model/initialise.ts';
import { removeEmptyFolders } from '../../src/node/files.ts';
import { historyCsv, prepareFolder, runFiles, testFiles, writeFiles } from '../../src/node/run-files.ts';
import { runReport, testReport } from '../../src/report/run-report.ts';
import type { Evaluation } from '../../src/train/history.ts';
import { blobs } from '../support/blobs.ts';
import { svgTexts } from '../support/svg.ts';

const adapter = { vendor: 'maker', architecture: 'kind', description: 'a GPU', software: false };
const history = [
  { epoch: 1, loss: 1.5, accuracy: 0.5, valLoss: null, valAccuracy: null, seconds: 2 },
  { epoch: 2, loss: 0.25, accuracy: 0.9, valLoss: 1e-7, valAccuracy: 1, seconds: 3 },
];
const config = {
  epochs: 2,
  hidden: [7],
  batchSize: 32,
  learningRate: 0.001,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
  seed: 1,
  validationSplit: 0.25,
  plan: 'fused',
};
const data = blobs({ train: 20, test: 6 });
const evaluation: Evaluation = {
  loss: 0.5,
  accuracy: 1,
  count: 6,
  probabilities: new Float32Array(18),
  predictions: data.test.labels,
};
const trained = {
  data,
  model: initialModel({ inputs: 20, hidden: [7], classes: 3 }, 1),
  adapter,
  toggles: ['skip_validation'],
  versions: { shadegrad: '1.2.3', webgpu: null, runtime: 'a test' },
  config,
  history,
  samplesPerEpoch: 15,
  evaluation,
};
const report = await runReport(trained);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the run report', () => {
  test('has the fields that programs rely on, and no others', () => {
    expect(Object.keys(report).sort()).toEqual([
      'adapter',
      'classificationReport',
      'config',
      'confusionMatrix',
      'dataset',
      'history',
      'imagesPerSecond',
      'model',
      'test',
      'toggles',
      'versions',
    ]);
    expect(report).toMatchObject({
      dataset: {
        name: 'blobs',
        train: 20,
        test: 6,
        shape: [4, 5],
        classes: 3,
        classNames: null,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      model: { file: null, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      adapter,
      toggles: ['skip_validation'],
      versions: { shadegrad: '1.2.3', webgpu: null, runtime: 'a test' },
      config,
      history,
      test: { loss: 0.5, accuracy: 1, count: 6 },
    });
  });

  test('counts the images that were trained, per second of training', () => {
    expect(report.imagesPerSecond).toBe((15 * 2) / 5);
  });

  test('has no speed where nothing was trained to its end, or in no time', async () => {
    const instant = history.map((record) => ({ ...record, seconds: 0 }));
    for (const history of [[], instant]) {
      expect(await runReport({ ...trained, history })).toMatchObject({ imagesPerSecond: null });
    }
  });

  test('is refused where the test loss is not finite: JSON would make it null', async () => {
    for (const loss of [Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(runReport({ ...trained, evaluation: { ...evaluation, loss } })).rejects.toMatchObject({
        code: 'diverged',
      });
    }
  });
});

test('history.csv has CR LF after every line, and nothing where there is no validation', () => {
  expect(historyCsv(history)).toBe(
    'epoch,loss,accuracy,valLoss,valAccuracy,seconds\r\n1,1.5,0.5,,,2\r\n2,0.25,0.9,1e-7,1,3\r\n',
  );
});

test('a run has six files, a test three of them', async () => {
  const files = await runFiles(report, Uint8Array.of(1, 2, 3));
  expect(Object.keys(files).sort()).toEqual([
    'confusion-matrix.svg',
    'history.csv',
    'model.safetensors',
    'report.json',
    'report.txt',
    'training-curves.svg',
  ]);
  expect(JSON.parse(String(files['report.json']))).toEqual(report);
  expect(files['report.txt']).toMatch(/^ +precision +recall +f1-score +support\n/);
  expect(files['confusion-matrix.svg']).toMatch(/^<svg /);
  expect(files['training-curves.svg']).toMatch(/^<svg /);
  expect(Object.keys(await testFiles(report)).sort()).toEqual([
    'confusion-matrix.svg',
    'report.json',
    'report.txt',
  ]);
});

test('classes have their names in the report and in the picture', async () => {
  const classNames = ['T-shirt/top', '<b>', 'お'];
  const files = await testFiles(await testReport({ ...trained, data: { ...data, classNames } }));
  expect(files['report.txt']).toMatch(/^ T-shirt\/top .*\n +<b> .*\n +お /m);
  const texts = svgTexts(files['confusion-matrix.svg']).map(({ text }) => text);
  for (const name of classNames) expect(texts.filter((text) => text === name)).toHaveLength(2);
});

test('files are written whole, over older ones, and nothing else is left in the folder', async () => {
  await writeFile(join(folder, 'a.txt'), 'older and longer');
  const paths = await writeFiles(folder, { 'a.txt': 'new', 'b.bin': Uint8Array.of(0, 255) });
  expect(paths).toEqual([join(folder, 'a.txt'), join(folder, 'b.bin')]);
  expect((await readdir(folder)).sort()).toEqual(['a.txt', 'b.bin']);
  expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('new');
  expect([...(await readFile(join(folder, 'b.bin')))]).toEqual([0, 255]);
});

describe('a folder for results', () => {
  test('is made, with those above it, and left empty', async () => {
    const deep = join(folder, 'a', 'b', 'c');
    await prepareFolder(deep, []);
    expect(await readdir(deep)).toEqual([]);
  });

  test('is removed again with those that were made for it, as long as nothing is in them', async () => {
    const [deep, beside] = [join(folder, 'a', 'b', 'c'), join(folder, 'a', 'beside')];
    const made = await prepareFolder(deep, []);
    expect(made).toEqual([join(folder, 'a'), join(folder, 'a', 'b'), deep]);
    await writeFile(beside, '');
    removeEmptyFolders(made);
    expect(await readdir(join(folder, 'a'))).toEqual(['beside']);
    expect(await prepareFolder(folder, [])).toEqual([]);
  });

  test('keeps what it holds', async () => {
    await writeFile(join(folder, 'kept'), '');
    await prepareFolder(folder, ['new']);
    expect(await readdir(folder)).toEqual(['kept']);
  });

  test('is refused where a file stands in its way', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    for (const path of [file, join(file, 'below'), join(file, 'far', 'below')]) {
      await expect(prepareFolder(path, [])).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringContaining(path),
      });
    }
  });

  test('is refused where a folder has the name of one of the files', async () => {
    await mkdir(join(folder, 'plot.svg'));
    await writeFile(join(folder, 'old.svg'), 'kept');
    await prepareFolder(folder, ['old.svg', 'new.svg']);
    await expect(prepareFolder(folder, ['old.svg', 'plot.svg'])).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(join(folder, 'plot.svg')),
    });
    expect(await readFile(join(folder, 'old.svg'), 'utf8')).toBe('kept');
  });

  test('is refused, and not waited for, where the system makes no folders', async () => {
    await expect(prepareFolder('/proc/shadegrad/run', [])).rejects.toMatchObject({ code: 'usage' });
  });
});
