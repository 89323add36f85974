import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ShadegradError } from '../errors.ts';
import { sweepPictures } from '../sweep/charts/pictures.ts';
import {
  type DamagedResult,
  type MergedSweep,
  mergeSweeps,
  networksCsv,
  type SweepFolder,
} from '../sweep/report.ts';
import type { TaskFailure, TaskResult } from '../sweep/result.ts';
import { sweepTasks } from '../sweep/tasks.ts';
import { missingCharts } from './charts.ts';
import { unreadableText } from './files.ts';
import type { RunFiles } from './run-files.ts';
import { isDamage, jsonText, readFailure, readResult, readSweepOf, SWEEP_FILE } from './sweep-folder.ts';

/** What {@link mergedFiles} names its files. */
export const MERGED_FILES = [
  'report.json',
  'runs.json',
  'networks.csv',
  'parallel-coordinates.svg',
  'loss-by-setting.svg',
  'seeds.svg',
  'best-networks.svg',
] as const;

const TASK_NAME = /^[0-9a-f]{16}$/;

/**
 * Makes one report of the folders of a sweep, whatever their order and whichever of them has what.
 *
 * @param paths a folder named twice counts once: [1 or more]
 * @throws ShadegradError `bad-data` where one is no sweep's, and as `mergeSweeps`
 */
export async function mergeSweepFolders(paths: readonly string[]): Promise<MergedSweep> {
  const once = [...new Map(paths.map((path) => [resolve(path), path])).values()];
  const folders: SweepFolder[] = [];
  for (const path of once) folders.push(await readSweepFolder(path));
  const [first, ...others] = folders;
  if (!first) throw new ShadegradError('usage', 'There is no folder to merge.', 'Name at least one.');
  const tasks = await sweepTasks(first.sweep.file, first.sweep.datasets);
  return mergeSweeps([first, ...others], tasks);
}

/** @throws ShadegradError `bad-data` */
async function readSweepFolder(path: string): Promise<SweepFolder> {
  await namesIn(path);
  const sweep = await readSweepOf(path);
  if (!sweep) {
    throw new ShadegradError(
      'bad-data',
      `${path} is not the folder of a sweep: it has no ${SWEEP_FILE}.`,
      'Give folders that "shadegrad sweep" wrote to with --out.',
    );
  }
  const results: TaskResult[] = [];
  const damaged: DamagedResult[] = [];
  for (const task of (await tasksIn(join(path, 'tasks'))).toSorted()) {
    const result = await orDamage(readResult(path, task));
    if (result instanceof ShadegradError) damaged.push({ task, message: String(result) });
    else results.push(result);
  }
  const failures: TaskFailure[] = [];
  const begun = await tasksIn(join(path, 'running'));
  for (const task of (await tasksIn(join(path, 'failed'), '.json')).toSorted()) {
    const failure = await orDamage(readFailure(path, task));
    // What is left of one that is damaged is that the task was begun.
    if (failure instanceof ShadegradError) begun.push(task);
    else if (failure) failures.push(failure);
  }
  return { name: path, sweep, results, damaged, failures, begun };
}

/** What a file has, or how it is damaged. */
function orDamage<T>(reading: Promise<T>): Promise<T | ShadegradError> {
  return reading.catch((error: unknown) => {
    if (isDamage(error)) return error;
    throw error;
  });
}

/** The tasks that a folder within a sweep's has something of; none where it is not there. */
async function tasksIn(folder: string, ending = ''): Promise<string[]> {
  const names = await namesIn(folder, []);
  return names.flatMap((name) => {
    const task = name.endsWith(ending) ? name.slice(0, name.length - ending.length) : '';
    return TASK_NAME.test(task) ? [task] : [];
  });
}

/** @param otherwise where there is no such folder; an error by default */
async function namesIn(folder: string, otherwise?: string[]): Promise<string[]> {
  return readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (otherwise && cause.code === 'ENOENT') return otherwise;
    throw new ShadegradError(
      'bad-data',
      unreadableText(`The folder ${folder}`, cause),
      'Give folders that "shadegrad sweep" wrote to with --out.',
      cause,
    );
  });
}

/**
 * `report.json`, `networks.csv` and the pictures, whose bytes are the same whichever processes trained what, on one adapter and
 * with one plan; and `runs.json`, which has what differs: folders, adapters, plans, times and failures. Where ECharts is not
 * installed, there are no pictures.
 */
export async function mergedFiles({ report, runs }: MergedSweep): Promise<RunFiles> {
  return {
    'report.json': jsonText(report),
    'runs.json': jsonText(runs),
    'networks.csv': networksCsv(report),
    ...(missingCharts() ? {} : await sweepPictures(report)),
  };
}
