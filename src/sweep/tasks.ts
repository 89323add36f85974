import { sha256 } from '../data/checksum.ts';
import type { Dataset } from '../data/dataset.ts';
import { canonicalJson } from '../json.ts';
import { denseLayers } from '../model/spec.ts';
import { OPTIMIZER_DEFAULTS, type OptimizerName } from '../train/optimizer.ts';
import { type Schedule, scheduleOver } from '../train/schedule.ts';
import type { TrainerSettings } from '../train/settings.ts';
import type { SweepFile } from './file.ts';
import { RESULT_FORMAT } from './result.ts';
import { settingsFrom } from './samples.ts';
import { settingKey } from './settings.ts';

/** A dataset of a sweep, as far as tasks depend on it. */
export interface SweepDataset extends Pick<Dataset, 'name' | 'shape' | 'classes'> {
  /** As the sweep file has it. */
  readonly source: string;
  /** See `datasetChecksum`. */
  readonly sha256: string;
  /** Number of samples in each set. */
  readonly train: number;
  readonly test: number;
}

/** What one network of a sweep is trained with, and on. */
export interface PointSettings {
  /** The dataset's source, as the sweep file has it. */
  readonly data: string;
  readonly hidden: readonly number[];
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly epochs: number;
  readonly optimizer: OptimizerName;
  readonly schedule: Schedule['name'];
}

/** A network of a sweep. */
export interface SweepNetwork {
  /** 12 hexadecimal digits of the SHA-256 of all that decides how it is trained. */
  readonly id: string;
  readonly settings: PointSettings;
}

/** Networks that are trained side by side: they differ only in seed, learning rate and weight decay. */
export interface SweepTask {
  /** 16 hexadecimal digits of the SHA-256 of all that decides how its networks are trained. */
  readonly name: string;
  readonly networks: readonly [SweepNetwork, ...SweepNetwork[]];
  /** What all of them are trained on. */
  readonly dataset: SweepDataset;
  /** Estimated multiply-adds of its training. */
  readonly work: number;
}

/**
 * The tasks of a sweep, in an order that the file and the data alone decide: first those with the first seed or, where
 * settings compete by successive halving, those of the first settings. A setting that was drawn twice is trained once.
 *
 * @param datasets those that the file names: [axes.data]
 * @throws ShadegradError `usage` where settings contradict each other
 */
export async function sweepTasks(
  file: SweepFile,
  datasets: readonly SweepDataset[],
): Promise<readonly SweepTask[]> {
  const bySource = new Map(datasets.map((dataset) => [dataset.source, dataset]));
  const datasetOf = ({ data }: Pick<PointSettings, 'data'>): SweepDataset => {
    const dataset = bySource.get(data);
    if (!dataset) throw new RangeError(`The dataset "${data}" is not among those of the sweep.`);
    return dataset;
  };
  const networks = new Map<string, SweepNetwork>();
  for (const settings of points(file)) {
    const id = await networkId(file, settings, datasetOf(settings));
    if (!networks.has(id)) networks.set(id, { id, settings });
  }
  const groups = new Map<string, SweepNetwork[]>();
  for (const network of networks.values()) {
    const { learningRate: _, weightDecay: __, seed: ___, data, ...shared } = network.settings;
    const key = canonicalJson({ ...shared, data: datasetOf(network.settings).sha256 });
    const group = groups.get(key) ?? [];
    group.push(network);
    groups.set(key, group);
  }
  const tasks: SweepTask[] = [];
  for (const group of groups.values()) {
    for (const part of partsOf(group, file)) {
      const [{ settings }] = part;
      const name = await taskName(file, part);
      const dataset = datasetOf(settings);
      tasks.push({ name, networks: part, dataset, work: workOf(settings, dataset, part.length) });
    }
  }
  return tasks;
}

/** Each setting with each seed. */
function points(file: SweepFile): PointSettings[] {
  const settings = settingsFrom(file);
  return file.axes.seed.flatMap((seed) =>
    settings.map(({ data, hidden, batchSize, epochs, optimizer, schedule, ...own }): PointSettings => {
      const defaults = OPTIMIZER_DEFAULTS[optimizer];
      const learningRate = own.learningRate ?? defaults.learningRate;
      const weightDecay = optimizer === 'adamw' ? (own.weightDecay ?? defaults.weightDecay) : 0;
      // In the order in which results are read: those that were read before have the same bytes then.
      return { data, hidden, learningRate, weightDecay, batchSize, seed, epochs, optimizer, schedule };
    }),
  );
}

/** What the optimizer does not have is left at its default. */
function momentumOf({ settings }: SweepFile, { optimizer }: Pick<PointSettings, 'optimizer'>): number {
  return optimizer === 'sgd' ? settings.momentum : 0;
}

/**
 * How a task's networks are trained.
 * @param networks those of them that are
 */
export function trainerOptions(
  file: SweepFile,
  task: Pick<SweepTask, 'networks'>,
  networks: readonly SweepNetwork[] = task.networks,
): Partial<TrainerSettings> {
  const [{ settings }] = task.networks;
  const { hidden, batchSize, optimizer, schedule, epochs } = settings;
  const { warmup, validationSplit, patience, plan } = file.settings;
  return {
    hidden,
    batchSize,
    optimizer,
    momentum: momentumOf(file, settings),
    schedule: scheduleOver(schedule, epochs),
    warmup,
    validationSplit,
    patience,
    networks: networks.map(({ settings: { seed, learningRate, weightDecay } }) => ({
      seed,
      learningRate,
      weightDecay,
    })),
    ...(plan !== null && { plan }),
  };
}

async function networkId(
  file: SweepFile,
  { data: _, ...settings }: PointSettings,
  { sha256: data }: SweepDataset,
): Promise<string> {
  const { warmup, validationSplit, patience, plan } = file.settings;
  const momentum = momentumOf(file, settings);
  return hash(12, { ...settings, data, momentum, warmup, validationSplit, patience, plan });
}

/** With successive halving the others of a task decide for how long a network is trained. */
function taskName({ stop, objective }: SweepFile, networks: readonly SweepNetwork[]): Promise<string> {
  const halving = stop && { ...stop, objective };
  return hash(16, { format: RESULT_FORMAT, networks: networks.map(({ id }) => id), halving });
}

async function hash(digits: number, value: unknown): Promise<string> {
  return (await sha256(new TextEncoder().encode(canonicalJson(value)))).slice(0, digits);
}

/** Where settings compete, each is in one part with all its seeds, as far as these fit. */
function partsOf(
  networks: readonly SweepNetwork[],
  { stop, networksPerTask }: SweepFile,
): (readonly [SweepNetwork, ...SweepNetwork[]])[] {
  if (!stop) return equalParts(networks, networksPerTask);
  const settings = new Map<string, [SweepNetwork, ...SweepNetwork[]]>();
  for (const network of networks) {
    const key = settingKey(network.settings);
    const own = settings.get(key);
    if (own) own.push(network);
    else settings.set(key, [network]);
  }
  const all = [...settings.values()];
  const seeds = Math.max(...all.map(({ length }) => length));
  if (seeds > networksPerTask) return all.flatMap((own) => equalParts(own, networksPerTask));
  return equalParts(all, Math.floor(networksPerTask / seeds)).map(
    ([[first, ...own], ...others]) => [first, ...own, ...others.flat()] as const,
  );
}

/** As few parts as there can be of at most `most`, whose lengths differ by one at most. */
function equalParts<T>(all: readonly T[], most: number): (readonly [T, ...T[]])[] {
  const count = Math.ceil(all.length / most);
  return Array.from({ length: count }, (_, i) => {
    const [first, ...others] = all.slice(
      Math.floor((i * all.length) / count),
      Math.floor(((i + 1) * all.length) / count),
    );
    return first === undefined ? [] : ([[first, ...others]] as const);
  }).flat();
}

/** Parameters times samples times epochs times networks. */
function workOf({ hidden, epochs }: PointSettings, dataset: SweepDataset, networks: number): number {
  const { shape, classes, train } = dataset;
  const layers = denseLayers({ inputs: shape.height * shape.width, hidden, classes });
  const parameters = layers.reduce((sum, { inputs, outputs }) => sum + (inputs + 1) * outputs, 0);
  return parameters * train * epochs * networks;
}
