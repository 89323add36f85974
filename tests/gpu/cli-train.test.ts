import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunReport } from '../../src/index.ts';
import { blobs } from '../support/blobs.ts';
import { writeDataset } from '../support/dataset-folder.ts';
import { type Finished, runCli } from '../support/process.ts';

const RUN_FILES = [
  'confusion-matrix.svg',
  'history.csv',
  'model.safetensors',
  'report.json',
  'report.txt',
  'training-curves.svg',
];

let folder: string;
let data: string;
let out: string;
let trained: Finished;
let trainedAsJson: Finished;

const train = (...args: string[]) => runCli(['train', '--data', data, ...args]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
  data = join(folder, 'blobs');
  out = join(folder, 'runs', 'one');
  await writeDataset(data, blobs());
  const settings = [
    '--epochs',
    '3',
    '--hidden',
    '8,6',
    '--validation-split',
    '0.25',
    '--learning-rate',
    '0.01',
  ];
  trained = await train(...settings, '--out', out);
  trainedAsJson = await train(...settings, '--json');
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

describe('a training run', () => {
  test('ends with 0 and nothing on stderr, which is no terminal', () => {
    expect(trained).toMatchObject({ code: 0, stderr: '' });
  });

  test('prints adapter, data, network, epochs, report, matrix and files, in this order', () => {
    const parts = [
      /^Adapter: (software, on the CPU|hardware): .+$/m,
      /^Data: blobs: 200 training and 60 test images of 5 x 4 pixels in 3 classes$/m,
      /^Network: 20-8-6-3, batch size 32, learning rate 0.01, seed 1$/m,
      /^Epoch 1\/3 {2}loss [\d.]+ {2}accuracy [\d.]+ % {2}validation loss [\d.]+ {2}accuracy [\d.]+ %/m,
      /^Epoch 3\/3 /m,
      /^Trained at [\d,]+ images\/s$/m,
      /^Test: accuracy [\d.]+ %, loss [\d.]+, 60 images$/m,
      /^ +precision +recall +f1-score +support$/m,
      /^ +predicted$/m,
      /^Written:$/m,
    ];
    const places = parts.map((part) => trained.stdout.search(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test('says plainly whether the adapter is software', async () => {
    const { adapter } = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as RunReport;
    expect(trained.stdout).toContain(
      `Adapter: ${adapter.software ? 'software, on the CPU' : 'hardware'}: ${adapter.description}\n`,
    );
  });

  test('writes the six files and nothing else, and names them', async () => {
    expect((await readdir(out)).sort()).toEqual(RUN_FILES);
    for (const name of RUN_FILES) expect(trained.stdout).toContain(`  ${join(out, name)}\n`);
  });

  test('prints the classification report that report.txt holds', async () => {
    expect(trained.stdout).toContain(await readFile(join(out, 'report.txt'), 'utf8'));
  });

  test('has one line for each epoch in history.csv', async () => {
    expect((await readFile(join(out, 'history.csv'), 'utf8')).split('\r\n')).toHaveLength(1 + 3 + 1);
  });
});

describe('with --json', () => {
  test('stdout is one JSON object, equal to report.json but for the time', async () => {
    expect(trainedAsJson.code).toBe(0);
    const printed = JSON.parse(trainedAsJson.stdout) as RunReport;
    const written = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as RunReport;
    const timeless = ({ imagesPerSecond, history, ...rest }: RunReport) => {
      expect(imagesPerSecond).toBeGreaterThan(0);
      return { ...rest, history: history.map((record) => ({ ...record, seconds: 0 })) };
    };
    expect(timeless(printed)).toEqual(timeless(written));
  });

  test('the object has the promised fields', () => {
    const report = JSON.parse(trainedAsJson.stdout) as RunReport;
    const fields = Object.fromEntries(
      Object.entries(report).map(([name, value]) => [
        name,
        Object.keys(Array.isArray(value) ? value[0] : value),
      ]),
    );
    expect(Object.keys(fields).sort()).toEqual(
      'adapter classificationReport config confusionMatrix dataset history imagesPerSecond model test toggles versions'.split(
        ' ',
      ),
    );
    expect(fields.dataset).toEqual(['name', 'train', 'test', 'shape', 'classes', 'classNames', 'sha256']);
    expect(fields.model).toEqual(['file', 'sha256', 'normalisation']);
    expect(fields.versions).toEqual(['shadegrad', 'webgpu', 'runtime']);
    expect(fields.adapter).toEqual(['vendor', 'architecture', 'description', 'software']);
    expect(fields.history?.sort()).toEqual([
      'accuracy',
      'epoch',
      'loss',
      'seconds',
      'valAccuracy',
      'valLoss',
    ]);
    expect(fields.test).toEqual(['loss', 'accuracy', 'count']);
    expect(report.config).toEqual({
      epochs: 3,
      hidden: [8, 6],
      batchSize: 32,
      learningRate: 0.01,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-7,
      seed: 1,
      validationSplit: 0.25,
      plan: expect.any(String),
    });
    expect(report.toggles).toEqual(expect.any(Array));
    expect(report.confusionMatrix.flat().reduce((sum, count) => sum + count, 0)).toBe(60);
  });

  test('what is said about the run goes to stderr', () => {
    expect(trainedAsJson.stderr).toMatch(/^Adapter: .*\nData: .*\nNetwork: .*\nPlan: .*\nEpoch 1\/3 /);
  });
});

test('softmax regression is a network without hidden layers', async () => {
  const { code, stdout } = await train('--hidden', 'none', '--epochs', '1', '--json');
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as RunReport).config.hidden).toEqual([]);
});

test('--plan pins the plan that the report names, and one that does not fit is refused', async () => {
  const { code, stdout } = await train('--plan', 'unfused', '--epochs', '1', '--json');
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as RunReport).config.plan).toBe('unfused');
  const refused = await train('--plan', 'fused', '--hidden', '8,6', '--epochs', '1');
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('The plan "fused" is for one') });
});

test('a reader of stdout that goes away early is no error', async () => {
  const finished = await runCli(['train', '--data', data, '--epochs', '3', '--out', join(folder, 'unread')], {
    onStdout: (_, child) => child.stdout?.destroy(),
  });
  expect(finished).toMatchObject({ code: 0, stderr: '' });
  expect((await readdir(join(folder, 'unread'))).sort()).toEqual(RUN_FILES);
});

describe('what ends a run', () => {
  test('Ctrl-C: 130 at the next batch, with nothing written and what was there untouched', async () => {
    const kept = join(folder, 'interrupted');
    await runCli(['train', '--data', data, '--epochs', '1', '--out', kept]);
    const before = await readFile(join(kept, 'report.json'), 'utf8');
    let toInterrupt = true;
    const finished = await runCli(['train', '--data', data, '--epochs', '1000000', '--out', kept], {
      onStdout: (text, child) => {
        if (toInterrupt && text.includes('Epoch ')) toInterrupt = !child.kill('SIGINT');
      },
    });
    expect(finished.code).toBe(130);
    expect(finished.stderr).toMatch(
      /^shadegrad: Training was interrupted in epoch \d+, after \d+ of its 7 batches\./,
    );
    expect(finished.stderr).toContain(`Nothing was written: ${kept} is as it was before.`);
    expect((await readdir(kept)).sort()).toEqual(RUN_FILES);
    expect(await readFile(join(kept, 'report.json'), 'utf8')).toBe(before);
  });

  test('SIGTERM: 143, and no empty folder is left', async () => {
    const made = join(folder, 'terminated', 'run');
    let toTerminate = true;
    const finished = await runCli(['train', '--data', data, '--epochs', '1000000', '--out', made], {
      onStdout: (text, child) => {
        if (toTerminate && text.includes('Epoch ')) toTerminate = !child.kill('SIGTERM');
      },
    });
    expect(finished.code).toBe(143);
    expect(finished.stderr).toMatch(
      /^shadegrad: Training was interrupted in epoch \d+, after \d+ of its 7 batches\./,
    );
    expect(await readdir(folder)).not.toContain('terminated');
  });

  test('a loss that is not finite: 5, with epoch and batch, and nothing written', async () => {
    const made = join(folder, 'diverged', 'run');
    const { code, stderr } = await train('--learning-rate', '1e30', '--out', made);
    expect(code).toBe(5);
    expect(stderr).toMatch(/^shadegrad: The loss is not finite \(.+\) in epoch 1, batch \d+\./);
    expect(await readdir(folder)).not.toContain('diverged');
  });

  test('a folder lost while it trained: 2, but the results are printed', async () => {
    const lost = join(folder, 'lost');
    let removed: Promise<void> | undefined;
    const finished = await runCli(['train', '--data', data, '--epochs', '200', '--out', lost], {
      onStdout: () => {
        removed ??= rm(lost, { recursive: true, force: true }).then(() => writeFile(lost, ''));
      },
    });
    await removed;
    expect(finished.code).toBe(2);
    expect(finished.stdout).toContain('weighted avg');
    expect(finished.stderr).toContain('could not be written');
  });
});
