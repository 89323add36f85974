import { createHash } from 'node:crypto';
import { watch } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunReport } from '../../src/index.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { blobs } from '../support/blobs.ts';
import { writeDataset } from '../support/dataset-folder.ts';
import { runCli } from '../support/process.ts';

const CHECKPOINT = 'checkpoint.safetensors';

let folder: string;
let data: string;
/** A training of three epochs, finished. */
let finished: string;
/** One of a million, interrupted. */
let unfinished: string;
/** Five epochs in one go. */
let whole: string;

const path = (name: string) => join(folder, name);
const settings = ['--hidden', '8', '--learning-rate', '0.01'];
const train = (...args: string[]) => runCli(['train', '--data', data, ...settings, ...args]);
const resume = (...args: string[]) => runCli(['train', '--resume', ...args]);

async function copyOf(source: string, name: string): Promise<string> {
  await mkdir(path(name));
  for (const file of await readdir(source)) await copyFile(join(source, file), join(path(name), file));
  return path(name);
}

/** The content of every file in a folder. */
async function contents(of: string): Promise<Record<string, string>> {
  const names = (await readdir(of)).sort();
  const hash = async (name: string) => createHash('sha256').update(await readFile(join(of, name)));
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, (await hash(name)).digest('hex')])),
  );
}

/** Sends SIGINT when something was printed. */
const interruptedAt = (word: string, args: readonly string[]) =>
  runCli(args, { onStdout: (text, child) => void (text.includes(word) && child.kill('SIGINT')) });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
  data = path('blobs');
  [finished, unfinished, whole] = [path('finished'), path('unfinished'), path('whole')];
  await writeDataset(data, blobs());
  await Promise.all([
    train('--epochs', '3', '--out', finished),
    train('--epochs', '5', '--out', whole),
    interruptedAt('Epoch ', [
      ...['train', '--data', data, ...settings],
      ...['--epochs', '1000000', '--out', unfinished],
    ]),
  ]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

describe('--resume', () => {
  const model = (of: string) => readFile(join(of, 'model.safetensors'));

  test('with more epochs ends as one training of so many, to the bit, with the settings it had', async () => {
    const longer = await copyOf(finished, 'longer');
    const { code, stdout, stderr } = await resume(longer, '--epochs', '5');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^Adapter: .*\nData: blobs: .*\nNetwork: 20-8-3, .*\nPlan: .*\nGoing on after 3 epochs\nEpoch 4\/5 .*\nEpoch 5\/5 .*\nTrained at /,
    );
    expect(await model(longer)).toEqual(await model(whole));
    const [report, expected] = (await Promise.all(
      [longer, whole].map(async (of) => JSON.parse(await readFile(join(of, 'report.json'), 'utf8'))),
    )) as [RunReport, RunReport];
    expect(report.config).toEqual(expected.config);
    expect(report.history.map(({ seconds: _, ...record }) => record)).toEqual(
      expected.history.map(({ seconds: _, ...record }) => record),
    );
  });

  test('into another folder leaves the first as it is, and has a checkpoint there too', async () => {
    const before = await contents(finished);
    const elsewhere = path('elsewhere');
    const { code } = await resume(join(finished, CHECKPOINT), '--epochs', '5', '--out', elsewhere);
    expect(code).toBe(0);
    expect(await contents(finished)).toEqual(before);
    expect(await model(elsewhere)).toEqual(await model(whole));
    const again = path('again');
    expect(await resume(elsewhere, '--out', again)).toMatchObject({ code: 0 });
    expect(await readFile(join(again, CHECKPOINT))).toEqual(await readFile(join(elsewhere, CHECKPOINT)));
  });

  test('of what is finished tests again and writes the same results, with --json as one object', async () => {
    const before = await contents(finished);
    const { code, stdout, stderr } = await resume(finished, '--json');
    expect(code).toBe(0);
    expect(stderr).toContain('Going on after 3 epochs\nWritten:\n');
    expect((JSON.parse(stdout) as RunReport).config.epochs).toBe(3);
    expect(await contents(finished)).toEqual(before);
  });

  test('takes the same settings once more, and finds the data from any folder', async () => {
    const same = await copyOf(unfinished, 'same');
    const { epoch } = decodeCheckpoint(await readFile(join(same, CHECKPOINT))).state;
    const args = ['--data', data, ...settings, '--batch-size', '32', '--plan', 'auto', '--seed', '1'];
    expect(await resume(same, ...args, '--epochs', String(epoch + 1))).toMatchObject({ code: 0, stderr: '' });
    const { notes } = decodeCheckpoint(await readFile(join(same, CHECKPOINT)));
    expect(notes).toMatchObject({ data, epochs: epoch + 1 });
  });

  test('with another plan goes on, and says that it has other bits', async () => {
    const other = await copyOf(finished, 'other-plan');
    const { code, stderr } = await resume(other, '--epochs', '4', '--plan', 'unfused');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^Notice: The plan was \S+ and is unfused from here on: the bits are not those .*\n$/,
    );
  });

  test('where the device lacks the plan: 2, and --plan auto goes on with another', async () => {
    const lacking = await copyOf(finished, 'lacking');
    const { state, notes } = decodeCheckpoint(await readFile(join(lacking, CHECKPOINT)));
    const settings = { ...state.settings, plan: 'layered-matrix' as const };
    await writeFile(join(lacking, CHECKPOINT), encodeCheckpoint({ ...state, settings }, notes));
    const before = await contents(lacking);
    const refused = await resume(lacking, '--epochs', '4', '--adapter', 'software');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /^shadegrad: The plan "layered-matrix" needs what this device lacks: .*\. The training to go on with has the plan "layered-matrix"\. Go on with another one \(--plan auto\)/,
    );
    expect(await contents(lacking)).toEqual(before);
    const { code, stderr } = await resume(
      lacking,
      '--epochs',
      '4',
      '--adapter',
      'software',
      '--plan',
      'auto',
    );
    expect(code).toBe(0);
    expect(stderr).toContain('Notice: The plan was layered-matrix and is ');
  });

  test('past the end of its schedule: 2, with all as it was', async () => {
    const cosine = path('cosine');
    await train('--epochs', '2', '--schedule', 'cosine', '--out', cosine);
    const before = await contents(cosine);
    const { code, stderr } = await resume(cosine, '--epochs', '3');
    expect(code).toBe(2);
    expect(stderr).toContain('The schedule "cosine" has brought the learning rate to 0 after 2 epochs');
    expect(await contents(cosine)).toEqual(before);
  });

  test('Ctrl-C: 130 and a checkpoint again', async () => {
    const on = await copyOf(unfinished, 'on');
    const { code, stderr } = await interruptedAt('Epoch ', ['train', '--resume', on]);
    expect(code).toBe(130);
    expect(stderr).toContain(`Go on with: shadegrad train --resume ${on}\n`);
    const [before, after] = await Promise.all(
      [unfinished, on].map(async (of) => decodeCheckpoint(await readFile(join(of, CHECKPOINT))).state.epoch),
    );
    expect(after).toBeGreaterThan(before ?? 0);
  });
});

describe('refused, with all as it was before', () => {
  let before: Record<string, string>;

  beforeAll(async () => {
    before = await contents(finished);
    const other = blobs();
    other.train.images[0] = 255 - (other.train.images[0] ?? 0);
    await writeDataset(path('other'), other);
    await writeDataset(path('more'), blobs({ train: 300 }));
    await writeDataset(path('wider'), blobs({ width: 6 }));
    await writeDataset(path('classes'), blobs({ classes: 4 }));
    await mkdir(path('empty'));
    const bytes = await readFile(join(finished, CHECKPOINT));
    await writeFile(path('cut'), bytes.subarray(0, bytes.length - 100));
    await writeFile(path('renamed'), bytes);
  });

  test.concurrent.each<[string, () => string[], number, RegExp]>([
    [
      'other widths',
      () => ['--hidden', '9'],
      2,
      /hidden: \[9\] contradicts the training .*, which has \[8\]/,
    ],
    ['another seed', () => ['--seed', '2'], 2, /seed: 2 contradicts/],
    ['another batch size', () => ['--batch-size', '16'], 2, /batchSize: 16 contradicts/],
    ['another rate', () => ['--learning-rate', '0.1'], 2, /learningRate: 0.1 contradicts/],
    ['more networks', () => ['--models', '2'], 2, /models: 2 contradicts/],
    ['another optimizer', () => ['--optimizer', 'sgd'], 2, /optimizer: "sgd" contradicts/],
    ['another schedule', () => ['--schedule', 'cosine'], 2, /schedule: .*cosine.* contradicts/],
    ['a validation split', () => ['--validation-split', '0.1'], 2, /validationSplit: 0.1 contradicts/],
    ['fewer epochs than it has', () => ['--epochs', '2'], 2, /in epoch 3 already\. Use 3 or more/],
    ['weights too', () => ['--init', join(finished, 'model.safetensors')], 2, /--init and --resume both/],
    ['other data', () => ['--data', path('other')], 4, /begun with other data than "other"/],
    ['more data', () => ['--data', path('more')], 4, /data/],
    [
      'images of another size',
      () => ['--data', path('wider')],
      4,
      /The training to go on with is of a network /,
    ],
    ['more classes', () => ['--data', path('classes')], 4, /The training to go on with is of a network /],
    ['data that are not there', () => ['--data', path('nowhere')], 4, /no folder of that name/],
  ])('%s', async (_, args, exitCode, message) => {
    const { code, stderr } = await resume(finished, ...args());
    expect(stderr).toMatch(message);
    expect(code).toBe(exitCode);
  });

  test.concurrent.each<[string, () => string, number, RegExp]>([
    ['an empty folder', () => path('empty'), 2, /There is no checkpoint at .*empty\/checkpoint\.safetensors/],
    ['no folder', () => path('nowhere'), 2, /There is no checkpoint at .*nowhere\./],
    ['a model', () => join(finished, 'model.safetensors'), 4, /This is a model, and not the checkpoint/],
    ['a cut checkpoint', () => path('cut'), 4, /cut: This is not a whole checkpoint/],
    ['something else', () => join(finished, 'report.txt'), 4, /report\.txt: This is not a whole checkpoint/],
    ['a checkpoint of another name', () => path('renamed'), 2, /renamed is not called .* --out/],
  ])('%s', async (_, source, exitCode, message) => {
    const { code, stdout, stderr } = await resume(source());
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('not a byte of the training is another', async () => {
    expect(await contents(finished)).toEqual(before);
  });
});

describe('another training in the folder of one that is not finished', () => {
  const NOTICE =
    /^Notice: The training in \S+ is not finished \(\d+ of 1,000,000 epochs\), and the first checkpoint of this one replaces it\. To go on with it instead, stop this one before and use: shadegrad train --resume \S+\n/;

  test('replaces it, and says so', async () => {
    const replaced = await copyOf(unfinished, 'replaced');
    const { code, stderr } = await train('--epochs', '1', '--out', replaced);
    expect(code).toBe(0);
    expect(stderr).toMatch(NOTICE);
    expect(decodeCheckpoint(await readFile(join(replaced, CHECKPOINT))).state.epoch).toBe(1);
    const again = await train('--epochs', '1', '--out', replaced);
    expect(again).toMatchObject({ code: 0, stderr: '' });
  });

  test('spares it where it is stopped at once', async () => {
    const spared = await copyOf(unfinished, 'spared');
    const before = await contents(spared);
    const { code, stderr } = await interruptedAt('Plan: ', [
      ...['train', '--data', data, '--batch-size', '1', '--hidden', '2000', '--out', spared],
    ]);
    expect(code).toBe(130);
    expect(stderr).toMatch(NOTICE);
    expect(stderr).toMatch(
      /\S+ is as it was before\. Go on with the training in it: shadegrad train --resume \S+\n$/,
    );
    expect(await contents(spared)).toEqual(before);
  });
});

test('--checkpoint-every: how often within an epoch, and not at all with 0', async () => {
  const written = async (seconds: string): Promise<number> => {
    const out = path(`every-${seconds}`);
    await mkdir(out);
    let times = 0;
    const watcher = watch(out, (_, file) => {
      if (file === CHECKPOINT) times++;
    });
    const slow = ['--batch-size', '1', '--epochs', '1', '--hidden', '500', '--checkpoint-every', seconds];
    const { code } = await runCli(['train', '--data', data, ...slow, '--out', out]);
    watcher.close();
    expect(code).toBe(0);
    return times;
  };
  expect(await written('0')).toBe(1);
  expect(await written('0.02')).toBeGreaterThan(1);
});
