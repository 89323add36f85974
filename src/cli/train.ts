import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { type EarlierRun, earlierRunIn } from '../node/earlier-run.ts';
import {
  type AdapterChoice,
  CHECKPOINT_FILE,
  type Checkpoint,
  DATASET_NAMES,
  epochsBegun,
  type OptimizerName,
  type PlanName,
  POPULATION_FILES,
  planMemory,
  readCheckpoint,
  type Schedule,
  ShadegradError,
  type TrainerOptions,
  type TrainerState,
} from '../node.ts';
import { scheduleOver } from '../train/schedule.ts';
import type { DataFlags } from './data.ts';
import { options } from './options.ts';
import { withFolder } from './out-folder.ts';
import { earlierText, type Output, output } from './output.ts';
import { type Task, train } from './training.ts';

interface TrainFlags extends DataFlags {
  readonly labelNoise: number;
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
    .addOption(options.labelNoise())
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

/** What is given on the command line: it decides over a checkpoint, and over the library's defaults. */
type Given = Partial<TrainFlags>;

async function start(flags: TrainFlags, command: Command, signal: AbortSignal): Promise<void> {
  const given = Object.fromEntries(
    Object.entries(flags).filter(([name]) => command.getOptionValueSource(name) === 'cli'),
  ) as Given;
  const checkpoint = flags.resume === undefined ? undefined : await readCheckpoint(flags.resume);
  const own = flags.resume === undefined ? undefined : await folderOf(flags.resume);
  const folder = given.out ?? own;
  if (flags.resume !== undefined && folder === undefined) {
    throw new ShadegradError(
      'usage',
      `${flags.resume} is not called ${CHECKPOINT_FILE}, so where to go on with it is open.`,
      'Name a folder for it with --out.',
    );
  }
  const isOwn = folder !== undefined && own !== undefined && resolve(folder) === resolve(own);
  const task = taskOf(flags, given, checkpoint);
  const out = output(flags.json === true);
  await withFolder(folder, [...POPULATION_FILES, CHECKPOINT_FILE], async () => {
    const holds = isOwn ? 'own' : ((await earlierRun(folder, out)) ?? 'none');
    await train({ ...task, folder, holds }, out, signal);
  });
}

/** The folder of a checkpoint, which may be named by itself or by its folder; undefined where it has another name. */
async function folderOf(path: string): Promise<string | undefined> {
  if ((await stat(path)).isDirectory()) return path;
  return basename(path) === CHECKPOINT_FILE ? dirname(path) : undefined;
}

/** The training that is in the folder already; says what becomes of it. */
async function earlierRun(folder: string | undefined, out: Output): Promise<EarlierRun | undefined> {
  const earlier = folder === undefined ? undefined : await earlierRunIn(folder);
  if (folder !== undefined && earlier) out.note(earlierText(folder, earlier));
  return earlier;
}

/** @throws ShadegradError `usage` where flags contradict each other or the checkpoint */
function taskOf(
  flags: TrainFlags,
  given: Given,
  checkpoint: Checkpoint | undefined,
): Omit<Task, 'folder' | 'holds'> {
  const { notes, state } = checkpoint ?? {};
  const epochs = given.epochs ?? notes?.epochs ?? flags.epochs;
  const begun = state ? epochsBegun(state) : 0;
  if (epochs < begun) {
    throw new ShadegradError(
      'usage',
      `--epochs ${epochs}: the training to go on with is in epoch ${begun} already.`,
      `Use ${begun} or more.`,
    );
  }
  if (state && given.init !== undefined) {
    throw new ShadegradError(
      'usage',
      '--init and --resume both say where the weights come from.',
      'Use one of them.',
    );
  }
  const data = given.data ?? notes?.data ?? flags.data;
  const imageSize = given.imageSize ?? notes?.imageSize ?? null;
  // What is gone on with has its own noise, and other data are refused.
  const noise = given.labelNoise
    ? { share: given.labelNoise, seed: state?.settings.seed ?? flags.seed }
    : notes?.labelNoise;
  const labelNoise = noise && { labelNoise: noise };
  return {
    source: { data, ...(imageSize && { imageSize }), ...labelNoise },
    notes: { data: lasting(data), imageSize, ...labelNoise, epochs },
    options: {
      ...settingsOf(given, epochs),
      ...(state && { restore: given.plan === 'auto' ? withoutPlan(state) : state }),
      planMemory: planMemory(),
    },
    resumed: checkpoint,
    init: given.init,
    adapter: given.adapter ?? notes?.adapter.choice ?? flags.adapter,
    snapshotSeconds: flags.checkpointEvery,
  };
}

/** A name of the data that is right in whatever folder the training is gone on with. */
function lasting(data: string): string {
  return DATASET_NAMES.includes(data) ? data : resolve(data);
}

/** The plan is chosen anew. */
function withoutPlan(state: TrainerState): TrainerState {
  return { ...state, settings: { ...state.settings, plan: 'auto' } };
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
    schedule: given.schedule && scheduleOver(given.schedule, epochs),
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
