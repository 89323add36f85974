import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BenchReport,
  benchFile,
  type FloorReport,
  type KernelsReport,
  type TrainingReport,
} from '../../src/bench.ts';
import { floorReport, kernelsReport, trainingReport } from '../support/bench.ts';
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
  expect(report).toMatchObject({ format: 1, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  const { fma, halfFma, sharedFma } = report.floor;
  expect(fma).toMatchObject({
    status: 'measured',
    kernel: expect.stringMatching(/^floor_fma/),
    time: SPREAD,
  });
  // SwiftShader has no float16; its subgroups are four wide.
  const half = { status: 'skipped', reason: 'this device lacks the feature shader-f16' };
  if (!report.environment.features.includes('shader-f16')) expect(halfFma).toMatchObject(half);
  else expect(halfFma).toMatchObject({ status: 'measured', kernel: 'floor_fma_half' });
  expect(sharedFma).toMatchObject({ status: 'measured', kernel: 'floor_fma_shared' });
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

const hasNoWrongValues = ({ status }: { readonly status: string }) => status !== 'void';
const kernels = { ...kernelsReport, kernels: kernelsReport.kernels.filter(hasNoWrongValues) };
const training = { ...trainingReport, training: trainingReport.training.filter(hasNoWrongValues) };
const edited = (await benchFile(kernels)).replace('"min": 90', '"min": 91');

describe('result files', () => {
  /** A folder with files of reports, and of other texts as they are. */
  async function files(contents: Readonly<Record<string, BenchReport | string>>): Promise<string> {
    const own = await mkdtemp(join(folder, 'results-'));
    for (const [name, content] of Object.entries(contents)) {
      await writeFile(join(own, name), typeof content === 'string' ? content : await benchFile(content));
    }
    return own;
  }
  test('bench compare prints a verdict for each row, and with --json one object', async () => {
    const own = await files({ 'a.json': kernels, 'b.json': kernels });
    const args = ['bench', 'compare', join(own, 'a.json'), join(own, 'b.json')];
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Before, 2026-01-02 03:04 UTC\n {2}Adapter: hardware: Card "A", driver 1, 2\n/);
    expect(stdout).toMatch(/\nrelu, 3200 +100 +100 +1 +0\.97\d to 1\.03 +same\n/);
    const json = JSON.parse((await runCli([...args, '--json'])).stdout);
    expect(json).toMatchObject({ bench: 'kernels', different: [], rows: expect.any(Array) });
    expect(json.rows.at(-1)).toMatchObject({ what: 'relu, 3200', verdict: 'same', speed: 1 });
  });

  test('bench page writes one page of a folder', async () => {
    const own = await files({ 'floor.json': floorReport, 'kernels.json': kernels, 'train.json': training });
    const page = join(own, 'made', 'page.html');
    const { code, stdout, stderr } = await runCli(['bench', 'page', own, '--out', page]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `Written:\n  ${page}\n`, stderr: '' });
    expect(await readFile(page, 'utf8')).toMatch(/^<!doctype html>.*relu, 3200.*<\/html>\n$/s);
  });

  test.each<[string, Record<string, BenchReport | string>, RegExp]>([
    ['an edited one', { 'a.json': edited }, /a\.json is not as it/],
    ['one with a void row', { 'a.json': kernelsReport }, /a\.json has a void row: bias, 784-100@32/],
    ['none', { 'a.txt': 'text' }, /has no result files/],
    ['another JSON', { 'a.json': '{}' }, /a\.json is no result of "shadegrad bench"/],
  ])('bench page of a folder with %s ends with 4, and writes nothing', async (_, contents, message) => {
    const own = await files(contents);
    const { code, stdout, stderr } = await runCli([
      'bench',
      'page',
      own,
      '--out',
      join(own, 'made', 'a.html'),
    ]);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(message);
    expect(await readdir(own)).not.toContain('made');
  });

  test('bench compare of different benchmarks, or of a file that is not there, ends with 4', async () => {
    const own = await files({ 'a.json': kernels, 'b.json': training });
    const different = await runCli(['bench', 'compare', join(own, 'a.json'), join(own, 'b.json')]);
    expect(different).toMatchObject({ code: 4, stdout: '' });
    expect(different.stderr).toMatch(/different benchmarks: kernels and train/);
    const missing = await runCli(['bench', 'compare', join(own, 'a.json'), join(own, 'c.json')]);
    expect(missing).toMatchObject({ code: 4, stdout: '' });
    expect(missing.stderr).toMatch(/c\.json cannot be read/);
  });
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
    ['one file to compare', ['compare', 'a.json'], /missing required argument 'after'/],
    ['a page without a name', ['page', '.'], /required option '--out <file>' not specified/],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await runCli(['bench', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

test('Ctrl-C ends with 130, with nothing on stdout', async () => {
  // Only a terminal is shown that the work has begun.
  const terminal = ['--import', 'data:text/javascript,process.stderr.isTTY = true'];
  const child = spawn(process.execPath, [...terminal, cliPath, 'bench', 'kernels'], {
    env: { ...process.env, TERM: 'xterm' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  child.stderr.once('data', () => child.kill('SIGINT'));
  const [code] = await once(child, 'exit');
  expect({ code, stdout: await stdout }).toEqual({ code: 130, stdout: '' });
  const [bar, ...others] = (await stderr).split(/\r?\n/);
  expect(bar).toContain('floor: floor_empty');
  expect(others.at(-2)).toMatch(/shadegrad: The benchmark was interrupted\. It has no result\.$/);
});
