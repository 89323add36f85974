import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { reasonOf, ShadegradError } from '../errors.ts';
import { modelChecksum } from '../model/checksum.ts';
import { sweepPictures } from '../sweep/charts/pictures.ts';
import { type MergedSweep, mergeSweeps, networksCsv, type SweepFolder } from '../sweep/report.ts';
import type { TaskFailure, TaskResult } from '../sweep/result.ts';
import { sweepTasks } from '../sweep/tasks.ts';
import { missingCharts } from './charts.ts';
import { readModels } from './models.ts';
import type { RunFiles } from './run-files.ts';
import {
  NETWORKS_FILE,
  readFailure,
  readResult,
  readSweepOf,
  SWEEP_FILE,
  taskFolder,
} from './sweep-folder.ts';

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
 * @throws ShadegradError `bad-data` where one is no sweep's or has damaged files, and as `mergeSweeps`
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
  for (const task of (await tasksIn(join(path, 'tasks'))).toSorted()) {
    const result = await readResult(path, task);
    await assertNetworks(path, result);
    results.push(result);
  }
  const failures: TaskFailure[] = [];
  for (const file of (await tasksIn(join(path, 'failed'), '.json')).toSorted()) {
    const failure = await readFailure(path, file);
    if (failure) failures.push(failure);
  }
  return { name: path, sweep, results, failures, begun: await tasksIn(join(path, 'running')) };
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
      `The folder ${folder} cannot be read: ${reasonOf(cause)}.`,
      'Give folders that "shadegrad sweep" wrote to with --out.',
      cause,
    );
  });
}

/** Compares the weights with what the result says of them, so that a report tells of nothing that is not there. */
async function assertNetworks(path: string, { task, networks }: TaskResult): Promise<void> {
  const told = networks.flatMap(({ weights }) => weights ?? []);
  if (told.length === 0) return;
  const file = join(taskFolder(path, task), NETWORKS_FILE);
  const { models } = await readModels(file);
  const found: string[] = [];
  for (const model of models) found.push(await modelChecksum(model));
  if (found.join() === told.join()) return;
  throw new ShadegradError(
    'bad-model',
    `${file} does not have the networks that the result beside it tells of: their checksums differ.`,
    'Bring back the file as it was, or remove the folder that it is in and run the sweep again.',
  );
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

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
