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

  test('sweep.json that is cut', async () => {
    const copy = await copyOf(all);
    const path = join(copy, 'sweep.json');
    await truncate(path, 200);
    await expect(mergeSweepFolders([copy])).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining(path),
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
});

describe('a damaged result', () => {
  const networks = 'networks.safetensors';
  const pathOf = (copy: string, file: string) => join(copy, 'tasks', first.name, file);

  test.each<[string, string, (copy: string) => Promise<void>]>([
    ['a result that is cut', 'result.json', (copy) => truncate(pathOf(copy, 'result.json'), 200)],
    ['networks that are cut', networks, (copy) => truncate(pathOf(copy, networks), 1500)],
    ['networks that are missing', networks, (copy) => rm(pathOf(copy, networks))],
    [
      'other networks than the result tells of',
      'their checksums differ',
      async (copy) => {
        const bytes = await readFile(pathOf(copy, networks));
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
        await writeFile(pathOf(copy, networks), bytes);
      },
    ],
    [
      'the result of another task',
      'is the result of another task',
      async (copy) => {
        await rm(join(copy, 'tasks', first.name), { recursive: true });
        await rename(join(copy, 'tasks', second.name), join(copy, 'tasks', first.name));
      },
    ],
  ])('is a missing task with its reason, unless another folder has it: %s', async (_, what, damage) => {
    const copy = await copyOf(all);
    await damage(copy);
    const { report, runs } = await mergeSweepFolders([copy]);
    expect(report.missing[0]).toMatchObject({ task: first.name, reasons: ['Its result is damaged.'] });
    expect(runs.damaged).toEqual([
      { task: first.name, folder: copy, message: expect.stringContaining(what) as unknown },
    ]);
    expect(runs.damaged[0]?.message).toContain(
      `remove the folder ${join(copy, 'tasks', first.name)} and run the sweep again`,
    );
    const repaired = await mergeSweepFolders([copy, all]);
    expect(repaired.report).toEqual((await mergeSweepFolders([all])).report);
    expect(repaired.runs.damaged).toHaveLength(1);
  });

  test('of a failure leaves the task begun', async () => {
    const copy = await copyOf(even);
    await recordFailure(copy, { task: second.name, message: 'lost', exitCode: 6, when: '2026-11-26' });
    await truncate(join(copy, 'failed', `${second.name}.json`), 10);
    expect((await mergeSweepFolders([copy])).report.missing[0]?.reasons).toEqual(['It is not finished.']);
  });
});
