import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BenchReport, FloorReport, KernelsReport, TrainingReport } from '../../src/index.ts';
import { cliPath, runCli } from '../support/process.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

const bench = (...args: string[]) => runCli(['bench', ...args, '--samples', '1']);

/** What is in every report: on what it was measured. */
const ENVIRONMENT = {
  adapter: { vendor: expect.any(String), description: expect.any(String), software: expect.any(Boolean) },
  toggles: expect.any(Array),
  versions: {
    shadegrad: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    webgpu: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    runtime: `Node ${process.version}, ${process.platform}-${process.arch}`,
  },
  features: expect.arrayContaining(['timestamp-query']),
  limits: { maxBufferSize: expect.any(Number) },
  timing: {
    quantumNanoseconds: expect.any(Number),
    roundTripMicroseconds: { samples: 50, low: expect.any(Number), high: expect.any(Number) },
  },
  date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
};
const SPREAD = {
  median: expect.any(Number),
  p95: expect.any(Number),
  min: expect.any(Number),
  samples: expect.any(Number),
};

async function json<T extends BenchReport>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await bench(...args, '--json');
  expect(code).toBe(0);
  expect(stderr).toMatch(/^(Written:\n {2}\S+\.svg\n)?$/);
  return JSON.parse(stdout) as T;
}

test('bench floor --json is one object', async () => {
  const report = await json<FloorReport>('floor');
  expect(report).toMatchObject({ bench: 'floor', environment: ENVIRONMENT });
  expect(report.floor).toMatchObject({ dispatch: SPREAD, roundTrip: SPREAD });
  expect(report.floor.fma).toMatchObject({ status: 'measured', kernel: 'floor_fma', time: SPREAD });
  expect(report.floor.copies.map(({ status }) => status)).toEqual(report.floor.copies.map(() => 'measured'));
});

test('bench kernels --json is one object, with a roofline plot beside it', async () => {
  const picture = join(folder, 'pictures', 'roofline.svg');
  const report = await json<KernelsReport>('kernels', '--only', 'relu/3200,softmax', '--svg', picture);
  expect(report).toMatchObject({ bench: 'kernels', environment: ENVIRONMENT, floor: { dispatch: SPREAD } });
  const names = report.kernels.map(({ kernel, size }) => `${kernel}/${size}`);
  expect(names).toEqual(['relu/3200', 'softmax/10@32', 'softmax/10@4096']);
  for (const kernel of report.kernels) {
    expect(kernel).toMatchObject({
      status: 'measured',
      // One pass tells nothing of the median.
      time: { ...SPREAD, low: null, high: null },
      ended: 'time',
      gflops: expect.any(Number),
      gigabytesPerSecond: expect.any(Number),
      boundBy: expect.stringMatching(/^(dispatch|arithmetic|memory)$/),
      share: expect.any(Number),
      checked: { values: expect.any(Number), of: expect.any(Number) },
      rotation: { copies: expect.any(Number), bytes: expect.any(Number) },
    });
  }
  expect(await readFile(picture, 'utf8')).toMatch(/^<svg .*Kernels under the roofline/s);
});

test('bench train --json is one object: what is given twice once, what the adapter cannot hold without a figure', async () => {
  const picture = join(folder, 'scaling.svg');
  const report = await json<TrainingReport>(
    ...['train', '--batch-sizes', '8,8', '--hidden', '65536,65536', '--hidden', '8', '--hidden', '8'],
    ...['--plans', 'unfused,unfused', '--models', '2,2', '--svg', picture],
  );
  expect(report).toMatchObject({ bench: 'train', environment: ENVIRONMENT, floor: { dispatch: SPREAD } });
  expect(report.training).toMatchObject([
    {
      status: 'skipped',
      hidden: [65_536, 65_536],
      reason: expect.stringMatching(/needs maxBufferSize = \d+, and this device gives \d+/),
    },
    {
      status: 'measured',
      plan: 'unfused',
      batchSize: 8,
      hidden: [8],
      models: 2,
      step: { ...SPREAD, low: null, high: null },
      ended: 'time',
      stepsPerSecond: expect.any(Number),
      imagesPerSecond: expect.any(Number),
      hostMicroseconds: expect.any(Number),
      dispatchesPerStep: expect.any(Number),
    },
  ]);
  expect(await readFile(picture, 'utf8')).toMatch(/^<svg .*Images per second/s);
});

test('bench train without a single figure: 2, with the reasons, and no picture', async () => {
  const picture = join(folder, 'nothing', 'scaling.svg');
  const { code, stdout, stderr } = await bench('train', '--hidden', '65536,65536', '--svg', picture);
  expect(code).toBe(2);
  expect(stdout).toMatch(/784-65536-65536-10 .*skipped: .*needs maxBufferSize/);
  expect(stderr).toBe(
    'shadegrad: Nothing was measured: all was skipped, for the reasons in the remarks. Choose what this adapter can run.\n',
  );
  expect(await readdir(folder)).not.toContain('nothing');
});

test('a sweep prints a line for each variant, with what it was measured on above', async () => {
  const { code, stdout, stderr } = await bench('kernels', '--only', 'relu/3200', '--sweep');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(
    /^Adapter: (software, on the CPU|hardware): .+\nSoftware: shadegrad .+\nTiming: .+\n\nkernel /,
  );
  const variants = stdout.split('\n').flatMap((line) => /^relu +3200 +(workgroup \d+)/.exec(line)?.[1] ?? []);
  expect(variants).toEqual([32, 64, 128, 256].map((size) => `workgroup ${size}`));
});

test('--csv and --toggle: the toggle stands in every line', async () => {
  const { code, stdout } = await bench('floor', '--csv', '--toggle', 'timestamp_quantization=off');
  expect(code).toBe(0);
  const [heading = '', ...lines] = stdout.trimEnd().split('\r\n');
  expect(heading).toMatch(
    /^floor,median us,low us,high us,ended,p95 us,.*,adapter,software,toggles,versions,/,
  );
  expect(lines.length).toBeGreaterThan(4);
  for (const line of lines) expect(line).toContain('timestamp_quantization=off');
});

describe('wrong use ends with 2 before any work, with nothing on stdout', () => {
  test.each<[string, string[], RegExp]>([
    ['no benchmark', [], /^Usage: shadegrad bench/],
    ['an unknown kernel', ['kernels', '--only', 'densee'], /no kernel "densee".*Kernels: .*matmul/],
    [
      'an unknown size',
      ['kernels', '--only', 'matmul/7'],
      /no kernel "matmul\/7".*Sizes of matmul: .*1024\^3/,
    ],
    ['an unknown plan', ['train', '--plans', 'unfused,none'], /'unfused,none' is invalid\. Use .*unfused/],
    ['a batch out of range', ['train', '--batch-sizes', '32,0'], /whole number from 1 to 1,000,000/],
    [
      'a toggle that Dawn has not',
      ['floor', '--toggle', 'skip_validaton'],
      /Dawn has no toggle "skip_validaton"/,
    ],
    ['a toggle that is no name', ['floor', '--toggle', 'a=maybe'], /Use NAME, NAME=on or NAME=off/],
    ['two formats at once', ['floor', '--json', '--csv'], /'--csv' cannot be used with option '--json'/],
    ['no samples', ['floor', '--samples', '0'], /whole number from 1 to 1,000/],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await runCli(['bench', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

test('Ctrl-C ends with 130, with nothing on stdout', async () => {
  const child = spawn(process.execPath, [cliPath, 'bench', 'kernels'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  const exited = once(child, 'exit');
  setTimeout(() => child.kill('SIGINT'), 1500);
  const [code] = await exited;
  expect({ code, stdout: await stdout }).toEqual({ code: 130, stdout: '' });
  expect(await stderr).toBe('shadegrad: The benchmark was interrupted. It has no result.\n');
});
