import { basename, dirname } from 'node:path';
import type { Command } from 'commander';
import {
  type AdapterChoice,
  CHECKPOINT_FILE,
  type Checkpoint,
  type CheckpointNotes,
  type CheckpointWriter,
  checkpointWriter,
  type Dataset,
  epochsTrained,
  MATRIX_DEVICE,
  MOST_LOSSES,
  modelNotes,
  nodeVersions,
  type OpenedDevice,
  type OptimizerName,
  openDevice,
  type PlanName,
  planMemory,
  planUsesMatrixUnits,
  populationLimits,
  type Recoverable,
  RUN_FILES,
  readCheckpoint,
  reasonOf,
  recovering,
  runFiles,
  runReport,
  type Schedule,
  ShadegradError,
  Trainer,
  type TrainerOptions,
  type TrainerState,
  trainerLimits,
  type Versions,
  writeFiles,
} from '../node.ts';
import { type DataFlags, loadData } from './data.ts';
import { loadModel } from './model.ts';
import { options } from './options.ts';
import { withFolder } from './out-folder.ts';
import {
  adapterLine,
  datasetLine,
  epochLine,
  filesText,
  networkLine,
  type Output,
  output,
  planLine,
  resumeLine,
  runText,
  speedLine,
} from './output.ts';
import { trainingBar } from './progress.ts';

interface TrainFlags extends DataFlags {
  readonly hidden: readonly number[];
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: OptimizerName;
  readonly learningRate: readonly number[];
  readonly weightDecay: readonly number[];
  readonly momentum: number;
  readonly schedule: Schedule['name'];
  readonly warmup: number;
  readonly seed: number;
  readonly models: number;
  readonly validationSplit: number;
  readonly patience: number;
  readonly plan: PlanName | 'auto';
  readonly adapter: AdapterChoice;
  readonly init?: string;
  readonly resume?: string;
  readonly checkpointEvery: number;
  readonly out?: string;
  readonly json?: true;
}

export function addTrain(program: Command, signal: AbortSignal): void {
  program
    .command('train')
    .description('train a network, or many side by side, test them and report')
    .addOption(options.data())
    .addOption(options.imageSize())
    .addOption(options.hidden())
    .addOption(options.epochs())
    .addOption(options.batchSize())
    .addOption(options.optimizer())
    .addOption(options.learningRate())
    .addOption(options.weightDecay())
    .addOption(options.momentum())
    .addOption(options.schedule())
    .addOption(options.warmup())
    .addOption(options.seed())
    .addOption(options.models())
    .addOption(options.validationSplit())
    .addOption(options.patience())
    .addOption(options.plan())
    .addOption(options.adapter())
    .addOption(options.init())
    .addOption(options.resume())
    .addOption(options.checkpointEvery())
    .addOption(options.out('the model, the report, its pictures and a checkpoint to go on from'))
    .addOption(options.json())
    .action((flags: TrainFlags, command: Command) => start(flags, command, signal));
}

/** What is given on the command line, where it decides over a checkpoint or over the library's defaults. */
type Given = Partial<TrainFlags>;

async function start(flags: TrainFlags, command: Command, signal: AbortSignal): Promise<void> {
  const given = Object.fromEntries(
    Object.entries(flags).filter(([name]) => command.getOptionValueSource(name) === 'cli'),
  ) as Given;
  const checkpoint = flags.resume === undefined ? undefined : await readCheckpoint(flags.resume);
  const task = taskOf(flags, given, checkpoint);
  await withFolder(task.out, [...RUN_FILES, CHECKPOINT_FILE], () => train(task, flags, signal));
}

/** What is to be done, whether it is begun or gone on with. */
interface Task {
  readonly notes: Omit<CheckpointNotes, 'versions'>;
  readonly options: TrainerOptions;
  readonly init: string | undefined;
  readonly out: string | undefined;
}

/** @throws ShadegradError `usage` where flags contradict each other or the checkpoint */
function taskOf(flags: TrainFlags, given: Given, checkpoint: Checkpoint | undefined): Task {
  const { notes, state } = checkpoint ?? {};
  const epochs = given.epochs ?? notes?.epochs ?? flags.epochs;
  const trained = state ? epochsTrained(state) : 0;
  if (epochs < trained) {
    throw new ShadegradError(
      'usage',
      `--epochs ${epochs}: the training to go on with has ${trained} epochs already.`,
      `Use ${trained} or more.`,
    );
  }
  if (state && given.init !== undefined) {
    throw new ShadegradError(
      'usage',
      '--init and --resume both say where the weights come from.',
      'Use one of them.',
    );
  }
  return {
    notes: {
      data: given.data ?? notes?.data ?? flags.data,
      imageSize: given.imageSize ?? notes?.imageSize ?? null,
      epochs,
    },
    options: { ...settingsOf(given, epochs), ...(state && { restore: state }), planMemory: planMemory() },
    init: given.init,
    out: given.out ?? folderOf(flags.resume),
  };
}

/** A checkpoint may be named by itself or by its folder. */
function folderOf(path: string | undefined): string | undefined {
  return path !== undefined && basename(path) === CHECKPOINT_FILE ? dirname(path) : path;
}

/** The trainer's settings, as far as they are given. */
function settingsOf(given: Given, epochs: number): TrainerOptions {
  const { hidden, batchSize, optimizer, momentum, warmup, seed, models, validationSplit, patience, plan } =
    given;
  const settings = {
    hidden,
    batchSize,
    optimizer,
    learningRate: given.learningRate && oneOrAll(given.learningRate),
    weightDecay: given.weightDecay && oneOrAll(given.weightDecay),
    momentum,
    schedule: given.schedule && scheduleOf(given.schedule, epochs),
    warmup,
    seed,
    models,
    validationSplit,
    patience,
    plan,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function oneOrAll(values: readonly number[]): number | readonly number[] {
  const [only, ...others] = values;
  return only !== undefined && others.length === 0 ? only : values;
}

/** Over all epochs; the steps of `step` are a tenth each, after each third of them. */
function scheduleOf(name: Schedule['name'], epochs: number): Schedule {
  if (name === 'step') return { name, epochs: Math.ceil(epochs / 3), factor: 0.1 };
  return name === 'cosine' ? { name, epochs } : { name };
}

async function train(task: Task, flags: TrainFlags, signal: AbortSignal): Promise<void> {
  const out = output(flags.json === true);
  const { data: source, imageSize, epochs } = task.notes;
  const data = await loadData({ data: source, ...(imageSize && { imageSize }) }, out, signal);
  const initial = task.init === undefined ? undefined : (await loadModel(task.init, {}, out)).model;
  const trainerOptions = {
    ...(initial && { initial, hidden: initial.spec.hidden }),
    ...task.options,
  };
  const versions = await nodeVersions();
  const writer =
    task.out === undefined
      ? undefined
      : checkpointWriter(task.out, { ...task.notes, versions }, (error) =>
          out.note(`Notice: The checkpoint could not be written: ${reasonOf(error)}`),
        );
  const plan = trainerOptions.plan ?? trainerOptions.restore?.settings.plan ?? 'auto';
  const open = () =>
    openDevice({
      adapter: flags.adapter,
      requiredLimits: trainerLimits(data, trainerOptions),
      optionalLimits: populationLimits(data, trainerOptions),
      robustness: false,
      ...(plan !== 'auto' && planUsesMatrixUnits(plan) && MATRIX_DEVICE),
    });
  const job = {
    data,
    epochs,
    options: trainerOptions,
    versions,
    out,
    folder: task.out,
    writer,
    snapshotSeconds: flags.checkpointEvery,
    signal,
  };
  const onLoss = (loss: ShadegradError, times: number) =>
    out.note(`Notice: ${loss.message} Going on with another one (${times} of at most ${MOST_LOSSES} times).`);
  try {
    await recovering(open, (recoverable) => trainOn(recoverable, job), onLoss);
  } catch (error) {
    await writer?.done();
    throw withCheckpoint(error, task.out);
  }
}

/** What is the same on whatever device. */
interface Job {
  readonly data: Dataset;
  readonly epochs: number;
  readonly options: TrainerOptions;
  readonly versions: Versions;
  readonly out: Output;
  readonly folder: string | undefined;
  readonly writer: CheckpointWriter | undefined;
  /** 0 for none within an epoch. */
  readonly snapshotSeconds: number;
  readonly signal: AbortSignal;
}

/** Trains what is left, tests and reports. */
async function trainOn({ opened, state, keep }: Recoverable<OpenedDevice>, job: Job): Promise<void> {
  const { data, epochs, out, writer, signal } = job;
  const { device, info, toggles } = opened;
  try {
    const again = state !== undefined;
    if (!again) {
      out.say(adapterLine(info));
      out.say(datasetLine(data));
    }
    const { initial: _, ...options } = job.options;
    const trainer = await Trainer.create(device, data, again ? { ...options, restore: state } : job.options);
    if (!again) {
      out.say(networkLine(trainer));
      out.say(planLine(trainer));
    }
    if (again || options.restore) out.note(resumeLine(trainer));
    await trainEpochs(trainer, job, (now) => {
      keep(now);
      writer?.write(now);
    });
    const evaluation = await trainer.evaluateAll(data.test);
    const models = await trainer.models();
    if (signal.aborted)
      throw new ShadegradError('interrupted', 'The test after the training was interrupted.', '');
    const report = await runReport({
      data,
      models,
      adapter: info,
      toggles,
      versions: job.versions,
      config: { epochs, ...trainer.settings, plan: trainer.plan.name },
      networks: trainer.networks,
      ...trainer.trained,
      evaluation,
    });
    out.result(report, `${speedLine(report)}\n\n${runText(report)}`);
    if (job.folder === undefined) return;
    await writer?.done();
    out.say(filesText(await writeFiles(job.folder, await runFiles(report, models, modelNotes(data)))));
  } finally {
    device.destroy();
  }
}

async function trainEpochs(
  trainer: Trainer,
  { epochs, out, snapshotSeconds, signal }: Job,
  onSnapshot: (state: TrainerState) => void,
): Promise<void> {
  const left = epochs - trainer.epochs;
  if (left === 0) return;
  const bar = trainingBar();
  try {
    const within = snapshotSeconds > 0 && { snapshotSeconds };
    const onProgress = bar && { onProgress: bar.update };
    for await (const record of trainer.fit({ epochs: left, signal, onSnapshot, ...within, ...onProgress })) {
      bar?.stop();
      out.say(epochLine(record, epochs, trainer));
    }
  } finally {
    bar?.stop();
  }
}

/** What an interrupted training kept, and how to go on. */
function withCheckpoint(error: unknown, folder: string | undefined): unknown {
  if (!(error instanceof ShadegradError) || !['interrupted', 'device-lost'].includes(error.code))
    return error;
  const next =
    folder === undefined
      ? 'Nothing was kept, since there was no --out.'
      : `Go on with: shadegrad train --resume ${folder}`;
  return new ShadegradError(error.code, error.message, next, error);
}
