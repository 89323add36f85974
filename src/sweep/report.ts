import { ShadegradError } from '../errors.ts';
import { canonicalJson } from '../json.ts';
import { type Summary, summarise } from '../report/population.ts';
import { type Cell, csv } from '../report/table.ts';
import type { SweepFile } from './file.ts';
import {
  byObjective,
  type NetworkResult,
  type Score,
  type Sweep,
  type TaskFailure,
  type TaskResult,
} from './result.ts';
import { SETTING_NAMES, settingKey, settingValue } from './settings.ts';
import type { PointSettings, SweepDataset, SweepNetwork, SweepTask } from './tasks.ts';

/** Raised when what is written means something else than before. */
const REPORT_FORMAT = 1;

/** What was found of a sweep in one folder. */
export interface SweepFolder {
  /** What errors and `runs.json` call it: its path. */
  readonly name: string;
  readonly sweep: Sweep;
  readonly results: readonly TaskResult[];
  /** Results that cannot be read, or whose networks are not there. */
  readonly damaged: readonly DamagedResult[];
  readonly failures: readonly TaskFailure[];
  /** Names of tasks that were begun and are not finished. */
  readonly begun: readonly string[];
}

/** A task whose result is there, but damaged. */
export interface DamagedResult {
  readonly task: string;
  /** How, and what to do. */
  readonly message: string;
}

/** A network and what became of it. */
export interface ReportedNetwork extends NetworkResult {
  /** Name of the task that it was trained in. */
  readonly task: string;
}

/** The networks that differ in nothing but their seeds. */
export interface SettingReport {
  readonly settings: Omit<PointSettings, 'seed'>;
  /** How many networks became what. */
  readonly trained: number;
  readonly stopped: number;
  readonly diverged: number;
  readonly missing: number;
  /** Over those that were trained to their end; null where none was. */
  readonly validation: ScoreSummary | null;
  readonly test: ScoreSummary | null;
}

export interface ScoreSummary {
  readonly loss: Summary;
  readonly accuracy: Summary;
}

/** A task without a result. */
export interface MissingTask {
  readonly task: string;
  readonly networks: readonly SweepNetwork[];
  /** Why, as far as it is known, each reason once: [1 or more]. */
  readonly reasons: readonly string[];
}

/**
 * What a sweep brought, without what differs between two runs of it on one adapter: `report.json`. It does not depend on
 * which process trained what, how often, or in which folder.
 */
export interface SweepReport {
  readonly format: typeof REPORT_FORMAT;
  /** Version of this package that trained the networks. */
  readonly shadegrad: string;
  readonly file: SweepFile;
  readonly datasets: readonly SweepDataset[];
  /** Best first. */
  readonly networks: readonly ReportedNetwork[];
  /** Best first, by their means. */
  readonly settings: readonly SettingReport[];
  /** In the sweep's order. */
  readonly missing: readonly MissingTask[];
}

/** A result that was found, and what only concerns the run that it is from. */
export interface SweepRun extends Pick<TaskResult, 'task' | 'adapter' | 'plan' | 'seconds'> {
  readonly folder: string;
  /** Whether the report has this result: of several of a task, one. */
  readonly reported: boolean;
}

/** What differs between two runs of a sweep: `runs.json`. */
export interface SweepRuns {
  readonly format: typeof REPORT_FORMAT;
  /** In the sweep's order; of a task, the reported one first, then the others in the order of the folders. */
  readonly runs: readonly SweepRun[];
  readonly failures: readonly (TaskFailure & { readonly folder: string })[];
  readonly damaged: readonly (DamagedResult & { readonly folder: string })[];
}

/** A task of which there are results that are not the same. */
export interface DifferingTask {
  readonly task: string;
  readonly reported: SweepRun;
  /** Those with other results: [1 or more]. */
  readonly others: readonly SweepRun[];
}

export interface MergedSweep {
  readonly report: SweepReport;
  readonly runs: SweepRuns;
  readonly differing: readonly DifferingTask[];
}

/**
 * Makes one report of the folders of a sweep. Of a task with several results it has one: of those that differ, one from the
 * adapter that has trained the most tasks, of adapters with equally many the first by name, so that networks are compared on
 * one adapter as far as there is one. The order of the folders has no say.
 *
 * @param tasks those of the sweep, as `sweepTasks` makes them of its file and datasets
 * @throws ShadegradError `usage` where the folders are of different sweeps, `bad-data` where a result is not of the sweep
 */
export function mergeSweeps(
  folders: readonly [SweepFolder, ...SweepFolder[]],
  tasks: readonly SweepTask[],
): MergedSweep {
  const { sweep } = folders[0];
  for (const folder of folders) assertOneSweep(folders[0], folder);
  assertOwnTasks(folders[0], tasks);
  const known = new Map(tasks.map((task) => [task.name, task]));
  const found = new Map<string, Found[]>();
  for (const { name, results } of folders) {
    for (const result of results) {
      const networks = networksOf(name, result, known.get(result.task));
      const text = JSON.stringify(networks);
      found.set(result.task, [...(found.get(result.task) ?? []), { folder: name, result, networks, text }]);
    }
  }
  const chosen = chosenFirst(tasks, found);
  const networks = chosen.flatMap(({ found: [first] }) => first?.networks ?? []);
  const missing = chosen
    .filter(({ found }) => found.length === 0)
    .map(({ task }) => ({
      task: task.name,
      networks: task.networks,
      reasons: reasonsFor(task.name, folders),
    }));
  return {
    report: {
      format: REPORT_FORMAT,
      shadegrad: sweep.shadegrad,
      file: sweep.file,
      datasets: sweep.datasets,
      networks: networks.toSorted(byObjective(sweep.file.objective)),
      settings: settingReports(networks, missing, sweep.file),
      missing,
    },
    runs: {
      format: REPORT_FORMAT,
      runs: chosen.flatMap(({ found }) => found.map((each, i) => runOf(each, i === 0))),
      failures: folders.flatMap(({ name, failures }) => failures.map((each) => ({ ...each, folder: name }))),
      damaged: folders.flatMap(({ name, damaged }) => damaged.map((each) => ({ ...each, folder: name }))),
    },
    differing: chosen.flatMap(({ task, found: [first, ...others] }) => {
      const differing = others.filter(({ text }) => text !== first?.text);
      if (!first || differing.length === 0) return [];
      return [
        {
          task: task.name,
          reported: runOf(first, true),
          others: differing.map((each) => runOf(each, false)),
        },
      ];
    }),
  };
}

interface Found {
  readonly folder: string;
  readonly result: TaskResult;
  readonly networks: readonly ReportedNetwork[];
  /** Of `networks`. */
  readonly text: string;
}

/** Of each task the result that is reported, then the others in their order. */
function chosenFirst(
  tasks: readonly SweepTask[],
  found: ReadonlyMap<string, readonly Found[]>,
): { task: SweepTask; found: readonly Found[] }[] {
  const trained = new Map<string, number>();
  for (const results of found.values()) {
    for (const adapter of new Set(results.map(({ result }) => result.adapter))) {
      trained.set(adapter, (trained.get(adapter) ?? 0) + 1);
    }
  }
  const isBefore = (a: Found, b: Found): boolean => {
    const [own, other] = [a.result.adapter, b.result.adapter];
    // The order of the texts is that of their scores: between adapters it would take the better result of each task.
    if (own === other) return a.text < b.text;
    const more = (trained.get(own) ?? 0) - (trained.get(other) ?? 0);
    return more === 0 ? own < other : more > 0;
  };
  return tasks.map((task) => {
    const results = found.get(task.name) ?? [];
    const first = results.reduce<Found | undefined>((a, b) => (a && !isBefore(b, a) ? a : b), undefined);
    return { task, found: first ? [first, ...results.filter((each) => each !== first)] : [] };
  });
}

function runOf({ folder, result }: Found, reported: boolean): SweepRun {
  const { task, adapter, plan, seconds } = result;
  return { task, folder, adapter, plan, seconds, reported };
}

function reasonsFor(task: string, folders: readonly SweepFolder[]): string[] {
  // How it is damaged is in runs.json: it names the folder, which is not the report's business.
  if (folders.some(({ damaged }) => damaged.some((each) => each.task === task))) {
    return ['Its result is damaged.'];
  }
  const failures = folders.flatMap(({ failures }) => failures.filter((each) => each.task === task));
  const reasons = [...new Set(failures.map(({ message }) => message))].sort();
  if (reasons.length > 0) return reasons;
  return [folders.some(({ begun }) => begun.includes(task)) ? 'It is not finished.' : 'It was not begun.'];
}

function settingReports(
  networks: readonly ReportedNetwork[],
  missing: readonly MissingTask[],
  { objective }: SweepFile,
): SettingReport[] {
  const lost = missing.flatMap((task) => task.networks);
  const groups = new Map<string, Group>();
  const groupOf = (settings: PointSettings): Group => {
    const key = settingKey(settings);
    const group = groups.get(key) ?? { settings: withoutSeed(settings), networks: [], missing: 0 };
    groups.set(key, group);
    return group;
  };
  for (const network of networks) groupOf(network.settings).networks.push(network);
  for (const { settings } of lost) groupOf(settings).missing++;
  const better = byObjective(objective);
  return [...groups]
    .map(([id, group]) => {
      const report = settingReport(group);
      const { loss, accuracy } = report.validation ?? {};
      const mean = loss && accuracy ? { loss: loss.mean, accuracy: accuracy.mean } : null;
      return { report, order: { id, validation: mean } };
    })
    .sort((a, b) => better(a.order, b.order))
    .map(({ report }) => report);
}

/** The networks of a setting. */
interface Group {
  readonly settings: SettingReport['settings'];
  readonly networks: ReportedNetwork[];
  missing: number;
}

function settingReport({ settings, networks, missing }: Group): SettingReport {
  const are = (status: NetworkResult['status']) => networks.filter((network) => network.status === status);
  const trained = are('trained');
  return {
    settings,
    trained: trained.length,
    stopped: are('stopped').length,
    diverged: are('diverged').length,
    missing,
    validation: summaryOf(trained.map(({ validation }) => validation)),
    test: summaryOf(trained.map(({ test }) => test)),
  };
}

function withoutSeed({ seed: _, ...settings }: PointSettings): SettingReport['settings'] {
  return settings;
}

function summaryOf(scores: readonly (Score | null)[]): ScoreSummary | null {
  const known = scores.filter((score) => score !== null);
  if (known.length === 0) return null;
  return {
    loss: summarise(known.map(({ loss }) => loss)),
    accuracy: summarise(known.map(({ accuracy }) => accuracy)),
  };
}

function assertOneSweep(first: SweepFolder, other: SweepFolder): void {
  const [a, b] = [first.sweep, other.sweep];
  if (canonicalJson(a) === canonicalJson(b)) return;
  if (a.shadegrad !== b.shadegrad) {
    throw new ShadegradError(
      'usage',
      `${first.name} is of version ${a.shadegrad}, and ${other.name} of version ${b.shadegrad}.`,
      'Train all parts of a sweep with one version.',
    );
  }
  throw new ShadegradError(
    'usage',
    `${first.name} and ${other.name} are not of the same sweep.`,
    'Merge the folders of each sweep on its own.',
  );
}

/** Sweeps of another version may have been divided in another way. */
function assertOwnTasks({ name, sweep }: SweepFolder, tasks: readonly SweepTask[]): void {
  const own = tasks.map((task) => ({ name: task.name, networks: task.networks.map(({ id }) => id) }));
  const told = sweep.tasks.map(({ name, networks }) => ({ name, networks }));
  if (JSON.stringify(own) === JSON.stringify(told)) return;
  throw new ShadegradError(
    'bad-data',
    `The tasks in ${name} are not those that this version of shadegrad makes of its sweep.`,
    `Merge with version ${sweep.shadegrad}, which trained it.`,
  );
}

/** What a result tells of a task's networks, without anything else, in the order that a report has. */
function networksOf(
  folder: string,
  { task, networks }: TaskResult,
  known: SweepTask | undefined,
): ReportedNetwork[] {
  const isOwn = known && known.networks.map(({ id }) => id).join() === networks.map(({ id }) => id).join();
  if (!isOwn) {
    throw new ShadegradError(
      'bad-data',
      known
        ? `The result of task ${task} in ${folder} is not of the networks that the task has.`
        : `${folder} has a task that its sweep has not: ${task}.`,
      'Remove the folder of the task, and run the sweep again.',
    );
  }
  return known.networks.flatMap(({ id, settings }, i) => {
    const network = networks[i];
    if (!network) return [];
    const { status, epoch, validation, test, weights, epochs } = network;
    return { id, task, settings, status, epoch, validation, test, weights, epochs };
  });
}

/**
 * The networks, best first, then those that are missing, as CSV (RFC 4180): a line of names, and every line ended by CR LF.
 */
export function networksCsv({ networks, missing }: SweepReport): string {
  const settingsOf = (settings: PointSettings): Cell[] =>
    SETTING_NAMES.map((name) => settingValue(settings, name));
  const scoreOf = (score: Score | null): Cell[] => [score?.loss ?? null, score?.accuracy ?? null];
  return csv([
    [
      'rank',
      'network',
      'task',
      'status',
      ...SETTING_NAMES,
      'epoch',
      'validationLoss',
      'validationAccuracy',
      'testLoss',
      'testAccuracy',
      'weights',
    ],
    ...networks.map(({ id, task, status, settings, epoch, validation, test, weights }, i) => [
      validation && i + 1,
      id,
      task,
      status,
      ...settingsOf(settings),
      epoch,
      ...scoreOf(validation),
      ...scoreOf(test),
      weights,
    ]),
    ...missing.flatMap(({ task, networks }) =>
      networks.map(({ id, settings }) => [
        null,
        id,
        task,
        'missing',
        ...settingsOf(settings),
        ...new Array<null>(6).fill(null),
      ]),
    ),
  ]);
}
