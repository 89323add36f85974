import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ShadegradError } from '../../src/errors.ts';
import { CHECKPOINT_FILE, checkpointWriter, readCheckpoint } from '../../src/node/checkpoints.ts';
import { type Checkpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import type { TrainerState } from '../../src/train/state.ts';
import { randomData } from '../support/random.ts';
import { CHECKPOINT_NOTES, trainerState } from '../support/trainer-state.ts';

/** States that a reader can tell apart: by their places, 1 to 7. */
const STATES = [1, 2, 3, 4, 5, 6, 7].map((place) => trainerState({ place }));
const [FIRST, SECOND, THIRD] = STATES;
if (!FIRST || !SECOND || !THIRD) throw new Error('there are no states');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-checkpoints-'));
});
afterEach(() => rm(folder, { recursive: true }));

const checkpoint = (state: TrainerState): Checkpoint => ({ state, notes: CHECKPOINT_NOTES });

const noFailure = (error: unknown) => {
  throw error;
};

async function rejection(promise: Promise<unknown>): Promise<ShadegradError> {
  const error: unknown = await promise.catch((error: unknown) => error);
  if (error instanceof ShadegradError) return error;
  throw new Error('it did not fail as it should', { cause: error });
}

describe('readCheckpoint', () => {
  const bytes = encodeCheckpoint(FIRST, CHECKPOINT_NOTES);

  test('takes the folder or the file', async () => {
    const path = join(folder, CHECKPOINT_FILE);
    await writeFile(path, bytes);
    const whole = { state: FIRST, notes: CHECKPOINT_NOTES };
    expect(await readCheckpoint(folder)).toStrictEqual(whole);
    expect(await readCheckpoint(path)).toStrictEqual(whole);
  });

  test('names the path where there is none, as an error of usage', async () => {
    await writeFile(join(folder, 'file'), '');
    for (const [path, file] of [
      [folder, join(folder, CHECKPOINT_FILE)],
      [join(folder, 'missing'), join(folder, 'missing')],
      [join(folder, 'file', 'below'), join(folder, 'file', 'below')],
    ] as const) {
      const error = await rejection(readCheckpoint(path));
      expect(error).toMatchObject({ code: 'usage', nextStep: expect.stringMatching(/folder/) });
      expect(error.message).toBe(`There is no checkpoint at ${file}.`);
    }
  });

  test.each([
    ['a cut one', bytes.subarray(0, 100), /not a whole checkpoint/],
    ['an empty one', new Uint8Array(0), /only 0 bytes long/],
    ['something else', Buffer.from('<!doctype html><html></html>'), /not a whole checkpoint/],
  ])('names the path of %s, as an error of the file', async (_, content, message) => {
    const path = join(folder, CHECKPOINT_FILE);
    await writeFile(path, content);
    const error = await rejection(readCheckpoint(folder));
    expect(error.code).toBe('bad-model');
    expect(error.message).toMatch(message);
    expect(error.message.startsWith(`${path}: `)).toBe(true);
  });

  test('does not take a folder for the file', async () => {
    await mkdir(join(folder, CHECKPOINT_FILE));
    expect(await rejection(readCheckpoint(folder))).toMatchObject({
      code: 'bad-model',
      message: expect.stringMatching(/cannot be read: it is a folder\.$/),
    });
  });
});

describe('checkpointWriter', () => {
  test('writes one state at a time, and of those that have to wait only the last', async () => {
    const written: number[] = [];
    const writer = checkpointWriter(folder, noFailure);
    const others = STATES.slice(1);
    const watched = (state: TrainerState, onWrite: () => void): Checkpoint => ({
      notes: CHECKPOINT_NOTES,
      // Is asked for when it is being written.
      get state() {
        onWrite();
        return state;
      },
    });
    writer.write(
      watched(FIRST, () => {
        written.push(1);
        for (const [i, state] of others.entries()) {
          writer.write(watched(state, () => written.push(i + 2)));
        }
      }),
    );
    await writer.done();
    expect(written).toEqual([1, 7]);
    expect((await readCheckpoint(folder)).state).toStrictEqual(STATES.at(-1));
    expect(await readdir(folder)).toEqual([CHECKPOINT_FILE]);
  });

  test('goes on after it was done, and makes its folder', async () => {
    const inner = join(folder, 'a', 'b');
    const writer = checkpointWriter(inner, noFailure);
    await writer.done();
    for (const state of [FIRST, SECOND]) {
      writer.write(checkpoint(state));
      await writer.done();
      expect(await readCheckpoint(inner)).toStrictEqual({ state, notes: CHECKPOINT_NOTES });
    }
  });

  test('tells of the first failure and tries on; the last one comes back from done', async () => {
    const path = join(folder, CHECKPOINT_FILE);
    await mkdir(path);
    const told: unknown[] = [];
    const writer = checkpointWriter(folder, (error) => told.push(error));
    for (const state of [FIRST, SECOND]) {
      writer.write(checkpoint(state));
      expect(await rejection(writer.done())).toMatchObject({
        code: 'io',
        message: expect.stringContaining(path),
      });
    }
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ code: 'io' });
    expect(await readdir(folder)).toEqual([CHECKPOINT_FILE]);
    await rmdir(path);
    writer.write(checkpoint(THIRD));
    await writer.done();
    expect((await readCheckpoint(folder)).state).toStrictEqual(THIRD);
  });

  test('removes what a killed process left half written with the first one, and nothing else', async () => {
    const mine = `${CHECKPOINT_FILE}.${randomUUID()}.tmp`;
    const others = [
      `model.safetensors.${randomUUID()}.tmp`,
      `${CHECKPOINT_FILE}.tmp`,
      `${CHECKPOINT_FILE}.before.tmp`,
      `my-${CHECKPOINT_FILE}.${randomUUID()}.tmp`,
    ];
    for (const name of [mine, ...others]) await writeFile(join(folder, name), 'half');
    const writer = checkpointWriter(folder, noFailure);
    await writer.done();
    expect((await readdir(folder)).sort()).toEqual([mine, ...others].sort());
    writer.write(checkpoint(FIRST));
    await writer.done();
    expect((await readdir(folder)).sort()).toEqual([CHECKPOINT_FILE, ...others].sort());
  });

  test('makes room once, when the first one of its own is on the disk', async () => {
    const path = join(folder, CHECKPOINT_FILE);
    await writeFile(path, 'of before');
    const found: string[] = [];
    const told: unknown[] = [];
    const writer = checkpointWriter(
      folder,
      (error) => told.push(error),
      async () => void found.push(await readFile(path, 'utf8'), String((await readdir(folder)).length)),
    );
    // What cannot be written takes no place.
    writer.write({ state: { ...SECOND, dataset: 'none' }, notes: CHECKPOINT_NOTES });
    expect(await rejection(writer.done())).toMatchObject({ code: 'bad-model' });
    expect(found).toEqual([]);
    for (const state of [SECOND, THIRD]) {
      writer.write(checkpoint(state));
      await writer.done();
      expect((await readCheckpoint(path)).state).toStrictEqual(state);
    }
    expect(found).toEqual(['of before', '2']);
    expect(told).toHaveLength(1);
  });

  test('whoever reads sees a whole file at any moment, also after the writer was killed', async () => {
    const built = join(folder, 'built');
    const run = join(folder, 'run');
    await build({
      configFile: false,
      logLevel: 'silent',
      build: { ssr: 'tests/support/checkpoint-loop.ts', outDir: built, minify: false },
    });
    const { indices } = randomData(3);
    let inTheMiddle = 0;
    let reads = 0;
    for (const milliseconds of indices(20, 60)) {
      const child = spawn(process.execPath, [join(built, 'checkpoint-loop.js'), run], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const closed = once(child, 'close');
      const [said] = await Promise.race([once(child.stdout, 'data'), closed]);
      expect(`${said}`).toBe('writing\n');
      for (const end = performance.now() + milliseconds; performance.now() < end; reads++) {
        await readCheckpoint(run);
      }
      child.kill('SIGKILL');
      expect(await closed).toEqual([null, 'SIGKILL']);
      expect((await readCheckpoint(run)).notes).toStrictEqual(CHECKPOINT_NOTES);
      const names = await readdir(run);
      expect(names).toContain(CHECKPOINT_FILE);
      // Each process removes what the one before it left.
      expect(names.length).toBeLessThanOrEqual(2);
      inTheMiddle += names.length - 1;
    }
    expect(reads).toBeGreaterThan(20);
    expect(inTheMiddle).toBeGreaterThan(0);
  });
});
