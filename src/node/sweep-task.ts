import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../data/dataset.ts';
import { ShadegradError } from '../errors.ts';
import type { AdapterChoice } from '../gpu/adapter.ts';
import { modelChecksum } from '../model/checksum.ts';
import type { Model } from '../model/model.ts';
import { modelNotes } from '../model/notes.ts';
import { encodeModels } from '../model/population-file.ts';
import type { SweepFile } from '../sweep/file.ts';
import { type Rung, survivors, taskRungs } from '../sweep/halving.ts';
import {
  type Dropped,
  type NetworkResult,
  RESULT_FORMAT,
  readDropped,
  type TaskResult,
} from '../sweep/result.ts';
import { type SweepNetwork, type SweepTask, trainerOptions } from '../sweep/tasks.ts';
import type { Checkpoint, CheckpointNotes } from '../train/checkpoint.ts';
import type { Evaluation, NetworkRecord, Progress } from '../train/history.ts';
import { likeliestPlan } from '../train/prepare.ts';
import { membersOf, secondsTrained, type TrainerState } from '../train/state.ts';
import { subsetOf } from '../train/subset.ts';
import { Trainer } from '../train/trainer.ts';
import type { Versions } from '../versions.ts';
import { CHECKPOINT_FILE, checkpointWriter, readCheckpoint } from './checkpoints.ts';
import { readStored, writeWhole } from './files.ts';
import type { OpenedDevice } from './gpu.ts';
import { readModels } from './models.ts';
import { planMemory } from './plan-memory.ts';
import { isDamage } from './sweep-folder.ts';

// A task is trained in stages, one for each rung of successive halving and one to the end. The first has its checkpoint in the
// task's folder, each later one in a folder of its own, beside what is known of the networks that were dropped before it:
//     running/NAME/checkpoint.safetensors
//     running/NAME/rung-1/dropped.json, dropped.safetensors, checkpoint.safetensors
// A stage has begun when its checkpoint is there, which is written last. So a stage that was only half prepared is prepared
// again, from the end of the one before, with the same bits.

const DROPPED_FILE = 'dropped.json';
const DROPPED_NETWORKS_FILE = 'dropped.safetensors';

/** What is needed to train a task. */
export interface TaskContext {
  readonly opened: Pick<OpenedDevice, 'device' | 'info'>;
  readonly data: Dataset;
  readonly file: SweepFile;
  readonly task: SweepTask;
  /** Where its checkpoints are. */
  readonly folder: string;
  readonly notes: Pick<CheckpointNotes, 'data'> & {
    readonly adapter: AdapterChoice;
    readonly versions: Versions;
  };
  /** 0 for no snapshots within an epoch. */
  readonly snapshotSeconds: number;
  readonly signal: AbortSignal;
  /** Called when the training begins, or goes on. */
  readonly onBegin: (trainer: Trainer) => void;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Called after a rung. */
  readonly onRung: (rung: Rung, before: number, after: number) => void;
  readonly onNotice: (notice: string) => void;
}

/** A trained task: its result, and the file of its networks but those that diverged; null where all did. */
export interface TrainedTask {
  readonly result: TaskResult;
  readonly networks: Uint8Array<ArrayBuffer> | null;
}

/** Some of a task's networks, with their weights; null for those that diverged. */
interface Part {
  readonly networks: readonly NetworkResult[];
  readonly models: readonly (Model | null)[];
}

/** Networks that a rung dropped. */
interface DroppedPart extends Part, Dropped {}

/**
 * Trains a task to its end, or goes on with it where its folder has a checkpoint.
 * @throws ShadegradError `interrupted`, after a checkpoint, and as `Trainer.create` and `fit`; but not `diverged`, which is a
 *   result
 */
export async function trainTask(context: TaskContext): Promise<TrainedTask> {
  const { file, task, folder, opened, data } = context;
  const [{ settings }] = task.networks;
  const rungs = taskRungs(file, task);
  const begun = await lastStage(context);
  const dropped = [...begun.dropped];
  const notes = notesOf(context, begun.earlier);
  let { restore } = begun;
  for (let { stage } = begun; ; stage++) {
    const gone = new Set(dropped.flatMap(({ networks }) => networks.map(({ id }) => id)));
    const own = task.networks.filter(({ id }) => !gone.has(id));
    const rung = rungs[stage];
    const trainer = await createTrainer(context, own, restore);
    try {
      if (stage === begun.stage) context.onBegin(trainer);
      await trainTo(trainer, rung?.epoch ?? settings.epochs, stageFolder(folder, stage), notes, context);
      const all = await partSoFar(trainer, own, data);
      const going = rung ? survivors(all.networks, rung.keep, file.objective) : [];
      if (!rung || going.length === 0) {
        const adapters = [...begun.earlier.map(({ adapter }) => adapter), opened.info.description];
        const seconds = dropped.reduce((sum, part) => sum + part.seconds, trainer.trained.seconds);
        return trainedTask(context, [...dropped, all], {
          adapter: adapters.join(', then '),
          plan: trainer.plan.name,
          seconds,
        });
      }
      const next = stageFolder(folder, stage + 1);
      restore = subsetOf(await trainer.state(), going);
      const seconds = Math.max(0, trainer.trained.seconds - secondsTrained(membersOf(restore)));
      const part = { ...withoutThe(going, all), seconds };
      await writeDropped(next, part, data);
      dropped.push(part);
      await writeCheckpoint(next, { state: restore, notes });
      await rm(join(stageFolder(folder, stage), CHECKPOINT_FILE), { force: true });
      context.onRung(rung, all.networks.length, going.length);
    } finally {
      trainer.destroy();
    }
  }
}

const stageFolder = (folder: string, stage: number): string =>
  stage === 0 ? folder : join(folder, `rung-${stage}`);

/** Where to begin, or to go on. */
interface Begun {
  readonly stage: number;
  readonly restore: TrainerState | undefined;
  readonly dropped: readonly DroppedPart[];
  /** What it was trained on before, where that was another adapter, first to last. */
  readonly earlier: CheckpointNotes['earlier'];
}

async function lastStage({ folder, opened, file, onNotice }: TaskContext): Promise<Begun> {
  let stage = 0;
  while (existsSync(join(stageFolder(folder, stage + 1), CHECKPOINT_FILE))) stage++;
  const found = await readStage(folder, stage, onNotice);
  if (!found) {
    await Promise.all(
      Array.from({ length: stage }, (_, i) =>
        rm(stageFolder(folder, i + 1), { recursive: true, force: true }),
      ),
    );
    return { stage: 0, restore: undefined, dropped: [], earlier: [] };
  }
  const { checkpoint, dropped } = found;
  const { state, notes } = checkpoint;
  const { description } = opened.info;
  const before = notes.adapter.description;
  if (before === description) return { stage, restore: state, dropped, earlier: notes.earlier };
  onNotice(
    `The adapter of this task was ${before} and is ${description} from here on: the bits are not those that it would have given.`,
  );
  const plan = file.settings.plan ?? 'auto';
  const leg = { plan: state.settings.plan, adapter: before, versions: notes.versions };
  const restore = { ...state, settings: { ...state.settings, plan } };
  return { stage, restore, dropped, earlier: [...notes.earlier, leg] };
}

/**
 * A stage's checkpoint and what was dropped before it; undefined where there is none, or one of its files is damaged: then the
 * task begins anew, as it would without.
 */
async function readStage(
  folder: string,
  stage: number,
  onNotice: TaskContext['onNotice'],
): Promise<{ readonly checkpoint: Checkpoint; readonly dropped: readonly DroppedPart[] } | undefined> {
  if (!existsSync(join(stageFolder(folder, stage), CHECKPOINT_FILE))) return undefined;
  try {
    const checkpoint = await readCheckpoint(stageFolder(folder, stage));
    const dropped: DroppedPart[] = [];
    for (let i = 1; i <= stage; i++) dropped.push(await readPart(stageFolder(folder, i)));
    return { checkpoint, dropped };
  } catch (error) {
    if (!isDamage(error)) throw error;
    onNotice(`${error.message} This task begins anew.`);
    return undefined;
  }
}

function createTrainer(
  { opened: { device }, data, file, task }: TaskContext,
  networks: readonly SweepNetwork[],
  restore: TrainerState | undefined,
): Promise<Trainer> {
  const options = trainerOptions(file, task, networks);
  const isOpen = restore === undefined || restore.settings.plan === 'auto';
  const plan = file.settings.plan ?? (isOpen ? likeliestPlan(device, data, options) : restore.settings.plan);
  const memory = { planMemory: planMemory() };
  return Trainer.create(device, data, { ...options, plan, ...memory, ...(restore && { restore }) });
}

function notesOf(
  { opened, file, task, notes }: TaskContext,
  earlier: CheckpointNotes['earlier'],
): CheckpointNotes {
  const [{ settings }] = task.networks;
  return {
    data: notes.data,
    imageSize: file.settings.imageSize,
    epochs: settings.epochs,
    initial: null,
    adapter: { choice: notes.adapter, description: opened.info.description },
    versions: notes.versions,
    earlier,
  };
}

async function trainTo(
  trainer: Trainer,
  epoch: number,
  folder: string,
  notes: CheckpointNotes,
  context: TaskContext,
): Promise<void> {
  const { snapshotSeconds, signal, onProgress, onNotice } = context;
  const left = epoch - trainer.epochs;
  if (left <= 0 || trainer.networks.every(({ diverged, stopped }) => diverged || stopped)) return;
  const writer = checkpointWriter(folder, (error) =>
    onNotice(`A checkpoint could not be written, and the next one is tried: ${error}`),
  );
  try {
    const fitting = trainer.fit({
      epochs: left,
      signal,
      onSnapshot: (state) => writer.write({ state, notes }),
      ...(snapshotSeconds > 0 && { snapshotSeconds }),
      ...(onProgress && {
        onProgress: (progress: Progress) => onProgress({ ...progress, epochs: notes.epochs }),
      }),
    });
    for await (const _ of fitting);
  } catch (error) {
    if (!(error instanceof ShadegradError) || error.code !== 'diverged') throw error;
  } finally {
    await writer.done();
  }
}

async function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  const writer = checkpointWriter(folder, () => undefined);
  writer.write(checkpoint);
  await writer.done();
}

/** What became of a trainer's networks so far: those that are at their end, or about to be dropped. */
async function partSoFar(trainer: Trainer, networks: readonly SweepNetwork[], data: Dataset): Promise<Part> {
  const evaluation = await trainer.evaluateAll(data.test).catch((error: unknown) => {
    if (error instanceof ShadegradError && error.code === 'diverged') return undefined;
    throw error;
  });
  const models = await trainer.models();
  const records = trainer.networks;
  const results: NetworkResult[] = [];
  const kept: (Model | null)[] = [];
  for (const [i, network] of networks.entries()) {
    const result = await resultOf(network, records[i], models[i] ?? null, evaluation?.networks[i] ?? null);
    results.push(result);
    kept.push(result.weights === null ? null : (models[i] ?? null));
  }
  return { networks: results, models: kept };
}

/** Whose weights or test loss are not finite diverged, even if no batch after that has told it. */
async function resultOf(
  { id, settings }: SweepNetwork,
  record: NetworkRecord | undefined,
  model: Model | null,
  evaluation: Evaluation | null,
): Promise<NetworkResult> {
  const { history = [], epoch = 0, diverged = null } = record ?? {};
  const epochs = history.flatMap(({ loss, accuracy, valLoss, valAccuracy }) =>
    valLoss === null || valAccuracy === null
      ? []
      : [{ loss, accuracy, validationLoss: valLoss, validationAccuracy: valAccuracy }],
  );
  const last = epochs[epoch - 1];
  if (diverged || !model || !last || !evaluation || !Number.isFinite(evaluation.loss)) {
    const nothing = { validation: null, test: null, weights: null };
    return { id, settings, status: 'diverged', epochs, epoch, ...nothing };
  }
  return {
    id,
    settings,
    status: 'trained',
    epochs,
    epoch,
    validation: { loss: last.validationLoss, accuracy: last.validationAccuracy },
    test: { loss: evaluation.loss, accuracy: evaluation.accuracy },
    weights: await modelChecksum(model),
  };
}

/** The networks that do not go on. */
function withoutThe(going: readonly number[], { networks, models }: Part): Part {
  const out = networks.flatMap((network, i) =>
    going.includes(i) ? [] : [{ network, model: models[i] ?? null }],
  );
  return {
    networks: out.map(({ network }) => ({
      ...network,
      status: network.status === 'diverged' ? 'diverged' : 'stopped',
    })),
    models: out.map(({ model }) => model),
  };
}

async function writeDropped(folder: string, part: DroppedPart, data: Dataset): Promise<void> {
  const file = encodePart(part, data);
  if (file) await writeWhole(join(folder, DROPPED_NETWORKS_FILE), file);
  const { seconds, networks }: Dropped = part;
  await writeWhole(join(folder, DROPPED_FILE), `${JSON.stringify({ seconds, networks })}\n`);
}

/** @throws ShadegradError `bad-data` or `bad-model` that names the file which is missing or damaged */
async function readPart(folder: string): Promise<DroppedPart> {
  const path = join(folder, DROPPED_FILE);
  const { seconds, networks } = readDropped(path, new TextDecoder().decode((await readStored(path)).bytes));
  const isKept = ({ weights }: NetworkResult) => weights !== null;
  const models: Model[] = networks.some(isKept)
    ? [...(await readModels(join(folder, DROPPED_NETWORKS_FILE))).models]
    : [];
  const own = networks.map((network) => (isKept(network) ? (models.shift() ?? null) : null));
  return { seconds, networks, models: own };
}

/** Null where all diverged. */
function encodePart({ networks, models }: Part, data: Dataset): Uint8Array<ArrayBuffer> | null {
  const kept = networks.flatMap(({ settings }, i) => {
    const model = models[i];
    return model ? [{ settings, model }] : [];
  });
  if (kept.length === 0) return null;
  return encodeModels(
    kept.map(({ model }) => model),
    modelNotes(data),
    kept.map(({ settings }) => settings),
  );
}

/** All of a task's networks, in its order. */
function trainedTask(
  { task, data }: TaskContext,
  parts: readonly Part[],
  trained: Pick<TaskResult, 'adapter' | 'plan' | 'seconds'>,
): TrainedTask {
  const byId = new Map(
    parts.flatMap(({ networks, models }) =>
      networks.map((network, i) => [network.id, { network, model: models[i] ?? null }] as const),
    ),
  );
  const all = task.networks.flatMap(({ id }) => byId.get(id) ?? []);
  const networks = all.map(({ network }) => network);
  const models = all.map(({ model }) => model);
  return {
    result: { format: RESULT_FORMAT, task: task.name, ...trained, networks },
    networks: encodePart({ networks, models }, data),
  };
}
