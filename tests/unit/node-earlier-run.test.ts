import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CHECKPOINT_FILE } from '../../src/node/checkpoints.ts';
import { earlierRunIn } from '../../src/node/earlier-run.ts';
import { writeWhole } from '../../src/node/files.ts';
import { encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { randomData } from '../support/random.ts';
import { CHECKPOINT_NOTES, trainerState } from '../support/trainer-state.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-earlier-'));
});
afterEach(() => rm(folder, { recursive: true }));

const at = (...parts: string[]) => join(folder, ...parts);

/** A report as far as it is looked at, and files that are only moved. */
async function finish(accuracy: number, name = ''): Promise<void> {
  await mkdir(at(name), { recursive: true });
  await writeFile(at(name, 'report.json'), JSON.stringify({ test: { accuracy } }));
  await writeFile(at(name, 'model.safetensors'), `model of ${accuracy}`);
  await writeFile(at(name, CHECKPOINT_FILE), `checkpoint of ${accuracy}`);
}

const begin = (epochs: number) =>
  writeWhole(at(CHECKPOINT_FILE), encodeCheckpoint(trainerState({}), { ...CHECKPOINT_NOTES, epochs }));

const listed = async (...parts: string[]) => (await readdir(at(...parts))).sort();
const text = (...parts: string[]) => readFile(at(...parts), 'utf8');

describe('a training in a folder where another one begins', () => {
  test('is none where there is no file of one', async () => {
    expect(await earlierRunIn(folder)).toBeUndefined();
    expect(await earlierRunIn(at('nowhere'))).toBeUndefined();
    await writeFile(at('mine.txt'), '');
    expect(await earlierRunIn(folder)).toBeUndefined();
  });

  test('that has results moves as it is, once, and leaves what is no file of a training', async () => {
    await finish(0.9753);
    await writeFile(at('digits.onnx'), 'mine');
    const earlier = await earlierRunIn(folder);
    expect(earlier).toMatchObject({
      aside: at('previous'),
      hasResults: true,
      accuracy: 0.9753,
      progress: null,
      replaces: null,
    });
    // Until then nothing is done.
    expect(await listed()).toEqual([CHECKPOINT_FILE, 'digits.onnx', 'model.safetensors', 'report.json']);
    await earlier?.moveAside();
    expect(await listed()).toEqual([CHECKPOINT_FILE, 'digits.onnx', 'previous']);
    expect(await text('previous', 'model.safetensors')).toBe('model of 0.9753');
    expect(await text('previous', CHECKPOINT_FILE)).toBe('checkpoint of 0.9753');
    await writeFile(at('report.json'), 'of the next one');
    await earlier?.moveAside();
    expect(await text('report.json')).toBe('of the next one');
    expect(JSON.parse(await text('previous', 'report.json'))).toEqual({ test: { accuracy: 0.9753 } });
  });

  test('takes the place of the one before it: one is kept', async () => {
    await finish(0.5, 'previous');
    await writeFile(at('previous', 'accuracies.svg'), '');
    await finish(0.9);
    const earlier = await earlierRunIn(folder);
    expect(earlier?.replaces).toEqual({ accuracy: 0.5 });
    await earlier?.moveAside();
    expect(await listed('previous')).toEqual([CHECKPOINT_FILE, 'model.safetensors', 'report.json']);
    expect(await text('previous', 'model.safetensors')).toBe('model of 0.9');
    expect(await listed()).toEqual([CHECKPOINT_FILE, 'previous']);
  });

  test('that has no results takes no place of one that has', async () => {
    await finish(0.9, 'previous');
    for (const epochs of [5, 7]) {
      await begin(epochs);
      const earlier = await earlierRunIn(folder);
      expect(earlier).toMatchObject({
        aside: at('unfinished'),
        hasResults: false,
        accuracy: null,
        progress: { epochs },
        replaces: epochs === 5 ? null : { accuracy: null },
      });
      await earlier?.moveAside();
      expect(await text('previous', 'model.safetensors')).toBe('model of 0.9');
      expect(await listed('unfinished')).toEqual([CHECKPOINT_FILE]);
    }
  });

  test('of which a move was cut off is aside already, whatever is left of it', async () => {
    await finish(0.9);
    const [model, report] = await Promise.all([text('model.safetensors'), text('report.json')]);
    await (await earlierRunIn(folder))?.moveAside();
    // The checkpoint has both names until the next one takes the first.
    expect(await earlierRunIn(folder)).toBeUndefined();
    await begin(3);
    await (await earlierRunIn(folder))?.moveAside();
    expect([await text('previous', 'model.safetensors'), await text('previous', 'report.json')]).toEqual([
      model,
      report,
    ]);
  });

  test('removes what a killed move left half made, and nothing else', async () => {
    await finish(0.9);
    const [left, other] = [`previous.${randomUUID()}.tmp`, `mine.${randomUUID()}.tmp`];
    for (const name of [left, other]) await finish(0.1, name);
    await (await earlierRunIn(folder))?.moveAside();
    expect(await listed()).toEqual([CHECKPOINT_FILE, other, 'previous']);
  });

  test.each([
    [
      'something of the user',
      () => finish(0.9),
      () => at('previous', 'notes.txt'),
      /notes\.txt is no file of a/,
    ],
    ['a file', () => finish(0.9), () => at('previous'), /previous is no folder/],
    ['results', () => begin(3), () => at('unfinished', 'report.json'), /unfinished has the results of/],
  ])('is not moved where %s would be lost', async (_, make, path, message) => {
    await make();
    await mkdir(join(path(), '..'), { recursive: true });
    await writeFile(path(), 'precious');
    await expect(earlierRunIn(folder)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
      nextStep: expect.stringContaining('--out'),
    });
    expect(await readFile(path(), 'utf8')).toBe('precious');
  });

  test('is not moved over what came there meanwhile', async () => {
    await finish(0.9);
    const earlier = await earlierRunIn(folder);
    await writeFile(at('previous'), 'precious');
    await expect(earlier?.moveAside()).rejects.toMatchObject({ code: 'usage' });
    expect(await text('previous')).toBe('precious');
    expect(await text('model.safetensors')).toBe('model of 0.9');
  });

  test('is whole in one of both places, wherever a process is killed', async () => {
    const built = at('built');
    const run = at('run');
    await build({
      configFile: false,
      logLevel: 'silent',
      build: { ssr: 'tests/support/earlier-run-loop.ts', outDir: built, minify: false },
    });
    const names = [CHECKPOINT_FILE, 'model.safetensors', 'history.csv', 'report.json'];
    const numberIn = async (place: string) => {
      const read = (name: string) => readFile(join(place, name), 'utf8').catch(() => '');
      const numbers = new Set(await Promise.all(names.map(read)));
      return numbers.size === 1 ? Number([...numbers][0]) : 0;
    };
    const { indices } = randomData(5);
    let inTheMiddle = 0;
    for (const milliseconds of indices(8, 40)) {
      const child = spawn(process.execPath, [join(built, 'earlier-run-loop.js'), run, ...names], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (piece: string) => {
        said += piece;
      });
      const closed = once(child, 'close');
      await Promise.race([once(child.stdout, 'data'), closed]);
      setTimeout(() => child.kill('SIGKILL'), milliseconds);
      expect(await closed).toEqual([null, 'SIGKILL']);
      const last = Number(said.trim().split('\n').at(-1));
      const [own, previous] = [await numberIn(run), await numberIn(join(run, 'previous'))];
      expect(Math.max(own, previous)).toBeGreaterThanOrEqual(last);
      if (own === 0) inTheMiddle++;
    }
    expect(inTheMiddle).toBeGreaterThan(0);
  });
});
