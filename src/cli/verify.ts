import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { printableName } from '../data/dataset.ts';
import { nameWithoutNoise } from '../data/label-noise.ts';
import { adapterNamedBy } from '../node/adapters.ts';
import { unreadableText } from '../node/files.ts';
import { RESULT_FILE, SWEEP_FILE } from '../node/sweep-folder.ts';
import {
  type AdapterChoice,
  CHECKPOINT_FILE,
  COPIES,
  DATASET_NAMES,
  datasetChecksum,
  initialModel,
  type KeptModels,
  mayDiffer,
  mlp,
  modelChecksum,
  PLAN_NAMES,
  type PlanName,
  planMemory,
  type Repetition,
  readModels,
  readRunReport,
  ShadegradError,
  type StoredReport,
  type TrainerOptions,
  verification,
  withRounding,
} from '../node.ts';
import type { DataFlags } from './data.ts';
import { options } from './options.ts';
import { type Output, output, resumeCommand } from './output.ts';
import { type Loaded, load, type Task, type TrainingResult, trainAndTest } from './training.ts';
import { printableError, verdictText, verificationText } from './verify-text.ts';

/** The page draws no more. */
const MOST_DIGITS = 100_000;

interface VerifyFlags extends Partial<DataFlags> {
  readonly init?: string;
  readonly plan?: PlanName | 'auto';
  readonly adapter?: AdapterChoice;
  readonly json?: true;
}

export function addVerify(program: Command, signal: AbortSignal): void {
  program
    .command('verify')
    .description('repeat the training that a folder has the report of, and say whether the same comes of it')
    .argument('<folder>', 'what a training wrote to: its report.json, and its models where they are there')
    .addOption(options.data().default(undefined, 'where the report says'))
    .addOption(options.imageSize())
    .addOption(options.init())
    .addOption(options.plan().default(undefined, "the report's"))
    .addOption(options.adapter().default(undefined, "the report's where it is there, else auto"))
    .addOption(options.json())
    .action((folder: string, flags: VerifyFlags) =>
      verify(folder, flags, signal).catch((error: unknown) => {
        throw printableError(error);
      }),
    );
}

async function verify(folder: string, flags: VerifyFlags, signal: AbortSignal): Promise<void> {
  const out = printableOutput(output(flags.json === true));
  const path = join(folder, 'report.json');
  refuseOthers(folder, existsSync(path));
  const stored = readRunReport(path, await readReport(path));
  const kept = await readKept(folder, stored);
  const adapter = flags.adapter ?? (await adapterNamedBy(stored.adapter)) ?? 'auto';
  const task = taskOf(path, stored, flags, adapter);
  const loaded = await loadAgain(task, stored, flags, out, signal);
  out.say(`Repeating the run of ${path}`);
  const { report, evaluation, samplesPerEpoch } = await repeat(task, loaded, flags, out, signal);
  const { train, test } = loaded.data;
  const samples = { train: samplesPerEpoch, validation: train.count - samplesPerEpoch };
  const copies = mayDiffer(stored, report)
    ? await trainCopies(task, loaded, stored, { report, samplesPerEpoch }, out, signal)
    : [];
  const repetition = { report, evaluation, labels: test.labels, samples, copies };
  const found = verification(stored, repetition, kept);
  out.result({ folder, ...found, repeated: report }, verificationText(found, report.models));
  if (found.verdict !== 'differs') return;
  throw new ShadegradError(
    'differs',
    verdictText(found),
    'What differs is listed above. If nobody changed the report, and it stays so, please report it.',
  );
}

/** What is said of a run names what stands in its report as somebody wrote it. */
function printableOutput({ say, note, result }: Output): Output {
  return { say: (text) => say(printableName(text)), note: (text) => note(printableName(text)), result };
}

/**
 * Refuses folders of what cannot be repeated, with what to do.
 * @throws ShadegradError `bad-data`
 */
function refuseOthers(folder: string, hasReport: boolean): void {
  const has = (name: string) => existsSync(join(folder, name));
  if (has(SWEEP_FILE) || (!hasReport && has(RESULT_FILE))) {
    throw new ShadegradError(
      'bad-data',
      `${folder} is the folder of a sweep${has(SWEEP_FILE) ? '' : "'s task"}, and only the run of a training can be repeated by itself.`,
      'Run the sweep again into another folder (sweep --out) and give both to "npx shadegrad merge": it names the tasks whose results differ.',
    );
  }
  if (hasReport || !has(CHECKPOINT_FILE)) return;
  throw new ShadegradError(
    'bad-data',
    `The training in ${folder} is not finished: it has a checkpoint, and no report yet.`,
    `Go on with it, and verify it then: ${resumeCommand(folder)}`,
  );
}

export async function readReport(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ShadegradError(
      'bad-data',
      `There is no report of a training: ${unreadableText(path, cause)}`,
      nextStepWithout(path),
      cause,
    );
  }
}

/** What to do where there is no report. */
function nextStepWithout(path: string): string {
  const folder = dirname(path);
  return existsSync(join(folder, CHECKPOINT_FILE))
    ? `The training there is not finished. Go on with it first: ${resumeCommand(folder)}`
    : 'Name the folder that a training wrote to (train --out).';
}

/** Of the models beside the report; those that are not there are not compared. */
async function readKept(folder: string, { models }: StoredReport): Promise<KeptModels> {
  const checksums = async (name: string): Promise<readonly string[] | null> => {
    const path = join(folder, name);
    if (!existsSync(path)) return null;
    const file = await readModels(path);
    return Promise.all(file.models.map(modelChecksum));
  };
  const [model = null] = (await checksums('model.safetensors')) ?? [];
  return { model, models: models.length > 1 ? await checksums('models.safetensors') : null };
}

export function taskOf(
  path: string,
  { config, settings, dataset }: StoredReport,
  flags: VerifyFlags,
  adapter: AdapterChoice,
): Task {
  const { labelNoise } = config;
  const name = nameWithoutNoise(dataset.name, labelNoise);
  const named = DATASET_NAMES.includes(name) ? { data: name, imageSize: null } : null;
  const source =
    flags.data === undefined
      ? (config.source ?? named)
      : { data: flags.data, imageSize: config.source?.imageSize ?? null };
  if (!source) {
    throw new ShadegradError(
      'bad-data',
      `${path} does not say where its data "${dataset.name}" came from.`,
      'Name the folder that they are in with --data.',
    );
  }
  const { data } = source;
  const { train, test } = dataset;
  // The page draws as many as it is asked for.
  const isDrawn = config.source === null && data === 'synthetic' && Math.max(train, test) <= MOST_DIGITS;
  const imageSize = flags.imageSize ?? source.imageSize ?? undefined;
  return {
    source: {
      data,
      ...(imageSize && { imageSize }),
      ...(isDrawn && { digits: { train, test } }),
      ...(labelNoise && { labelNoise }),
    },
    notes: {
      data,
      imageSize: imageSize ?? null,
      ...(labelNoise && { labelNoise }),
      epochs: config.epochs,
    },
    options: { ...settings, plan: flags.plan ?? planNamed(config.plan), planMemory: planMemory() },
    resumed: undefined,
    init: flags.init ?? config.initial?.file,
    adapter,
    snapshotSeconds: 0,
    folder: undefined,
    holds: 'none',
  };
}

/** `auto` where this version has no plan of the name. */
function planNamed(plan: string): PlanName | 'auto' {
  return PLAN_NAMES.find((name) => name === plan) ?? 'auto';
}

/**
 * Loads the data and the weights that the run had.
 * @throws ShadegradError `bad-data` or `bad-model` where they are not there, or others
 */
export async function loadAgain(
  task: Task,
  { config: { initial }, dataset }: StoredReport,
  flags: VerifyFlags,
  out: Output,
  signal: AbortSignal,
): Promise<Loaded> {
  if (task.init !== undefined && !existsSync(task.init)) {
    throw new ShadegradError(
      'bad-model',
      `The run started from the weights of ${task.init}, which is not there.`,
      'Name the model file with --init.',
    );
  }
  const loaded = await load(task, out, signal).catch((error: unknown) => {
    const isMissing =
      error instanceof ShadegradError && error.code === 'bad-data' && flags.data === undefined;
    if (!isMissing) throw error;
    throw new ShadegradError(
      error.code,
      error.message,
      `${error.nextStep} If the data are elsewhere now, name where with --data.`,
      error,
    );
  });
  const { data, init } = loaded;
  const checksum = await datasetChecksum(data);
  if (checksum !== dataset.sha256) {
    throw new ShadegradError(
      'bad-data',
      `The data of ${task.source.data} are not those that the run was trained on: their SHA-256 is ${checksum}, and the report's is ${dataset.sha256}.`,
      'Name where the same data are with --data.',
    );
  }
  if (init?.source.sha256 === initial?.sha256) return loaded;
  throw new ShadegradError(
    'bad-model',
    initial
      ? `The weights of ${task.init} are not those that the run started from: their SHA-256 is ${init?.source.sha256}, and the report's is ${initial.sha256}.`
      : 'The run did not start from a model.',
    initial ? 'Name the model that it started from with --init.' : 'Leave out --init.',
  );
}

/**
 * Trains one epoch of copies of the first network of each setting, from weights that are off by rounding; of networks whose
 * settings were named one by one, of the first.
 */
async function trainCopies(
  task: Task,
  { data, init }: Loaded,
  { config, settings }: StoredReport,
  { report, samplesPerEpoch }: Pick<TrainingResult, 'report' | 'samplesPerEpoch'>,
  out: Output,
  signal: AbortSignal,
): Promise<Repetition['copies']> {
  out.say(`Training one epoch ${COPIES} times from weights that are off by rounding, to see what that does`);
  const { networks, ...common } = task.options;
  const first = networks?.[0];
  const { seed = settings.seed } = first ?? {};
  const spec = mlp({
    inputs: data.shape.height * data.shape.width,
    hidden: settings.hidden,
    classes: data.classes,
  });
  const isHalf = [config, report.config].some(({ matrixUnits }) => matrixUnits !== null);
  const steps = Math.ceil(samplesPerEpoch / settings.batchSize);
  const quiet: Output = { ...out, say: () => undefined, note: () => undefined };
  const losses: number[][] = [];
  for (let copy = 0; copy < COPIES; copy++) {
    const initial = withRounding(
      init?.model ?? initialModel(spec, seed),
      steps,
      isHalf ? 'f16' : 'f32',
      copy,
    );
    const options = {
      ...common,
      ...first,
      models: 1,
      initial,
      plan: planNamed(report.config.plan),
    };
    const once = { ...task, notes: { ...task.notes, epochs: 1 }, options, init: undefined };
    const result = await trainAndTest(once, { data, init: undefined }, quiet, signal).catch(
      (error: unknown) => {
        if (error instanceof ShadegradError && error.code === 'diverged') return undefined;
        throw error;
      },
    );
    for (const [i, { history }] of (result?.report.models ?? []).entries()) {
      const [epoch] = history;
      if (epoch) losses[i] = [...(losses[i] ?? []), epoch.loss];
    }
  }
  return losses.map((own, i) => ({ network: i * settings.models, losses: own }));
}

/** Under the report's plan, or another where the adapter lacks what it needs. */
async function repeat(
  task: Task,
  loaded: Loaded,
  flags: VerifyFlags,
  out: Output,
  signal: AbortSignal,
): Promise<TrainingResult> {
  const run = (options: TrainerOptions) =>
    trainAndTest({ ...task, options }, loaded, out, signal).catch((error: unknown) => {
      if (!(error instanceof ShadegradError)) throw error;
      if (error.code === 'interrupted') {
        throw new ShadegradError('interrupted', error.message, 'Nothing was compared.', error);
      }
      if (error.code !== 'diverged') throw error;
      // A run that diverged as a whole has no report.
      throw new ShadegradError(
        'differs',
        `The run of the report ended well, and its repetition did not: ${error.message}`,
        'If nobody changed the report, and it stays so, please report it.',
        error,
      );
    });
  const { plan } = task.options;
  try {
    return await run(task.options);
  } catch (error) {
    const isPlan = error instanceof ShadegradError && error.code === 'usage' && plan !== 'auto';
    if (!isPlan || flags.plan !== undefined) throw error;
    out.note(`Notice: ${error.message} The run is repeated under another plan.`);
    return run({ ...task.options, plan: 'auto' });
  }
}
