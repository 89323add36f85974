import { modelChecksum } from '../../src/model/checksum.ts';
import { initialModel } from '../../src/model/initialise.ts';
import type { Model } from '../../src/model/model.ts';
import { encodeModels } from '../../src/model/population-file.ts';
import { finishTask, removeRunning, writeSweep } from '../../src/node/sweep-folder.ts';
import { parseSweepFile } from '../../src/sweep/file.ts';
import type { MergedSweep, SweepFolder } from '../../src/sweep/report.ts';
import { mergeSweeps } from '../../src/sweep/report.ts';
import { type NetworkResult, RESULT_FORMAT, type Sweep, type TaskResult } from '../../src/sweep/result.ts';
import { type SweepNetwork, type SweepTask, sweepTasks } from '../../src/sweep/tasks.ts';

/** What one of its networks takes. */
const SHAPE = { height: 2, width: 3 };
const DATASET = {
  sha256: 'd'.repeat(64),
  shape: SHAPE,
  classes: 10,
  train: 60_000,
  test: 10_000,
};

/** A sweep of made-up datasets, and its tasks. */
export async function madeSweep(file: object): Promise<{ sweep: Sweep; tasks: readonly SweepTask[] }> {
  const parsed = parseSweepFile('sweep.json', JSON.stringify(file));
  const datasets = parsed.axes.data.map((source, i) => ({
    ...DATASET,
    source,
    name: source === 'auto' ? 'mnist' : source,
    sha256: String(i).repeat(64),
  }));
  const tasks = await sweepTasks(parsed, datasets);
  const sweep = {
    format: RESULT_FORMAT,
    shadegrad: '0.2.0',
    file: parsed,
    datasets,
    tasks: tasks.map(({ name, networks }) => ({ name, networks: networks.map(({ id }) => id) })),
  } as const;
  return { sweep, tasks };
}

/** From 0 to 1, the same for the same text, and for others as if by chance. */
function chance(text: string): number {
  let hash = 2166136261;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507) >>> 0;
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

/** A network as if trained: best at a learning rate of 0.002 and many hidden units, and diverged above 0.5. */
export function madeNetwork({ id, settings }: SweepNetwork): NetworkResult {
  const { learningRate, hidden, epochs } = settings;
  if (learningRate > 0.5) {
    return {
      id,
      settings,
      status: 'diverged',
      epochs: [],
      epoch: 0,
      validation: null,
      test: null,
      weights: null,
    };
  }
  const units = hidden.reduce((sum, width) => sum + width, 1);
  const loss =
    0.06 + 0.05 * Math.abs(Math.log10(learningRate / 0.002)) ** 2 + 1 / (units + 20) + 0.01 * chance(id);
  const history = Array.from({ length: epochs }, (_, i) => {
    const validationLoss = loss * (1 + 2 / (i + 1) ** 1.5) - (2 * loss) / epochs ** 1.5;
    const training = validationLoss * (1 - 0.06 * i);
    return {
      loss: training,
      accuracy: 1 - 0.28 * training,
      validationLoss,
      validationAccuracy: 1 - 0.3 * validationLoss,
    };
  });
  const last = history.at(-1);
  if (!last) throw new Error('a network is trained for an epoch');
  const validation = { loss: last.validationLoss, accuracy: last.validationAccuracy };
  return {
    id,
    settings,
    status: 'trained',
    epochs: history,
    epoch: epochs,
    validation,
    test: { loss: validation.loss * 1.02, accuracy: validation.accuracy - 0.001 * chance(`test ${id}`) },
    weights: id.padEnd(64, '0'),
  };
}

export function madeResult(task: SweepTask, change: Partial<TaskResult> = {}): TaskResult {
  return {
    format: RESULT_FORMAT,
    task: task.name,
    adapter: 'SwiftShader Device (Subzero)',
    plan: 'layered-quads',
    seconds: 12.5,
    networks: task.networks.map(madeNetwork),
    ...change,
  };
}

/** Writes the folder of a sweep with the results of some of its tasks, networks with untrained weights among them. */
export async function writeMadeFolder(
  folder: string,
  sweep: Sweep,
  tasks: readonly SweepTask[],
  change: Partial<TaskResult> = {},
): Promise<void> {
  await writeSweep(folder, sweep);
  for (const task of tasks) {
    const models: Model[] = [];
    const networks: NetworkResult[] = [];
    for (const network of madeResult(task).networks) {
      const { hidden, seed } = network.settings;
      const model = initialModel({ inputs: SHAPE.height * SHAPE.width, hidden, classes: 10 }, seed);
      if (network.weights !== null) models.push(model);
      networks.push({ ...network, weights: network.weights && (await modelChecksum(model)) });
    }
    const trained = networks.filter(({ weights }) => weights !== null).map(({ settings }) => settings);
    const file = models.length === 0 ? null : encodeModels(models, { image: SHAPE }, trained);
    await finishTask(folder, madeResult(task, { networks, ...change }), file);
    await removeRunning(folder, task.name);
  }
}

/** What one folder with all, or with some of the tasks' results has. */
export function madeFolder(sweep: Sweep, tasks: readonly SweepTask[], name = 'runs/all'): SweepFolder {
  return {
    name,
    sweep,
    results: tasks.map((task) => madeResult(task)),
    damaged: [],
    failures: [],
    begun: [],
  };
}

/** A sweep file whose networks all were trained, in one folder. */
export async function madeMerge(file: object): Promise<MergedSweep> {
  const { sweep, tasks } = await madeSweep(file);
  return mergeSweeps([madeFolder(sweep, tasks)], tasks);
}
