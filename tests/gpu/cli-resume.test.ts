import type { ChildProcess } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunReport } from '../../src/index.ts';
import { readCheckpoint } from '../../src/node/checkpoints.ts';
import { type CheckpointNotes, decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { blobs } from '../support/blobs.ts';
import { writeDataset } from '../support/dataset-folder.ts';
import { runCli, signalledAt } from '../support/process.ts';

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
/** On one adapter and with one plan wherever the tests run: what is done by several processes is compared to the bit. */
const beginning = () => ['train', '--data', data, '--adapter', 'software', ...settings];
/** By the plan that compiles in a third of the time that the chosen one takes, in each process anew. */
const train = (...args: string[]) => runCli([...beginning(), '--plan', 'unfused', ...args]);
const resume = (...args: string[]) => runCli(['train', '--resume', ...args]);

async function copyOf(source: string, name: string): Promise<string> {
  await mkdir(path(name));
  for (const file of await readdir(source)) await copyFile(join(source, file), join(path(name), file));
  return path(name);
}

/** The content of every file in a folder. */
async function contents(of: string): Promise<Record<string, string>> {
  const entries = await readdir(of, { withFileTypes: true });
  const names = entries.flatMap((entry) => (entry.isFile() ? entry.name : [])).sort();
  const hash = async (name: string) => createHash('sha256').update(await readFile(join(of, name)));
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, (await hash(name)).digest('hex')])),
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
  data = path('blobs');
  [finished, unfinished, whole] = [path('finished'), path('unfinished'), path('whole')];
  await writeDataset(data, blobs());
  await Promise.all([
    train('--epochs', '3', '--out', finished),
    train('--epochs', '5', '--out', whole),
    signalledAt('Epoch ', [...beginning(), ...['--epochs', '1000000', '--out', unfinished]]),
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
  });

  test('of what is finished, also by early stopping, into another folder has a checkpoint there too', async () => {
    const stopped = path('stopped');
    const early = ['--validation-split', '0.2', '--patience', '1', '--learning-rate', '1', '--epochs', '50'];
    await train(...early, '--out', stopped);
    expect(decodeCheckpoint(await readFile(join(stopped, CHECKPOINT))).state.epoch).toBeLessThan(50);
    for (const source of [finished, stopped]) {
      const again = path(`again-${basename(source)}`);
      const { code, stdout } = await resume(source, '--out', again);
      expect(code).toBe(0);
      expect(await readFile(join(again, CHECKPOINT))).toEqual(await readFile(join(source, CHECKPOINT)));
      const files = (await readdir(again)).map((name) => join(again, name));
      const [, written = ''] = stdout.split('Written:\n');
      expect(written.trim().split(/\n */).sort()).toEqual(files.sort());
    }
  });

  test('keeps to the adapter that a part of its name pinned, and says which there are where it is gone', async () => {
    const other = await copyOf(finished, 'pinned-adapter');
    const { state, notes } = decodeCheckpoint(await readFile(join(other, CHECKPOINT)));
    const pin = (choice: string) =>
      writeFile(
        join(other, CHECKPOINT),
        encodeCheckpoint(state, { ...notes, adapter: { ...notes.adapter, choice } }),
      );
    await pin('RTX 3080');
    const { code, stdout, stderr } = await runCli(['train', '--resume', other]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /No adapter has "RTX 3080" in its name or driver\. This machine has: "SwiftShader/,
    );
    await pin('Subzero');
    expect(await resume(other, '--epochs', '4')).toMatchObject({ code: 0, stderr: '' });
    const after = decodeCheckpoint(await readFile(join(other, CHECKPOINT)));
    expect(after.notes.adapter).toEqual({ ...notes.adapter, choice: 'Subzero' });
  });

  test('keeps to the kind of adapter, and tells of another one: the bits are others', async () => {
    const other = await copyOf(finished, 'other-adapter');
    const { state, notes } = decodeCheckpoint(await readFile(join(other, CHECKPOINT)));
    const put = (adapter: Partial<CheckpointNotes['adapter']>) => {
      const changed = { ...notes, adapter: { ...notes.adapter, ...adapter } };
      return writeFile(join(other, CHECKPOINT), encodeCheckpoint(state, changed));
    };
    await put({ choice: 'hardware' });
    const nowhere = { VK_DRIVER_FILES: '/nonexistent.json', VK_ICD_FILENAMES: '/nonexistent.json' };
    const refused = await runCli(['train', '--resume', other], { env: nowhere });
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    await put({ description: 'a GPU' });
    const { code, stderr } = await resume(other, '--epochs', '4');
    expect(code).toBe(0);
    expect(stderr).toBe(
      `Notice: The adapter was a GPU and is ${notes.adapter.description} from here on: the bits are not those that it would have given.\n`,
    );
    expect(decodeCheckpoint(await readFile(join(other, CHECKPOINT))).notes.adapter).toEqual(notes.adapter);
  });

  test('of what is between two epochs takes no more epochs than it has', async () => {
    const between = await copyOf(finished, 'between');
    const { state, notes } = decodeCheckpoint(await readFile(join(between, CHECKPOINT)));
    await writeFile(join(between, CHECKPOINT), encodeCheckpoint({ ...state, epoch: 4 }, notes));
    expect(await resume(between, '--epochs', '3')).toMatchObject({ code: 0, stderr: '' });
    expect(await model(between)).toEqual(await model(finished));
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
    const { code, stderr } = await resume(other, '--epochs', '4', '--plan', 'layered');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^Notice: The plan was unfused and is layered from here on: the bits are not those .*\n$/,
    );
  });

  test('where the device lacks the plan: 2, and --plan auto goes on with another', async () => {
    const lacking = await copyOf(finished, 'lacking');
    const { state, notes } = decodeCheckpoint(await readFile(join(lacking, CHECKPOINT)));
    const settings = { ...state.settings, plan: 'layered-matrix' as const };
    await writeFile(join(lacking, CHECKPOINT), encodeCheckpoint({ ...state, settings }, notes));
    const before = await contents(lacking);
    const refused = await resume(lacking, '--epochs', '4');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /^shadegrad: The plan "layered-matrix" needs what this device lacks: .*\. The training to go on with has the plan "layered-matrix"\. Go on with another one \(--plan auto\)/,
    );
    expect(await contents(lacking)).toEqual(before);
    const { code, stderr } = await resume(lacking, '--epochs', '4', '--plan', 'auto');
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
    const { code, stderr } = await signalledAt('Epoch ', ['train', '--resume', on]);
    expect(code).toBe(130);
    expect(stderr).toContain(`Go on with: npx shadegrad train --resume ${on}\n`);
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
    ['more data', () => ['--data', path('more')], 4, /an epoch of them is 10 batches of 32\. Use the data /],
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

describe('another training in the folder of one', () => {
  const REPORT = 'report.json';

  test('that has results moves them aside, and says so; both are whole', async () => {
    const shared = await copyOf(finished, 'replaced');
    const before = await contents(shared);
    const { test } = JSON.parse(await readFile(join(shared, REPORT), 'utf8')) as RunReport;
    const right = `${(100 * test.accuracy).toFixed(2)} % right`;
    const { code, stdout, stderr } = await train('--epochs', '1', '--out', shared);
    expect(code).toBe(0);
    const previous = join(shared, 'previous');
    const notice = `Notice: ${shared} holds another training (${right}). When this one writes its first checkpoint, that one moves to ${previous}`;
    expect(stderr).toBe(`${notice}.\n`);
    expect(await contents(previous)).toEqual(before);
    expect(stdout.trim().split('\n').at(-2)?.trim()).toBe(join(shared, REPORT));
    const kept = await readCheckpoint(shared);
    expect(kept.notes.epochs).toBe(1);

    // One is kept. It can be gone on with as any other.
    const last = await contents(shared);
    const again = await train('--epochs', '2', '--out', shared);
    expect(again.stderr).toMatch(/, in place of an older one there \(.* % right\)\.\n$/);
    expect(await contents(previous)).toEqual(last);
    expect((await readdir(shared)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(await resume(previous, '--epochs', '2')).toMatchObject({ code: 0, stderr: '' });
  });

  test('that is not finished moves its checkpoint aside, and says so; both can be gone on with', async () => {
    const shared = await copyOf(unfinished, 'shared');
    const aside = join(shared, 'unfinished');
    const before = await readFile(join(shared, CHECKPOINT));
    // Stopped at once: this training too is kept.
    const { code, stderr } = await signalledAt('Plan: ', [
      ...[...beginning(), '--batch-size', '1', '--hidden', '500'],
      ...['--epochs', '1000000', '--out', shared],
    ]);
    expect(code).toBe(130);
    const { epoch } = decodeCheckpoint(before).state;
    const progress = new RegExp(`\\((${epoch}|${epoch - 1}) of 1,000,000 epochs\\)`);
    const [notice = '', end] = stderr.split('\n');
    expect(notice).toMatch(progress);
    expect(notice.replace(progress, '()')).toBe(
      `Notice: ${shared} holds another training that has no results yet (). When this one writes its first checkpoint, that one ` +
        `moves to ${aside}. To go on with it then: npx shadegrad train --resume ${aside}`,
    );
    expect(end).toMatch(/^shadegrad: Training was interrupted .* Go on with: npx shadegrad train --resume /);
    expect(await readFile(join(aside, CHECKPOINT))).toEqual(before);
    const { state } = decodeCheckpoint(await readFile(join(shared, CHECKPOINT)));
    expect(state.settings.hidden).toEqual([500]);

    const rest = path('rest');
    const args = ['--epochs', String(epoch + 1), '--out', rest];
    expect(await resume(aside, ...args)).toMatchObject({ code: 0, stderr: '' });

    // Again in the same folder: there is one place for what is not finished.
    const again = await train('--epochs', '1', '--out', shared);
    expect(again.code).toBe(0);
    expect(again.stderr).toContain(`moves to ${aside}, in place of an older one there. To go on `);
    const [moved, last] = await Promise.all(
      [aside, shared].map(async (place) => decodeCheckpoint(await readFile(join(place, CHECKPOINT)))),
    );
    expect(moved?.state.settings.hidden).toEqual([500]);
    expect(last?.state.settings.hidden).toEqual([8]);
  });

  test('that is refused leaves it and what another process is writing there', async () => {
    const busy = await copyOf(unfinished, 'busy');
    await writeFile(join(busy, `${CHECKPOINT}.${randomUUID()}.tmp`), 'half');
    const before = await contents(busy);
    const { code } = await train('--plan', 'layered-matrix', '--out', busy);
    expect(code).toBe(2);
    expect(await contents(busy)).toEqual(before);
  });
});

test('Ctrl-C in what goes on after its results: they are named', async () => {
  const both = await copyOf(finished, 'both');
  const args = ['train', '--resume', both, '--epochs', '1000000'];
  const { code, stderr } = await signalledAt('Epoch ', args);
  expect(code).toBe(130);
  expect(stderr).toContain(
    `The results in ${both} are of before: model.safetensors, report.json, report.txt, confusion-matrix.svg, ` +
      'training-curves.svg, history.csv. Go on with: npx shadegrad train --resume ',
  );
});

test('--checkpoint-every: within an epoch too, and not at all with 0', async () => {
  const BATCHES = 200;

  /** Trains on and on until enough of its checkpoints were seen: in which epoch each was, and after how many batches. */
  async function seen(seconds: string, isEnough: (places: readonly [number, number][]) => boolean) {
    const out = path(`every-${seconds}`);
    const places: [number, number][] = [];
    let child: ChildProcess | undefined;
    const args = ['--batch-size', '1', '--hidden', '500', '--epochs', '1000000'];
    const ended = runCli([...beginning(), ...args, '--checkpoint-every', seconds, '--out', out], {
      onStdout: (_, started) => {
        child = started;
      },
    });
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    while (!isOver && (!child || !isEnough(places))) {
      const { state } = (await readCheckpoint(out).catch(() => undefined)) ?? {};
      if (state) places.push([state.epoch, state.rounds[0]?.place ?? 0]);
      await setTimeout(5);
    }
    child?.kill('SIGKILL');
    expect(await ended).toMatchObject({ code: null, stderr: '' });
    return places;
  }

  await seen('0.02', (places) => places.some(([, place]) => place > 0 && place < BATCHES));
  const ends = await seen('0', (places) => new Set(places.map(([epoch]) => epoch)).size > 3);
  expect(new Set(ends.map(([, place]) => place))).toEqual(new Set([BATCHES]));
});
