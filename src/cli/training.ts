import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nameWithoutNoise } from '../data/label-noise.ts';
import { reasonOf } from '../errors.ts';
import type { EarlierRun } from '../node/earlier-run.ts';
import { checkAdapter } from '../node/gpu.ts';
import { checkImageShape } from '../node/images.ts';
import {
  type AdapterChoice,
  type Checkpoint,
  type CheckpointNotes,
  type CheckpointWriter,
  checkpointWriter,
  type Dataset,
  type Leg,
  MATRIX_DEVICE,
  MOST_LOSSES,
  type Model,
  matrixUnitsOf,
  modelNotes,
  nodeVersions,
  type OpenedDevice,
  openDevice,
  POPULATION_FILES,
  type PopulationEvaluation,
  populationLimits,
  processorName,
  type Recoverable,
  type RunReport,
  recovering,
  runFiles,
  runReport,
  ShadegradError,
  Trainer,
  type TrainerOptions,
  type TrainerState,
  trainerLimits,
  writeFiles,
} from '../node.ts';
import { planUsesMatrixUnits } from '../train/plans/index.ts';
import { type DataOrigin, loadData } from './data.ts';
import { type InitialModel, loadInitialModel } from './model.ts';
import {
  adapterLine,
  changeText,
  datasetLine,
  divergenceText,
  epochLine,
  filesText,
  guessingLines,
  networkLine,
  noteMissingCharts,
  type Output,
  planLine,
  resumeCommand,
  resumeLine,
  runText,
  speedLine,
} from './output.ts';
import { trainingProgress } from './progress.ts';

/** What is to be trained, whether it is begun or gone on with. */
export interface Task {
  readonly source: DataOrigin;
  readonly notes: Pick<CheckpointNotes, 'data' | 'imageSize' | 'labelNoise' | 'epochs'>;
  readonly options: TrainerOptions;
  /** What to go on from. */
  readonly resumed: Checkpoint | undefined;
  /** A model file to start from. */
  readonly init: string | undefined;
  readonly adapter: AdapterChoice;
  /** 0 for no snapshots within an epoch. */
  readonly snapshotSeconds: number;
  /** Where results go; undefined for nowhere. */
  readonly folder: string | undefined;
  /** What the folder holds: this training's own files, or those of another one, which must not be lost. */
  readonly holds: 'own' | EarlierRun | 'none';
}

/** What is the same on whatever device. */
interface Job extends Omit<Task, 'source' | 'notes'> {
  readonly data: Dataset;
  readonly notes: Omit<CheckpointNotes, 'adapter' | 'earlier'>;
  readonly out: Output;
  readonly writer: CheckpointWriter | undefined;
  readonly signal: AbortSignal;
  /** What was said already, and is not said again on another device. */
  readonly said: Set<string>;
  /** What trained what there is to go on with, first to last. */
  legs: readonly Leg[];
}

/** What came of a training. */
export interface TrainingResult {
  readonly report: RunReport;
  /** Null for networks that diverged: [networks]. */
  readonly models: readonly (Model | null)[];
  /** Of the test samples. */
  readonly evaluation: PopulationEvaluation;
  /** Training samples of one network without those kept for validation. */
  readonly samplesPerEpoch: number;
  /** Undefined where results go nowhere. */
  readonly writer: CheckpointWriter | undefined;
}

/** Trains, tests and reports. */
export async function train(task: Task, out: Output, signal: AbortSignal): Promise<void> {
  if (task.folder !== undefined) noteMissingCharts(out);
  const loaded = await load(task, out, signal);
  const { report, models, writer } = await trainAndTest(task, loaded, out, signal);
  out.result(report, `${speedLine(report)}\n${guessingLines(report, loaded.data)}\n${runText(report)}`);
  const { folder } = task;
  if (folder === undefined || !writer) return;
  const { 'report.json': last = '', ...others } = await runFiles(report, models, modelNotes(loaded.data));
  // Where a report is, everything it tells of is there, too.
  const files = { ...others, 'report.json': last };
  // It was left to the first checkpoint, which may have failed.
  await moveOf(task)?.();
  const written = await writeFiles(folder, files);
  await writer.done();
  out.say(filesText([...written, ...(writer.written ? [writer.path] : [])]));
  const older = resultsIn(folder).filter((name) => !(name in files));
  if (older.length > 0) {
    out.note(`Notice: Of another training: ${older.map((name) => join(folder, name)).join(', ')}`);
  }
}

/** What makes room for a training's first file; undefined where nothing is in its way. */
function moveOf({ holds }: Task): (() => Promise<void>) | undefined {
  return typeof holds === 'string' ? undefined : holds.moveAside;
}

/** What is loaded before a training. */
export interface Loaded {
  readonly data: Dataset;
  /** What it starts from; undefined where its weights are drawn at random. */
  readonly init: InitialModel | undefined;
}

/** Loads what a task names, after a look for its adapter. */
export async function load(
  task: Pick<Task, 'source' | 'init' | 'adapter'>,
  out: Output,
  signal: AbortSignal,
): Promise<Loaded> {
  await checkAdapter(task.adapter);
  const init = task.init === undefined ? undefined : await loadInitialModel(task.init, out);
  const data = await loadData(task.source, out, signal);
  if (init) checkImageShape(data.shape, init, `the dataset "${data.name}"`);
  return { data, init };
}

/** Trains and tests. A lost device is replaced, and the training gone on with. */
export async function trainAndTest(
  task: Task,
  { data, init }: Loaded,
  out: Output,
  signal: AbortSignal,
): Promise<TrainingResult> {
  const { folder, resumed } = task;
  const options = { ...(init && startFrom(init.model)), ...task.options };
  const limits = {
    requiredLimits: trainerLimits(data, options),
    optionalLimits: populationLimits(data, options),
  };
  const initial = init?.source ?? resumed?.notes.initial ?? null;
  const notes = { ...task.notes, initial, versions: await nodeVersions() };
  const onFailure = (error: unknown) =>
    out.note(`Notice: The checkpoint could not be written, and the training goes on: ${reasonOf(error)}`);
  const makeRoom = moveOf(task);
  const writer = folder === undefined ? undefined : checkpointWriter(folder, onFailure, makeRoom);
  const legs = resumed ? legsOf(resumed) : [];
  const job: Job = { ...task, options, data, notes, out, writer, signal, said: new Set(), legs };
  const plan = options.plan ?? options.restore?.settings.plan ?? 'auto';
  const matrix = plan !== 'auto' && planUsesMatrixUnits(plan) && MATRIX_DEVICE;
  let lost: ShadegradError | undefined;
  const open = () =>
    openDevice({ adapter: task.adapter, ...limits, robustness: false, ...matrix }).catch((error: unknown) => {
      throw lost ? notReopened(lost, error) : offeringPlans(error, options);
    });
  const onLoss = (loss: ShadegradError, times: number) => {
    lost = loss;
    out.note(`Notice: ${loss.message} Going on with another one (${times} of at most ${MOST_LOSSES} times).`);
  };
  try {
    return await recovering(open, (recoverable) => trainOn(recoverable, job), onLoss);
  } catch (error) {
    throw await withNextStep(error, task, writer);
  }
}

function startFrom(initial: Model): TrainerOptions {
  return { initial, hidden: initial.spec.hidden };
}

/** What trained a checkpoint, first to last. */
function legsOf({ state, notes }: Checkpoint): readonly Leg[] {
  const { adapter, versions, earlier } = notes;
  return [...earlier, { plan: state.settings.plan, adapter: adapter.description, versions }];
}

/** Whether what one of them begins has the same bits where the other goes on with it. */
function isSameLeg(one: Leg, other: Leg): boolean {
  return (
    one.plan === other.plan &&
    one.adapter === other.adapter &&
    one.versions.shadegrad === other.versions.shadegrad &&
    one.versions.webgpu === other.versions.webgpu
  );
}

/** Trains what is left, tests and reports. */
async function trainOn(
  { opened, state, keep }: Recoverable<OpenedDevice>,
  job: Job,
): Promise<TrainingResult> {
  const { data, out, writer, signal } = job;
  const { device, info, toggles } = opened;
  const { description } = info;
  const sayOnce = (text: string) => once(job, text, out.say);
  try {
    sayOnce(adapterLine(opened));
    sayOnce(datasetLine(data));
    const trainer = await Trainer.create(device, data, optionsOf(job, state)).catch((error: unknown) => {
      throw offeringPlans(error, job.options);
    });
    sayOnce(networkLine(trainer));
    if (job.init !== undefined) sayOnce(`Weights: those of ${job.init} to start from`);
    sayOnce(planLine(trainer));
    const plan = trainer.plan.name;
    const leg = { plan, adapter: description, versions: job.notes.versions };
    const last = job.legs.at(-1) ?? leg;
    if (last.plan !== plan) once(job, changeText('plan', last.plan, plan), out.note);
    if (last.adapter !== description) once(job, changeText('adapter', last.adapter, description), out.note);
    const earlier = isSameLeg(last, leg) ? job.legs.slice(0, -1) : job.legs;
    const notes = { ...job.notes, adapter: { choice: job.adapter, description }, earlier };
    if (state) out.note(`Notice: ${resumeLine(trainer)}.`);
    else if (job.options.restore) sayOnce(resumeLine(trainer));
    await trainEpochs(trainer, job, (now) => {
      keep(now);
      job.legs = [...earlier, leg];
      writer?.write({ state: now, notes });
    });
    const evaluation = await trainer.evaluateAll(data.test);
    const models = await trainer.models();
    if (signal.aborted)
      throw new ShadegradError('interrupted', 'The test after the training was interrupted.', '');
    const { initial, imageSize, labelNoise } = notes;
    const name = nameWithoutNoise(data.name, labelNoise);
    const source = { data: notes.data === 'auto' ? name : notes.data, imageSize };
    const matrixUnits = matrixUnitsOf(trainer.plan);
    const report = await runReport({
      data,
      models,
      adapter: info,
      processor: info.software ? processorName() : null,
      toggles,
      versions: notes.versions,
      config: {
        epochs: notes.epochs,
        ...trainer.settings,
        plan,
        matrixUnits,
        initial,
        ...(labelNoise && { labelNoise }),
        source,
        earlier,
      },
      networks: trainer.networks,
      ...trainer.trained,
      evaluation,
    });
    return { report, models, evaluation, samplesPerEpoch: trainer.samplesPerEpoch, writer };
  } finally {
    device.destroy();
  }
}

/** What a trainer is made with: after the loss of a device it goes on from `state`. */
function optionsOf({ options }: Job, state: TrainerState | undefined): TrainerOptions {
  if (!state) return options;
  const { initial: _, ...others } = options;
  return { ...others, restore: state };
}

function once({ said }: Job, text: string, print: (text: string) => void): void {
  if (!said.has(text)) print(text);
  said.add(text);
}

async function trainEpochs(
  trainer: Trainer,
  job: Job,
  onSnapshot: (state: TrainerState) => void,
): Promise<void> {
  const { out, snapshotSeconds, signal } = job;
  const { epochs } = job.notes;
  const noteDiverged = () => {
    for (const network of trainer.networks) {
      if (!network.diverged) continue;
      once(job, `Notice: A network diverged, and the others go on: ${divergenceText(network)}.`, out.note);
    }
  };
  noteDiverged();
  const before = trainer.epochs;
  const left = epochs - before;
  const progress = trainingProgress(trainer.networks.length, out.note);
  try {
    const within = snapshotSeconds > 0 && { snapshotSeconds };
    const options = { epochs: left, signal, onSnapshot, onProgress: progress.update, ...within };
    for await (const record of left > 0 ? trainer.fit(options) : []) {
      progress.stop();
      out.say(epochLine(record, epochs, trainer));
      noteDiverged();
    }
    noteDiverged();
  } finally {
    progress.stop();
  }
  if (trainer.epochs > before) return;
  if (left > 0) {
    out.note(
      'Notice: Early stopping has ended this training: nothing is left to train. Another one can start from its weights (--init).',
    );
  }
  // There was no snapshot, and the folder may be another one than before.
  onSnapshot(await trainer.state());
}

/** A training that is pinned to a plan, which the device lacks or is too small for, can go on with another. */
function offeringPlans(error: unknown, { restore, plan }: TrainerOptions): unknown {
  const isPinned = restore && restore.settings.plan !== 'auto' && plan === undefined;
  const room = restore?.rounds[0]?.sums.length ?? 1;
  if (!isPinned || !(error instanceof ShadegradError) || error.code !== 'usage') return error;
  return new ShadegradError(
    'usage',
    error.message,
    `The training to go on with has the plan "${restore.settings.plan}". Go on with another one (--plan auto), which will not ` +
      `give the same bits, or on another adapter${room > 1 ? ` that has room for ${room} networks side by side, as the first one had` : ''}.`,
    error,
  );
}

/** No other device takes the place of the one that was lost. */
function notReopened(loss: ShadegradError, error: unknown): ShadegradError {
  return new ShadegradError(
    'device-lost',
    `${loss.message} There is no other one: ${reasonOf(error)}`,
    '',
    error,
  );
}

/** Says of what ended the training early what is kept of it, and how to go on. */
async function withNextStep(
  error: unknown,
  task: Task,
  writer: CheckpointWriter | undefined,
): Promise<unknown> {
  const failure = await writer?.done().catch((cause: unknown) => cause);
  if (!(error instanceof ShadegradError)) return error;
  const { code, message, nextStep } = error;
  if (code !== 'interrupted' && code !== 'device-lost' && code !== 'gpu') return error;
  const steps = [
    ...(code === 'gpu' ? [nextStep] : []),
    ...(code === 'device-lost' ? ['If this stays so, update the GPU driver.'] : []),
    ...(failure === undefined ? [] : [`The last checkpoint is missing: ${reasonOf(failure)}`]),
    whatIsKept(task, writer?.written === true),
  ];
  return new ShadegradError(code, message, steps.join(' '), error);
}

function whatIsKept({ folder, holds }: Task, isWritten: boolean): string {
  if (folder === undefined) return 'Nothing was kept, since there was no --out.';
  if (!isWritten && holds !== 'own') return 'Nothing was kept of this training.';
  const older = resultsIn(folder);
  const note = older.length > 0 ? `The results in ${folder} are of before: ${older.join(', ')}. ` : '';
  return `${note}Go on with: ${resumeCommand(folder)}`;
}

/** The names of a training's results that are in a folder. */
function resultsIn(folder: string): string[] {
  return POPULATION_FILES.filter((name) => existsSync(join(folder, name)));
}
