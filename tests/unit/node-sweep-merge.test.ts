import { cp, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordFailure } from '../../src/node/sweep-folder.ts';
import { mergedFiles, mergeSweepFolders } from '../../src/node/sweep-merge.ts';
import type { SweepTask } from '../../src/sweep/tasks.ts';
import { madeSweep, writeMadeFolder } from '../support/sweeps.ts';

const { sweep, tasks } = await madeSweep({
  axes: { learningRate: [0.001, 0.003, 0.6], hidden: [[], [4]], seed: [1, 2] },
  networksPerTask: 3,
});
const [first, second] = tasks as readonly [SweepTask, SweepTask, ...SweepTask[]];

let folder: string;
/** All tasks, then the odd ones, then the even ones. */
let all: string;
let odd: string;
let even: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
  [all, odd, even] = ['all', 'odd', 'even'].map((name) => join(folder, name)) as [string, string, string];
  await writeMadeFolder(all, sweep, tasks);
  await writeMadeFolder(
    odd,
    sweep,
    tasks.filter((_, i) => i % 2 === 1),
    { seconds: 99 },
  );
  await writeMadeFolder(
    even,
    sweep,
    tasks.filter((_, i) => i % 2 === 0),
    { adapter: 'another' },
  );
});
afterAll(() => rm(folder, { recursive: true }));

/** A copy of a folder, for a test to damage. */
async function copyOf(path: string): Promise<string> {
  const copy = await mkdtemp(join(folder, 'copy-'));
  await cp(path, copy, { recursive: true });
  return copy;
}

describe('folders of a sweep', () => {
  test('give the bytes of one process, in whatever order, but for runs.json', async () => {
    const { 'runs.json': ownRuns, ...own } = await mergedFiles(await mergeSweepFolders([all]));
    expect(Object.keys(own)).toHaveLength(6);
    for (const paths of [
      [odd, even],
      [even, odd],
      [odd, all, even, odd],
    ]) {
      const { 'runs.json': runs, ...files } = await mergedFiles(await mergeSweepFolders(paths));
      expect(files).toEqual(own);
      expect(runs).not.toEqual(ownRuns);
    }
  });

  test('may have unfinished and failed tasks', async () => {
    const copy = await copyOf(even);
    const failure = { task: second.name, message: 'The GPU was lost.', exitCode: 6, when: '2026-11-26' };
    await recordFailure(copy, failure);
    const { report, runs } = await mergeSweepFolders([copy]);
    expect(report.missing.map(({ task }) => task)).toEqual(
      tasks.filter((_, i) => i % 2 === 1).map(({ name }) => name),
    );
    expect(report.missing[0]?.reasons).toEqual(['The GPU was lost.']);
    expect(runs.failures).toEqual([{ ...failure, folder: copy }]);
  });
});

describe('what is no whole folder of a sweep is refused with its name', () => {
  const taskPath = (path: string, file: string) => join(path, 'tasks', first.name, file);

  test('no folder, a file, and a folder of something else', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    for (const path of [join(folder, 'nowhere'), file]) {
      await expect(mergeSweepFolders([path])).rejects.toMatchObject({
        code: 'bad-data',
        message: expect.stringContaining(`The folder ${path} cannot be read`),
      });
    }
    await expect(mergeSweepFolders([folder])).rejects.toMatchObject({
      code: 'bad-data',
      message: `${folder} is not the folder of a sweep: it has no sweep.json.`,
    });
  });

  test.each([
    ['sweep.json', 'sweep.json'],
    ['a result', join('tasks', first.name, 'result.json')],
  ])('%s that is cut', async (_, name) => {
    const copy = await copyOf(all);
    const path = join(copy, name);
    await truncate(path, 200);
    await expect(mergeSweepFolders([copy])).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining(path),
    });
  });

  test('networks that are cut, are missing, or are others than the result tells of', async () => {
    const cut = await copyOf(all);
    await truncate(taskPath(cut, 'networks.safetensors'), 1500);
    await expect(mergeSweepFolders([cut])).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining(taskPath(cut, 'networks.safetensors')),
    });
    const missing = await copyOf(all);
    await rm(taskPath(missing, 'networks.safetensors'));
    await expect(mergeSweepFolders([missing])).rejects.toMatchObject({ code: 'bad-model' });
    const changed = await copyOf(all);
    const path = taskPath(changed, 'networks.safetensors');
    const bytes = await readFile(path);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await writeFile(path, bytes);
    await expect(mergeSweepFolders([changed])).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining('their checksums differ'),
    });
  });

  test('a later format', async () => {
    const copy = await copyOf(all);
    const path = join(copy, 'sweep.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"format": 1', '"format": 2'));
    await expect(mergeSweepFolders([copy])).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining('a later version of shadegrad wrote it'),
    });
  });

  test('a task under the name of another', async () => {
    const copy = await copyOf(odd);
    await rename(join(copy, 'tasks', second.name), join(copy, 'tasks', first.name));
    await expect(mergeSweepFolders([copy])).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining('is the result of another task'),
    });
  });
});
