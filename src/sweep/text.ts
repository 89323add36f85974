import { alignedLines } from '../report/table.ts';
import type { Objective } from './file.ts';
import type { DifferingTask, SettingReport, SweepReport, SweepRun } from './report.ts';
import {
  SETTINGS,
  type SettingName,
  type SharedSettings,
  settingText,
  settingValue,
  varyingSettings,
} from './settings.ts';

/** Columns of a terminal. */
const WIDTH = 80;
/** Rows of a table: what is further down is in the files. */
const MOST_ROWS = 20;
const LONGEST_CELL = 12;
/** Networks of missing tasks that are named, all tasks together; but of each task two. */
const MOST_NAMED = 40;

interface Column<T> {
  readonly heading: string;
  text(row: T, index: number): string;
}

/**
 * The best networks and, where there are several seeds, the best settings, as lines for a terminal of 80 columns: with the
 * settings that vary.
 */
export function formatSweep(report: SweepReport): string {
  const { networks, settings, file } = report;
  const varying = varyingIn(report);
  const without = varying.filter((name) => name !== 'seed');
  const [loss, accuracy] = scoreColumns(file.objective);
  const tables = [
    sumsLine(report),
    '',
    ...table(
      networks,
      [
        { heading: '', text: ({ status }, i) => (status === 'trained' ? String(i + 1) : status) },
        { heading: accuracy, text: ({ validation }) => (validation ? percents(validation.accuracy) : '') },
        { heading: loss, text: ({ validation }) => (validation ? lossText(validation.loss) : '') },
        { heading: 'test %', text: ({ test }) => (test ? percents(test.accuracy) : '') },
      ],
      varying,
      'networks.csv',
    ),
  ];
  const trained = settings.filter(({ validation }) => validation !== null);
  const hasDiverged = trained.some(({ diverged }) => diverged > 0);
  if (!varying.includes('seed') || trained.length === 0) return tables.join('\n');
  return [
    ...tables,
    '',
    `Means over seeds, with 95 % intervals${hasDiverged ? ', without seeds that diverged' : ''}:`,
    '',
    ...table(
      trained,
      [
        { heading: 'seeds', text: seedsText },
        { heading: accuracy, text: (row) => meanText(row, 'accuracy') },
        { heading: loss, text: (row) => meanText(row, 'loss') },
      ],
      without,
      'report.json',
    ),
  ].join('\n');
}

function scoreColumns(objective: Objective): readonly [loss: string, accuracy: string] {
  const mark = (name: string, what: Objective) => (objective === what ? `${name} *` : name);
  return [mark('val. loss', 'validationLoss'), mark('val. %', 'validationAccuracy')];
}

function sumsLine({ networks, missing, file }: SweepReport): string {
  const count = (status: string) => networks.filter((network) => network.status === status).length;
  const lost = missing.reduce((sum, task) => sum + task.networks.length, 0);
  const total = networks.length + lost;
  const parts = [
    `${total} network${total === 1 ? '' : 's'}: ${count('trained')} trained`,
    ...(count('stopped') > 0 ? [`${count('stopped')} stopped by halving`] : []),
    ...(count('diverged') > 0 ? [`${count('diverged')} diverged`] : []),
    ...(lost > 0 ? [`${lost} missing`] : []),
  ];
  const by = file.objective === 'validationLoss' ? 'loss' : 'accuracy';
  return `${parts.join(', ')}.\nBest first, by validation ${by} (*):`;
}

/** Rows with their own columns, and with as many settings as there is room for. */
function table<T extends { readonly settings: SharedSettings }>(
  rows: readonly T[],
  own: readonly Column<T>[],
  varying: readonly SettingName[],
  file: string,
): string[] {
  const shown = rows.slice(0, MOST_ROWS);
  const settings = varying.map(
    (name): Column<T> => ({
      heading: SETTINGS[name].heading,
      text: (row) => shortened(settingText(settingValue(row.settings, name))),
    }),
  );
  const lines = (columns: readonly Column<T>[]) =>
    alignedLines(
      columns.map(({ heading }) => heading),
      shown.map((row, i) => columns.map(({ text }) => text(row, i))),
      columns.map(() => true),
    );
  const isWide = (columns: readonly Column<T>[]) => lines(columns).some(({ length }) => length > WIDTH);
  let fitting = settings.length;
  while (fitting > 0 && isWide([...own, ...settings.slice(0, fitting)])) fitting--;
  const left = varying.slice(fitting).map((name) => SETTINGS[name].heading);
  return [
    ...lines([...own, ...settings.slice(0, fitting)]),
    ...(rows.length > shown.length ? [`… ${rows.length - shown.length} more in ${file}`] : []),
    ...(left.length > 0 ? [`Not shown, but in ${file}: ${left.join(', ')}`] : []),
  ];
}

function shortened(text: string): string {
  return text.length <= LONGEST_CELL ? text : `…${text.slice(1 - LONGEST_CELL)}`;
}

function percents(share: number): string {
  return (100 * share).toFixed(2);
}

function lossText(loss: number): string {
  return loss.toPrecision(4);
}

/** A mean, and half of its interval with as many decimals. */
function meanText({ validation }: SettingReport, what: 'loss' | 'accuracy'): string {
  if (!validation) return '';
  const { mean, interval } = validation[what];
  const half = interval && (interval[1] - interval[0]) / 2;
  const text = what === 'loss' ? lossText(mean) : percents(mean);
  if (half === null) return text;
  if (what === 'accuracy') return `${text} ± ${percents(half)}`;
  // Losses that are tiny or huge are written with exponents.
  if (text.includes('e')) return `${text} ± ${half.toPrecision(2)}`;
  return `${text} ± ${half.toFixed(text.split('.')[1]?.length ?? 0)}`;
}

/** How many of a setting's networks its means are of. */
export function seedsText({ trained, stopped, diverged, missing }: SettingReport): string {
  const all = trained + stopped + diverged + missing;
  return trained === all ? String(trained) : `${trained} of ${all}`;
}

/**
 * The tasks that are missing, the first of them with why and with their networks, each on a line with those of its settings that
 * vary in the sweep.
 */
export function missingText(report: Pick<SweepReport, 'networks' | 'missing'>): string {
  const { missing } = report;
  const varying = varyingIn(report);
  const shown = missing.slice(0, MOST_ROWS);
  const most = Math.max(2, Math.floor(MOST_NAMED / shown.length));
  const lines = shown.flatMap(({ task, networks, reasons }) => {
    const unnamed = networks.length - most;
    return [
      `Task ${task}, ${networks.length === 1 ? '1 network' : `${networks.length} networks`}: ${reasons.join(' ')}`,
      ...networks
        .slice(0, most)
        .map(({ id, settings }) => `  ${[id, ...wordsOf(settings, varying)].join('  ')}`),
      ...(unnamed > 0 ? [`  … and ${unnamed} more`] : []),
    ];
  });
  const left = missing.length - shown.length;
  return [
    ...lines,
    ...(left > 0 ? [`… and ${left} tasks more, which report.json has with --partial.`] : []),
  ].join('\n');
}

/** The settings in which the networks of a sweep differ, whether they are there or missing. */
function varyingIn({ networks, missing }: Pick<SweepReport, 'networks' | 'missing'>): SettingName[] {
  return varyingSettings([...networks, ...missing.flatMap((task) => task.networks)]);
}

function wordsOf(settings: SharedSettings, names: readonly SettingName[]): string[] {
  const words = names.map((name) => `${SETTINGS[name].heading} ${settingText(settingValue(settings, name))}`);
  return words.length > 0 ? [words.join(', ')] : [];
}

/** The tasks of which there are different results, a line each, with the adapters that they are from. */
export function differingText(differing: readonly DifferingTask[]): string {
  return differing
    .map(({ task, reported, others }) => {
      const where = ({ folder, adapter }: SweepRun) => `${folder} (${adapter})`;
      return `Task ${task} has other results in ${others.map(where).join(' and ')} than in ${where(reported)}, which is reported.`;
    })
    .join('\n');
}
