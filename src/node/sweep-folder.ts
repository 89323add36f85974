import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ShadegradError } from '../errors.ts';
import { canonicalJson } from '../json.ts';
import { modelChecksum } from '../model/checksum.ts';
import {
  readSweep,
  readTaskFailure,
  readTaskResult,
  type Sweep,
  type TaskFailure,
  type TaskResult,
} from '../sweep/result.ts';
import { createWhole, makeFolder, systemReason, unreadableText, writeWhole } from './files.ts';
import { readModels } from './models.ts';

// The folder of a sweep:
//     sweep.json                            the sweep, with its tasks
//     tasks/NAME/result.json                a finished task: the folder is there whole or not at all
//     tasks/NAME/networks.safetensors       its networks but those that diverged; none if all did
//     running/NAME/                         an unfinished one: its claims and checkpoints
//     failed/NAME.json                      why the last attempt at an unfinished one failed

export const SWEEP_FILE = 'sweep.json';
export const RESULT_FILE = 'result.json';
export const NETWORKS_FILE = 'networks.safetensors';

/** Characters of a setting's value, as errors show it. */
const LONGEST_VALUE = 60;

export const taskFolder = (out: string, task: string): string => join(out, 'tasks', task);
export const runningFolder = (out: string, task: string): string => join(out, 'running', task);
export const failureFile = (out: string, task: string): string => join(out, 'failed', `${task}.json`);

export function isFinished(out: string, task: string): boolean {
  return existsSync(taskFolder(out, task));
}

/**
 * A task's result, if its networks are there with the weights that it tells of.
 * @throws ShadegradError `bad-data` or `bad-model` where the task is not finished, or its result is damaged
 */
export async function readResult(out: string, task: string): Promise<TaskResult> {
  const folder = taskFolder(out, task);
  const path = join(folder, RESULT_FILE);
  try {
    const result = readTaskResult(path, await readText(path));
    if (result.task !== task) {
      throw new ShadegradError('bad-data', `${path} is the result of another task, ${result.task}.`, '');
    }
    await assertNetworks(join(folder, NETWORKS_FILE), result);
    return result;
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw new ShadegradError(
      error.code,
      error.message,
      `Bring back the files as they were, or remove the folder ${folder} and run the sweep again: it trains the task anew.`,
      error,
    );
  }
}

/** Whether an error is one of files that are not as they were written. */
export function isDamage(error: unknown): error is ShadegradError {
  return error instanceof ShadegradError && (error.code === 'bad-data' || error.code === 'bad-model');
}

/** Compares the weights with what the result says of them, so that nothing is told of networks that are not there. */
async function assertNetworks(path: string, { networks }: TaskResult): Promise<void> {
  const told = networks.flatMap(({ weights }) => weights ?? []);
  if (told.length === 0) return;
  const { models } = await readModels(path);
  const found: string[] = [];
  for (const model of models) found.push(await modelChecksum(model));
  if (found.join() === told.join()) return;
  throw new ShadegradError(
    'bad-model',
    `${path} does not have the networks that the result beside it tells of: their checksums differ.`,
    '',
  );
}

/** The failure of a task's last attempt; undefined where it did not fail. */
export async function readFailure(out: string, task: string): Promise<TaskFailure | undefined> {
  const path = failureFile(out, task);
  return existsSync(path) ? readTaskFailure(path, await readText(path)) : undefined;
}

/**
 * The sweep that a folder is of; undefined where there is none yet.
 * @throws ShadegradError `bad-data` where it is damaged
 */
export async function readSweepOf(out: string): Promise<Sweep | undefined> {
  const path = join(out, SWEEP_FILE);
  return existsSync(path) ? readSweep(path, await readText(path)) : undefined;
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ShadegradError('bad-data', unreadableText(path, cause), 'Check the folder.', cause);
  });
}

/**
 * Writes what a folder's sweep is, unless another process has.
 * @returns what it is then: the other process may be at another sweep
 * @throws ShadegradError `io`, and `bad-data` where that of the other process is damaged
 */
export async function writeSweep(out: string, sweep: Sweep): Promise<Sweep> {
  if (await createWhole(join(out, SWEEP_FILE), jsonText(sweep))) return sweep;
  return (await readSweepOf(out)) ?? sweep;
}

/**
 * @param path of the sweep file that is to be run in the folder
 * @throws ShadegradError `usage` where the folder is of another sweep, or of another version's
 */
export function assertSameSweep(
  out: string,
  before: Sweep,
  path: string,
  now: Pick<Sweep, 'shadegrad' | 'file'>,
): void {
  const { shadegrad, file } = before;
  if (shadegrad !== now.shadegrad) {
    throw new ShadegradError(
      'usage',
      `The sweep in ${out} was begun by shadegrad ${shadegrad}, and this is ${now.shadegrad}: its networks would not be comparable.`,
      'Go on with it in that version, or choose another folder.',
    );
  }
  const differing = differences(file, now.file);
  if (differing.length === 0) return;
  throw new ShadegradError(
    'usage',
    `${out} holds another sweep than ${path}: ${differing.map(differenceText).join('; ')}.`,
    `Choose another folder, or bring back the file that ${join(out, SWEEP_FILE)} tells of.`,
  );
}

/** A place at which two values differ: its path, and what each of them has there. */
interface Difference {
  readonly path: string;
  readonly before: unknown;
  readonly now: unknown;
}

function differences(before: unknown, now: unknown, path = ''): Difference[] {
  if (canonicalJson(before) === canonicalJson(now)) return [];
  if (!isRecord(before) || !isRecord(now)) return [{ path, before, now }];
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return names.flatMap((name) =>
    differences(before[name] ?? null, now[name] ?? null, path === '' ? name : `${path}.${name}`),
  );
}

function differenceText({ path, before, now }: Difference): string {
  const text = (value: unknown): string => {
    if (value === null) return 'not set';
    const json = JSON.stringify(value);
    return json.length <= LONGEST_VALUE ? json : `${json.slice(0, LONGEST_VALUE - 1)}…`;
  };
  return `${path} is ${text(before)} there and ${text(now)} in the file`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Makes a task a finished one, at once. Where another process has finished it meanwhile, its result stays: it is the same.
 *
 * @param networks the file of those that did not diverge; null for none
 * @throws ShadegradError `io`
 */
export async function finishTask(
  out: string,
  result: TaskResult,
  networks: Uint8Array | null,
): Promise<void> {
  const { task } = result;
  const [running, target] = [runningFolder(out, task), taskFolder(out, task)];
  const made = join(running, `finished.${randomUUID()}.tmp`);
  try {
    await makeFolder(running);
    await mkdir(made);
    if (networks) await writeWhole(join(made, NETWORKS_FILE), networks);
    await writeWhole(join(made, RESULT_FILE), jsonText(result));
    await makeFolder(join(out, 'tasks'));
    await rename(made, target);
  } catch (cause) {
    if (isFinished(out, task)) return;
    if (cause instanceof ShadegradError) throw cause;
    throw new ShadegradError(
      'io',
      `${target} could not be written: ${systemReason(cause)}.`,
      'Check that the folder is writable and the disk not full.',
      cause,
    );
  }
}

/** Removes what a task that is finished needs no more. */
export async function removeRunning(out: string, task: string): Promise<void> {
  await rm(runningFolder(out, task), { recursive: true, force: true, maxRetries: 3 });
  await rm(failureFile(out, task), { force: true });
}

export function recordFailure(out: string, failure: TaskFailure): Promise<void> {
  return writeWhole(failureFile(out, failure.task), jsonText(failure));
}

/** As the files of a sweep have it. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
