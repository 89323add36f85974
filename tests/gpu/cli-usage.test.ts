import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { swiftShader } from '../../src/node/swiftshader.ts';
import { blobs } from '../support/blobs.ts';
import { writeDataset } from '../support/dataset-folder.ts';
import { cliPath, runCli } from '../support/process.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
  await writeFile(join(folder, 'file'), '');
});
afterAll(() => rm(folder, { recursive: true }));

describe('wrong use ends with 2 before any work, with nothing on stdout', () => {
  test.each<[string, string[], RegExp]>([
    ['no command', [], /^Usage: shadegrad/],
    ['an unknown command', ['trian'], /unknown command 'trian'\n.*Did you mean train/],
    ['an unknown flag', ['train', '--epoch', '3'], /unknown option '--epoch'\n.*Did you mean --epochs/],
    ['a flag without its value', ['train', '--seed'], /'--seed <number>' argument missing/],
    [
      'a value out of range',
      ['train', '--epochs', '0'],
      /'0' is invalid\. Use a whole number from 1 to 1,000,000/,
    ],
    [
      'a negative value',
      ['train', '--learning-rate', '-1'],
      /'-1' is invalid\. Use a number from 1e-30 to 1e30/,
    ],
    ['a rate twice', ['train', '--learning-rate', '0.1,0.1'], /'0\.1,0\.1' is invalid\. Use each value once/],
    ['no networks', ['train', '--models', '0'], /'0' is invalid\. Use a whole number from 1 to 4,096/],
    ['nothing to go on with', ['train', '--resume', 'nowhere'], /There is no checkpoint at nowhere/],
    ['a word too many', ['train', 'now'], /too many arguments/],
    ['no model', ['evaluate'], /missing required argument 'model'/],
    ['no image', ['predict', 'model'], /missing required argument 'image'/],
    ["another command's flag", ['doctor', '--epochs', '3'], /unknown option '--epochs'/],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test.each<[string, string, RegExp]>([
    [
      'an adapter that is not there',
      'RTX',
      /No adapter has "RTX" in its name or driver\. This machine has: "Swift/,
    ],
    [
      'a part that several adapters have',
      'subzero',
      /may be any of several: "Swift.*; "Swift.*another\.json/,
    ],
  ])('%s: with those that are', async (_, adapter, message) => {
    const bundled = await swiftShader();
    if (!bundled) throw new Error('The software GPU is missing.');
    const { manifest } = bundled;
    const another = join(await mkdtemp(join(folder, 'driver-')), 'another.json');
    const library = join(dirname(another), 'another.so');
    await symlink(join(dirname(manifest), 'libvk_swiftshader.so'), library);
    await writeFile(
      another,
      JSON.stringify({ file_format_version: '1.0.0', ICD: { library_path: library, api_version: '1.1.0' } }),
    );
    const env = { VK_DRIVER_FILES: `${manifest}:${another}` };
    const args = ['train', '--data', 'nowhere', '--adapter', adapter];
    const { code, stdout, stderr } = await runCli(args, { env });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('a validation split that leaves nothing to train on', async () => {
    const data = join(folder, 'blobs');
    await writeDataset(data, blobs());
    const { code, stdout, stderr } = await runCli(['train', '--data', data, '--validation-split', '0.9999']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('0.9999 of 200 samples leaves none to train on');
  });

  test.each<[string, string[], RegExp]>([
    ['early stopping without validation', ['--patience', '2'], /patience: 2 .*validation split/],
    ['momentum without SGD', ['--momentum', '0.9'], /momentum: 0\.9 .*"sgd"/],
    ['weight decay without AdamW', ['--weight-decay', '0.1'], /weight decay: 0\.1 .*"adamw"/],
    [
      'a warm-up longer than the cosine',
      ['--schedule', 'cosine', '--warmup', '10'],
      /warm-up: 70 steps of 70/,
    ],
    ['a plan that lacks the optimizer', ['--plan', 'fused', '--optimizer', 'sgd'], /"fused" has no sgd/],
    [
      'seeds that are too large',
      ['--seed', '9007199254740991', '--models', '2'],
      /last seed: 9007199254740992 /,
    ],
    ['too many networks', ['--models', '4096', '--learning-rate', '0.1,0.2'], /networks: 8192 /],
  ])('%s', async (_, args, message) => {
    const data = join(folder, 'blobs');
    await writeDataset(data, blobs());
    const { code, stdout, stderr } = await runCli(['train', '--data', data, ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('a network larger than the adapter can hold, before anything is allocated', async () => {
    const data = join(folder, 'blobs');
    await writeDataset(data, blobs());
    const { code, stdout, stderr } = await runCli(['train', '--data', data, '--hidden', '65536,65536']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/needs maxBufferSize = \d+, and the adapter .* gives \d+/);
  });

  test.each(['file', 'file/below'])('results into %s, which cannot be a folder', async (name) => {
    const out = join(folder, name);
    for (const args of [['train'], ['evaluate', 'model']]) {
      const { code, stdout, stderr } = await runCli([...args, '--out', out]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(`shadegrad: Nothing can be written to the folder ${out}`);
    }
  });

  test.each([
    [['train', '--out'], 'history.csv'],
    [['evaluate', 'model', '--out'], 'report.txt'],
    [['bench', 'kernels', '--svg'], ''],
  ])("results of %j where a folder has a file's name, before anything is computed", async (args, name) => {
    const taken = join(folder, 'taken', name);
    await mkdir(taken, { recursive: true });
    const { code, stdout, stderr } = await runCli([...args, join(folder, 'taken')]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(
      `shadegrad: ${taken} is a folder, and a file is to be written there. Choose another name or folder.\n`,
    );
    await rm(join(folder, 'taken'), { recursive: true });
  });
});

test('results that cannot be printed: 2, in words', () => {
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [cliPath, '--version'], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(full);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^shadegrad: The results could not be printed: ENOSPC/);
});

describe('help', () => {
  test('is on stdout and ends with 0', async () => {
    for (const args of [['--help'], ['train', '--help'], ['help', 'predict']]) {
      const { code, stdout, stderr } = await runCli(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^Usage: shadegrad/);
    }
  });

  test('tells how to train without hidden layers, and what exit codes mean', async () => {
    expect((await runCli(['train', '--help'])).stdout).toMatch(/"none" for softmax\s+regression/);
    expect((await runCli(['--help'])).stdout).toMatch(
      /Exit codes: 0 good, 1 differs \(verify\), 2 usage, 3 no adapter, 4 bad data/,
    );
  });

  test("--version is the package's", async () => {
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('bad data ends with 4 and names the file', () => {
  /** A good dataset, one of whose files is spoilt. */
  async function spoil(name: string, change: (content: Uint8Array) => Uint8Array | string) {
    const data = await mkdtemp(join(folder, 'data-'));
    await writeDataset(data, blobs());
    const file = join(data, name);
    await writeFile(file, change(await readFile(file)));
    return runCli(['train', '--data', data, '--json']);
  }

  test.each<[string, string, (content: Uint8Array) => Uint8Array | string, RegExp]>([
    [
      'cut images',
      'train-images-idx3-ubyte',
      (all) => all.subarray(0, -12),
      /train-images-idx3-ubyte is 12 bytes short/,
    ],
    [
      'a web page',
      'train-labels-idx1-ubyte',
      () => '<!DOCTYPE html><p>Not found',
      /train-labels-idx1-ubyte is a web page/,
    ],
    [
      'a cut gzip',
      't10k-images-idx3-ubyte',
      (all) => gzipSync(all).subarray(0, -20),
      /t10k-images-idx3-ubyte is not a whole gzip/,
    ],
    ['nothing', 't10k-labels-idx1-ubyte', () => '', /t10k-labels-idx1-ubyte is empty/],
  ])('%s', async (_, name, change, message) => {
    const { code, stdout, stderr } = await spoil(name, change);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('a folder that is not there', async () => {
    const { code, stdout, stderr } = await runCli(['train', '--data', join(folder, 'nowhere')]);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain('there is no folder of that name');
  });
});
