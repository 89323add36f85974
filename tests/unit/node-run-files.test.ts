import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { modelChecksum } from '../../src/model/checksum.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { decodeModel } from '../../src/model/model-file.ts';
import { modelNotes } from '../../src/model/notes.ts';
import { decodeModels } from '../../src/model/population-file.ts';
import { removeEmptyFolders } from '../../src/node/files.ts';
import {
  historyCsv,
  POPULATION_FILES,
  prepareFolder,
  RUN_FILES,
  runFiles,
  testFiles,
  writeFiles,
} from '../../src/node/run-files.ts';
import { formatClassificationReport } from '../../src/report/classification.ts';
import { runReport, testReport } from '../../src/report/run-report.ts';
import type { Evaluation, NetworkRecord } from '../../src/train/history.ts';
import { blobs } from '../support/blobs.ts';
import { svgTexts } from '../support/svg.ts';

const adapter = {
  vendor: 'maker',
  architecture: 'kind',
  description: 'a GPU',
  software: false,
  backend: 'vulkan',
};
const history = [
  { epoch: 1, loss: 1.5, accuracy: 0.5, valLoss: null, valAccuracy: null, seconds: 2 },
  { epoch: 2, loss: 0.25, accuracy: 0.9, valLoss: 1e-7, valAccuracy: 1, seconds: 3 },
];
const config = {
  epochs: 2,
  hidden: [7],
  batchSize: 32,
  optimizer: 'adam' as const,
  learningRate: 0.001,
  weightDecay: 0,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
  momentum: 0.9,
  schedule: { name: 'constant' as const },
  warmup: 0,
  seed: 1,
  models: 1,
  validationSplit: 0.25,
  patience: null,
  plan: 'fused',
  matrixUnits: null,
  initial: null,
  source: null,
  earlier: [],
};
const data = blobs({ train: 20, test: 6 });
const evaluation: Evaluation = {
  loss: 0.5,
  accuracy: 1,
  count: 6,
  probabilities: new Float32Array(18),
  predictions: data.test.labels,
};
const model = initialModel({ inputs: 20, hidden: [7], classes: 3 }, 1);
const network: NetworkRecord = {
  seed: 1,
  learningRate: 0.001,
  weightDecay: 0,
  history,
  diverged: null,
  epoch: 2,
  stopped: false,
};
const setting = {
  data,
  adapter,
  toggles: ['skip_validation'],
  versions: { shadegrad: '1.2.3', webgpu: null, runtime: 'a test' },
};
const trained = {
  ...setting,
  processor: null,
  config,
  networks: [network],
  models: [model],
  evaluation: { networks: [evaluation], ensemble: evaluation },
  samples: 30,
  seconds: 5,
};
const report = await runReport(trained);
const notes = modelNotes(data);

/** Three networks, of which the second is the best and the third diverged. */
const several = {
  ...trained,
  networks: [
    { ...network, history: history.map((record) => ({ ...record, valLoss: 0.5 })) },
    { ...network, seed: 2 },
    { ...network, seed: 3, history: history.slice(0, 1), diverged: { epoch: 2, batch: 9 }, epoch: 1 },
  ],
  models: [model, initialModel(model.spec, 2), null],
  evaluation: {
    networks: [
      evaluation,
      { ...evaluation, loss: 0.25, accuracy: 0.5, predictions: new Uint8Array(6).fill(1) },
      null,
    ],
    ensemble: { ...evaluation, loss: 0.125, accuracy: 0.75, predictions: new Uint8Array(6).fill(2) },
  },
  samples: 80,
};
const reportOfSeveral = await runReport(several);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the run report', () => {
  test('has the fields that programs rely on, and no others', () => {
    expect(Object.keys(report).sort()).toEqual([
      'adapter',
      'best',
      'classificationReport',
      'config',
      'confusionMatrix',
      'dataset',
      'ensemble',
      'history',
      'imagesPerSecond',
      'model',
      'models',
      'processor',
      'summary',
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
      models: [{ ...network, test: { loss: 0.5, accuracy: 1 } }],
      best: 0,
      summary: null,
      ensemble: null,
    });
  });

  test('counts the images that were trained, per second of training', () => {
    expect(report.imagesPerSecond).toBe((15 * 2) / 5);
  });

  test('has no speed where nothing was trained to its end, or in no time', async () => {
    for (const samples of [0, 30]) {
      expect(await runReport({ ...trained, samples, seconds: 0 })).toMatchObject({ imagesPerSecond: null });
    }
  });

  test('is refused where the test loss is not finite: JSON would make it null', async () => {
    for (const loss of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const infinite = { ...evaluation, loss };
      for (const evaluation of [
        { networks: [infinite], ensemble: infinite },
        { ...trained.evaluation, networks: [infinite] },
      ]) {
        await expect(runReport({ ...trained, evaluation })).rejects.toMatchObject({ code: 'diverged' });
      }
    }
  });
});

describe('the report of several networks', () => {
  test('has each of them, and at the top the best', async () => {
    expect(reportOfSeveral.models).toEqual([
      { ...several.networks[0], test: { loss: 0.5, accuracy: 1 }, sha256: await modelChecksum(model) },
      { ...several.networks[1], test: { loss: 0.25, accuracy: 0.5 }, sha256: reportOfSeveral.model.sha256 },
      { ...several.networks[2], test: null, sha256: null },
    ]);
    expect(reportOfSeveral).toMatchObject({
      best: 1,
      history,
      test: { loss: 0.25, accuracy: 0.5, count: 6 },
    });
    const alone = await testReport({ ...setting, model: initialModel(model.spec, 2), evaluation });
    expect(reportOfSeveral.model.sha256).toBe(alone.model.sha256);
    expect(reportOfSeveral.confusionMatrix.map((row) => row[1])).toEqual(
      reportOfSeveral.confusionMatrix.map((row) => row.reduce((sum, count) => sum + count, 0)),
    );
  });

  test('sums up those that did not diverge, and says what they do together', () => {
    const { summary, ensemble, imagesPerSecond } = reportOfSeveral;
    expect(summary?.accuracy).toMatchObject({ count: 2, mean: 0.75, least: 0.5, most: 1 });
    expect(summary?.loss).toMatchObject({ count: 2, mean: 0.375, least: 0.25, most: 0.5 });
    // Of 1 and 0.5: half the difference times the square root of 2; t of one degree of freedom is tan(0.475 pi).
    expect(summary?.accuracy.standardDeviation).toBeCloseTo(Math.SQRT2 / 4, 14);
    expect(summary?.accuracy.interval?.[1]).toBeCloseTo(0.75 + Math.tan(0.475 * Math.PI) / 4, 12);
    expect(ensemble?.test).toEqual({ loss: 0.125, accuracy: 0.75, count: 6 });
    expect(ensemble?.confusionMatrix.map((row) => row.slice(0, 2))).toEqual(new Array(3).fill([0, 0]));
    expect(ensemble?.classificationReport.hits).toBe(
      [...data.test.labels].filter((label) => label === 2).length,
    );
    expect(imagesPerSecond).toBe(80 / 5);
  });

  test('survives JSON', () => {
    expect(JSON.parse(JSON.stringify(reportOfSeveral))).toEqual(reportOfSeveral);
  });

  test.each([
    ['a finite test loss', several.models, { ...evaluation, loss: Number.NaN }],
    ['an evaluation', several.models, null],
    ['a model', several.models.with(0, null), evaluation],
  ])('takes a network without %s for one that diverged, and not for the best', async (_, models, first) => {
    // By its record alone it would be.
    const leading = { ...network, history: history.map((record) => ({ ...record, valLoss: 1e-9 })) };
    const report = await runReport({
      ...several,
      networks: several.networks.with(0, leading),
      models,
      evaluation: { ...several.evaluation, networks: several.evaluation.networks.with(0, first) },
    });
    expect(report.best).toBe(1);
    expect(report.models.map(({ test, diverged }) => [test, diverged])).toEqual([
      [null, { epoch: 2, batch: null }],
      [{ loss: 0.25, accuracy: 0.5 }, null],
      [null, { epoch: 2, batch: 9 }],
    ]);
    expect(report.summary?.accuracy).toMatchObject({ count: 1, standardDeviation: null, interval: null });
  });

  test.each([
    [
      'all diverged',
      { networks: several.networks.map((each) => ({ ...each, diverged: { epoch: 1, batch: 1 } })) },
    ],
    [
      'the ensemble is not finite',
      {
        evaluation: { ...several.evaluation, ensemble: { ...evaluation, loss: Number.NaN } },
      },
    ],
  ])('is refused where %s', async (_, change) => {
    await expect(runReport({ ...several, ...change })).rejects.toMatchObject({ code: 'diverged' });
  });

  test.each([
    ['there are fewer models', { models: [model] }],
    [
      'there are fewer evaluations',
      {
        evaluation: { ...several.evaluation, networks: several.evaluation.networks.slice(0, 2) },
      },
    ],
  ])('is refused where %s', async (_, change) => {
    await expect(runReport({ ...several, ...change })).rejects.toMatchObject({ code: 'usage' });
  });
});

test('history.csv has CR LF after every line, and nothing where there is no validation', () => {
  expect(historyCsv([network])).toBe(
    'epoch,loss,accuracy,valLoss,valAccuracy,seconds\r\n1,1.5,0.5,,,2\r\n2,0.25,0.9,1e-7,1,3\r\n',
  );
});

test('history.csv of several networks says of each line which it is of', () => {
  const [first, , third] = several.networks;
  if (!first || !third) throw new Error('there are three');
  expect(historyCsv([{ ...third, seed: 7 }, network])).toBe(
    [
      'network,seed,epoch,loss,accuracy,valLoss,valAccuracy,seconds',
      '1,7,1,1.5,0.5,,,2',
      '2,1,1,1.5,0.5,,,2',
      '2,1,2,0.25,0.9,1e-7,1,3',
      '',
    ].join('\r\n'),
  );
});

test('a run has six files, a test three of them', async () => {
  const files = await runFiles(report, [model], notes);
  expect(Object.keys(files).sort()).toEqual([...RUN_FILES].sort());
  expect(RUN_FILES).toHaveLength(6);
  expect(JSON.parse(String(files['report.json']))).toEqual(report);
  expect(files['report.txt']).toMatch(/^ +precision +recall +f1-score +support\n/);
  expect(files['confusion-matrix.svg']).toMatch(/^<svg /);
  const texts = svgTexts(String(files['training-curves.svg'])).map(({ text }) => text);
  expect(texts).toContain('blobs, hidden 7, batch size 32, seed 1');
  expect(decodeModel(files['model.safetensors'] as Uint8Array).model).toEqual(model);
  const tested = await testFiles(report);
  expect(Object.keys(tested).sort()).toEqual(['confusion-matrix.svg', 'report.json', 'report.txt']);
  expect(files).toMatchObject(tested);
});

test('the curves of a run mark where its learning rate was changed', async () => {
  const steered = { ...config, rateChanges: [{ step: 2, learningRate: 0.0005 }] };
  const files = await runFiles(await runReport({ ...trained, config: steered }), [model], notes);
  const texts = svgTexts(String(files['training-curves.svg'])).map(({ text }) => text);
  expect(texts.filter((text) => text.startsWith('0.0005'))).toHaveLength(2);
});

describe('a run of several networks', () => {
  test('has two files more; the best network and all that did not diverge are in them', async () => {
    const files = await runFiles(reportOfSeveral, several.models, notes);
    expect(Object.keys(files).sort()).toEqual([...POPULATION_FILES].sort());
    expect(decodeModel(files['model.safetensors'] as Uint8Array).model).toEqual(several.models[1]);
    expect(decodeModels(files['models.safetensors'] as Uint8Array)).toMatchObject({
      models: several.models.slice(0, 2),
      networks: [
        { seed: 1, learningRate: 0.001, weightDecay: 0 },
        { seed: 2, learningRate: 0.001, weightDecay: 0 },
      ],
    });
    expect(JSON.parse(String(files['report.json']))).toEqual(reportOfSeveral);
    expect(String(files['history.csv']).split('\r\n')).toHaveLength(1 + 2 + 2 + 1 + 1);
  });

  test('shows the ensemble, and says so', async () => {
    const files = await runFiles(reportOfSeveral, several.models, notes);
    const { ensemble } = reportOfSeveral;
    if (!ensemble) throw new Error('there is no ensemble');
    expect(files['report.txt']).toBe(formatClassificationReport(ensemble.classificationReport));
    const titleOf = (name: string) => /<title>(.*)<\/title>/.exec(String(files[name]))?.[1];
    expect(titleOf('confusion-matrix.svg')).toBe(
      'blobs: ensemble of 2 networks, 75.00 % of 6 test images right',
    );
    expect(files).toMatchObject(await testFiles(reportOfSeveral));
    expect(titleOf('accuracies.svg')).toBe('blobs: test accuracy of 2 of 3 networks, the others diverged');
    expect(titleOf('training-curves.svg')).toBe(
      'blobs, hidden 7, batch size 32, 2 of 3 networks, the others diverged',
    );
  });

  test('is refused with the models of another one', async () => {
    for (const models of [[model], [model, null, null]]) {
      await expect(runFiles(reportOfSeveral, models, notes)).rejects.toMatchObject({ code: 'usage' });
    }
  });
});

test('classes have their names in the report and in the picture', async () => {
  const classNames = ['T-shirt/top', '<b>', 'お'];
  const files = await testFiles(
    await testReport({ ...setting, model, evaluation, data: { ...data, classNames } }),
  );
  expect(files['report.txt']).toMatch(/^ T-shirt\/top .*\n +<b> .*\n +お /m);
  const texts = svgTexts(files['confusion-matrix.svg'] ?? '').map(({ text }) => text);
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
