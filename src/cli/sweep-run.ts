import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { claimFolder, type Holder, isAtWork, isHolder } from '../node/claims.ts';
import { unreadableText } from '../node/files.ts';
import { checkAdapter } from '../node/gpu.ts';
import { assertSameDataset, describeDataset, sourceOf } from '../node/sweep-data.ts';
import {
  assertSameSweep,
  finishTask,
  isDamage,
  isFinished,
  readResult,
  readSweepOf,
  recordFailure,
  removeRunning,
  runningFolder,
  SWEEP_FILE,
  writeSweep,
} from '../node/sweep-folder.ts';
import { trainTask } from '../node/sweep-task.ts';
import {
  type AdapterChoice,
  type Dataset,
  MATRIX_DEVICE,
  nodeVersions,
  type OpenedDevice,
  openDevice,
  ShadegradError,
  type Versions,
} from '../node.ts';
import { parseSweepFile, type SweepFile } from '../sweep/file.ts';
import { taskRungs } from '../sweep/halving.ts';
import { sweepLimits } from '../sweep/limits.ts';
import { byObjective, type NetworkResult, RESULT_FORMAT, type TaskResult } from '../sweep/result.ts';
import { type Shard, shardFrom, tasksOfShard } from '../sweep/shards.ts';
import { type SweepDataset, type SweepTask, sweepTasks } from '../sweep/tasks.ts';
import { planUsesMatrixUnits } from '../train/plans/index.ts';
import { loadData } from './data.ts';
import { exitCodeOf } from './exit-codes.ts';
import { withFolder } from './out-folder.ts';
import { adapterLine, datasetLine, type Output, output, planLine, resumeLine } from './output.ts';
import { trainingProgress } from './progress.ts';
import type { SweepFlags } from './sweep.ts';
import {
  endText,
  leftText,
  rungText,
  type SweepCounts,
  scoreText,
  shardLine,
  sideBySideText,
  sweepCommand,
  taskText,
} from './sweep-output.ts';

/** What is the same for all tasks. */
interface Job {
  readonly path: string;
  readonly file: SweepFile;
  readonly out: string;
  readonly adapter: AdapterChoice;
  readonly snapshotSeconds: number;
  readonly versions: Versions;
  readonly signal: AbortSignal;
  readonly print: Output;
  /** Of each source: the dataset, or why it cannot be had. Loaded when it is first asked for. */
  readonly datasets: Map<string, Dataset | ShadegradError>;
  readonly described: Map<string, SweepDataset>;
  /** Undefined until there is something to train, and where it has failed. */
  opened: OpenedDevice | undefined;
  best: NetworkResult | undefined;
}

const NO_RUNGS =
  'Notice: "stop" has no effect: no task has enough settings that differ in learning rate or weight decay alone, or epochs ' +
  'enough. A larger networksPerTask puts more settings into a task, each with all its seeds.';

/** Trains the tasks of a sweep, or of a shard of it, that nobody has finished or is at. */
export async function runSweep(path: string, flags: SweepFlags, signal: AbortSignal): Promise<void> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ShadegradError(
      'usage',
      unreadableText(`The sweep file ${path}`, error),
      'Check its path.',
      error,
    );
  });
  const file = parseSweepFile(path, text);
  const shard = shardFrom(flags, process.env);
  const { out, adapter, checkpointEvery } = flags;
  await checkAdapter(adapter);
  const job: Job = {
    path,
    file,
    out,
    adapter,
    snapshotSeconds: checkpointEvery,
    versions: await nodeVersions(),
    signal,
    print: output(false),
    datasets: new Map(),
    described: new Map(),
    opened: undefined,
    best: undefined,
  };
  await withFolder(out, [SWEEP_FILE], async () => {
    try {
      const tasks = await beginSweep(job);
      if (file.stop && tasks.every((task) => taskRungs(file, task).length === 0)) {
        job.print.note(NO_RUNGS);
      }
      await runShard(tasks, shard, job);
    } catch (error) {
      throw withNextStep(error, job);
    } finally {
      job.opened?.device.destroy();
    }
  });
}

/** Writes what the folder's sweep is, or compares it with that; returns its tasks. */
async function beginSweep(job: Job): Promise<readonly SweepTask[]> {
  const { path, file, out, versions, described } = job;
  const { shadegrad } = versions;
  const before = await readSweepOf(out);
  if (before) {
    assertSameSweep(out, before, path, { shadegrad, file });
    for (const dataset of before.datasets) described.set(dataset.source, dataset);
    return sweepTasks(file, before.datasets);
  }
  const datasets: SweepDataset[] = [];
  for (const source of file.axes.data) {
    const data = await datasetOf(source, job);
    const description = await describeDataset(source, data);
    described.set(source, description);
    datasets.push(description);
  }
  const tasks = await sweepTasks(file, datasets);
  const named = tasks.map(({ name, networks }) => ({ name, networks: networks.map(({ id }) => id) }));
  const written = await writeSweep(out, { format: RESULT_FORMAT, shadegrad, file, datasets, tasks: named });
  // Another process that began at the same time may have been quicker, with another file or other data.
  assertSameSweep(out, written, path, { shadegrad, file });
  for (const [i, dataset] of written.datasets.entries()) assertSameDataset(dataset, datasets[i]);
  return tasks;
}

/** @throws ShadegradError as `loadDataset`, and `bad-data` where it is not the one that the sweep was begun with */
async function datasetOf(source: string, job: Job): Promise<Dataset> {
  const known = job.datasets.get(source);
  const found = known ?? (await loadChecked(source, job));
  job.datasets.set(source, found);
  if (found instanceof ShadegradError) throw found;
  return found;
}

async function loadChecked(source: string, job: Job): Promise<Dataset | ShadegradError> {
  const { path, file, print, signal, described } = job;
  const { imageSize } = file.settings;
  try {
    const flags = { data: sourceOf(path, source), ...(imageSize && { imageSize }) };
    const data = await loadData(flags, print, signal);
    const before = described.get(source);
    if (before) assertSameDataset(before, await describeDataset(source, data));
    print.say(datasetLine(data));
    return data;
  } catch (error) {
    if (error instanceof ShadegradError && error.code !== 'interrupted') return error;
    throw error;
  }
}

/** How an attempt at a task ended: trained, failed, or left to the process that holds it. */
type Ended = TaskResult | ShadegradError | Holder;

async function runShard(all: readonly SweepTask[], shard: Shard, job: Job): Promise<void> {
  const { out, print } = job;
  const tasks = tasksOfShard(all, shard);
  const done = new Map<string, TaskResult>();
  for (const { name } of tasks) {
    const before = isFinished(out, name) ? await finished(name, job) : undefined;
    if (before && 'networks' in before) done.set(name, before);
  }
  print.say(shardLine(shard, job.file, all, tasks, done.size));
  const limits = sweepLimits(job.file, tasks);
  const failures = new Map<string, ShadegradError>();
  const left = new Map<SweepTask, Holder>();
  const attempt = async (task: SweepTask): Promise<void> => {
    const label = `Task ${tasks.indexOf(task) + 1} of ${tasks.length}`;
    const ended = await attemptTask(task, label, limits, job);
    left.delete(task);
    if (ended instanceof ShadegradError) failures.set(task.name, ended);
    else if ('pid' in ended) left.set(task, ended);
    else done.set(task.name, ended);
  };
  for (const task of tasks) if (!done.has(task.name)) await attempt(task);
  // By now others may be through with what they held, or have ended. Nobody is waited for.
  const seen = new Map(left);
  for (const task of seen.keys()) await attempt(task);
  const doubtful: SweepTask[] = [];
  for (const [task, holder] of left) {
    const isKnown = isAtWork(seen.get(task) ?? holder, holder);
    if (!isKnown) doubtful.push(task);
    print.note(leftText(task, holder, isKnown));
  }
  const counts = { tasks: tasks.length, done: done.size, failed: failures.size, left: left.size };
  print.say(endText(counts, bestText(job)));
  conclude(counts, [...done.values()], [...failures.values()], doubtful.length, out);
}

/** Trains a task, or goes on with it, unless another process is at it or has finished it. */
async function attemptTask(
  task: SweepTask,
  label: string,
  limits: Readonly<Record<string, number>>,
  job: Job,
): Promise<Ended> {
  const { out, signal, print } = job;
  const { name } = task;
  if (signal.aborted) throw new ShadegradError('interrupted', 'The sweep was interrupted.', '');
  if (isFinished(out, name)) return finished(name, job);
  const claim = await claimFolder(runningFolder(out, name));
  if (isHolder(claim)) return claim;
  try {
    // Between the look and the claim it may have been finished.
    if (isFinished(out, name)) return await finished(name, job);
    job.opened ??= await open(limits, job);
    const ended = await trainAndFinish(task, label, AbortSignal.any([signal, claim.lost]), job.opened, job);
    if (ended instanceof ShadegradError && ended.code === 'gpu') {
      job.opened.device.destroy();
      job.opened = undefined;
    }
    return ended;
  } catch (error) {
    if (!claim.lost.aborted || signal.aborted || !isOfTakeover(error)) throw error;
    print.note(
      `Notice: ${label} was taken over by another process, since this one was not heard of for a while.`,
    );
  } finally {
    await claim.release();
  }
  return attemptTask(task, label, limits, job);
}

/** Whether a task that another process took over ends so here: interrupted, or because that one has removed its folder. */
function isOfTakeover(error: unknown): boolean {
  return error instanceof ShadegradError && (error.code === 'interrupted' || error.code === 'io');
}

/** @throws what ends the whole sweep here */
async function trainAndFinish(
  task: SweepTask,
  label: string,
  signal: AbortSignal,
  opened: OpenedDevice,
  job: Job,
): Promise<TaskResult | ShadegradError> {
  const { file, out, print, path, adapter, versions, snapshotSeconds } = job;
  const [{ settings }] = task.networks;
  print.say(`${label}: ${taskText(task)}`);
  const progress = trainingProgress(task.networks.length, print.note, `${label}, `);
  const note = (notice: string): void => {
    progress.stop();
    print.note(`Notice: ${notice}`);
  };
  try {
    const { result, networks } = await trainTask({
      opened,
      data: await datasetOf(settings.data, job),
      file,
      task,
      folder: runningFolder(out, task.name),
      notes: { data: sourceOf(path, settings.data), adapter, versions },
      snapshotSeconds,
      signal,
      onBegin: (trainer) => {
        print.say(`  ${planLine(trainer)}; ${sideBySideText(trainer)}`);
        if (trainer.epochs > 0 || trainer.place.done > 0) print.say(`  ${resumeLine(trainer)}`);
      },
      onProgress: progress.update,
      onRung: (rung, before, after) => {
        progress.stop();
        print.say(`  ${rungText(rung, before, after)}`);
      },
      onNotice: note,
    });
    await finishTask(out, result, networks);
    progress.stop();
    await settle(result, job);
    const best = bestText(job);
    print.say(
      `  Trained in ${result.seconds.toFixed(1)} s${best === undefined ? '' : `; best so far: ${best}`}`,
    );
    return result;
  } catch (error) {
    progress.stop();
    if (!(error instanceof ShadegradError) || error.code === 'interrupted' || error.code === 'io')
      throw error;
    await recordFailedTask(task.name, error, job);
    if (error.code === 'device-lost') throw error;
    note(`${label} failed, and the others go on: ${error}`);
    return error;
  }
}

/** The result of a task that was finished before; the error where it is damaged. */
async function finished(name: string, job: Job): Promise<TaskResult | ShadegradError> {
  try {
    const result = await readResult(job.out, name);
    await settle(result, job);
    return result;
  } catch (error) {
    if (!isDamage(error)) throw error;
    await recordFailedTask(name, error, job);
    return error;
  }
}

function recordFailedTask(task: string, error: ShadegradError, { out }: Job): Promise<void> {
  const exitCode = exitCodeOf(error, 0);
  return recordFailure(out, { task, message: String(error), exitCode, when: new Date().toISOString() });
}

/** Removes what a finished task needs no more, and sees whether it has the best network. */
async function settle({ task, networks }: TaskResult, job: Job): Promise<void> {
  await removeRunning(job.out, task);
  const trained = networks.filter(({ status }) => status === 'trained');
  const candidates = [...trained, ...(job.best ? [job.best] : [])];
  [job.best] = candidates.toSorted(byObjective(job.file.objective));
}

function bestText({ best, file }: Job): string | undefined {
  return best?.validation ? scoreText(best, file.objective) : undefined;
}

/** Opens the device for all of a shard's tasks. One that is too small for some is found out when those are tried. */
async function open(optionalLimits: Readonly<Record<string, number>>, job: Job): Promise<OpenedDevice> {
  const { plan } = job.file.settings;
  const matrix = plan !== null && plan !== 'auto' && planUsesMatrixUnits(plan) && MATRIX_DEVICE;
  const opened = await openDevice({ adapter: job.adapter, optionalLimits, robustness: false, ...matrix });
  job.print.say(adapterLine(opened));
  return opened;
}

/**
 * @param doubtful tasks that were left to processes of which nobody knows whether they are at work
 * @throws ShadegradError where a task failed or is in doubt, or no network was left of any
 */
function conclude(
  { tasks, failed }: SweepCounts,
  results: readonly TaskResult[],
  failures: readonly ShadegradError[],
  doubtful: number,
  out: string,
): void {
  // What is worth a retry decides over others.
  const first = failures.find(({ code }) => code === 'gpu') ?? failures[0];
  if (doubtful > 0 && first?.code !== 'gpu') throw inDoubt(doubtful, tasks);
  if (first) {
    const others = failed > 1 ? ` The first of them: ` : ' ';
    throw new ShadegradError(
      first.code,
      `${failed} of ${tasks} tasks failed.${others}${first.message}`,
      `${first.nextStep} What is known of each is in ${join(out, 'failed')}.`.trim(),
      first,
    );
  }
  const networks = results.flatMap((result) => result.networks);
  if (networks.length === 0 || networks.some(({ status }) => status !== 'diverged')) return;
  throw new ShadegradError(
    'diverged',
    networks.length === 1 ? 'The only network diverged.' : `All ${networks.length} networks diverged.`,
    'That is kept as the result. Sweep over smaller learning rates.',
  );
}

function inDoubt(doubtful: number, tasks: number): ShadegradError {
  return new ShadegradError(
    'busy',
    `${doubtful} of ${tasks} tasks ${doubtful === 1 ? 'was' : 'were'} left to processes elsewhere, which may have ended meanwhile.`,
    'Run the command again in half a minute: it takes over what was not heard of until then.',
  );
}

/** Says of what ended the sweep early how to go on. */
function withNextStep(error: unknown, { path, out }: Job): unknown {
  if (!(error instanceof ShadegradError)) return error;
  const { code, message, nextStep } = error;
  if (code !== 'interrupted' && code !== 'device-lost') return error;
  const driver = code === 'device-lost' ? ['If this stays so, update the GPU driver.'] : [];
  const steps = [...driver, `Go on with: ${sweepCommand(path, out)}`];
  return new ShadegradError(
    code,
    message,
    code === 'interrupted' ? steps.join(' ') : [nextStep, ...steps].join(' ').trim(),
    error,
  );
}
