import { ShadegradError } from '../errors.ts';
import { alignedLines } from '../report/table.ts';
import type { BenchEnvironment } from './environment.ts';
import { figureText } from './format.ts';
import { ratioOf, SAME_FACTOR, type Verdict, verdictOf } from './ratio.ts';
import { type BenchReport, environmentLines } from './report.ts';
import { type BenchRow, rowsOf } from './rows.ts';
import type { Interval } from './statistics.ts';

/** A row that both reports have a figure for. */
export interface ComparedRow {
  /** The row's name, e.g. "dense, 784-100@32". */
  readonly what: string;
  /** Microseconds for the row's work, before. */
  readonly before: number;
  /** Microseconds for the row's work, after. */
  readonly after: number;
  /** How many times as fast it is after as before. */
  readonly speed: number;
  /** Where that lies, with 95 %, going by what was measured; null where too little was. */
  readonly interval: Interval | null;
  /** What {@link ComparedRow.interval} says. */
  readonly verdict: Verdict;
}

/** Two reports of one kind, row by row. */
export interface BenchComparison {
  /** What both are reports of. */
  readonly bench: BenchReport['bench'];
  /** What the older figures were measured in. */
  readonly before: BenchEnvironment;
  /** What the newer figures were measured in. */
  readonly after: BenchEnvironment;
  /** What of their environments is not the same, e.g. "adapter". */
  readonly different: readonly string[];
  /** In the order of the older report. */
  readonly rows: readonly ComparedRow[];
  /** Rows of one report only, or without a figure in one, in words. */
  readonly alone: readonly string[];
}

/**
 * Holds two reports against each other, row by row.
 * @throws ShadegradError `bad-data` if the reports are of different kinds
 */
export function compareBench(before: BenchReport, after: BenchReport): BenchComparison {
  if (before.bench !== after.bench) {
    throw new ShadegradError(
      'bad-data',
      `The files have results of different benchmarks: ${before.bench} and ${after.bench}.`,
      'Compare two of the same.',
    );
  }
  const [first, second] = [before, after].map(rowsByName);
  const names = [...new Set([...(first?.keys() ?? []), ...(second?.keys() ?? [])])];
  const pairs = names.map((name) => ({ name, a: first?.get(name), b: second?.get(name) }));
  return {
    bench: before.bench,
    before: before.environment,
    after: after.environment,
    different: differences(before.environment, after.environment),
    rows: pairs.flatMap(({ name, a, b }) => {
      if (!a?.time || !b?.time) return [];
      const ratio = ratioOf(a.time, b.time);
      return {
        what: name,
        before: a.time.median,
        after: b.time.median,
        speed: ratio.ratio,
        interval: ratio.interval,
        verdict: verdictOf(ratio),
      };
    }),
    alone: pairs.flatMap(({ name, a, b }) => {
      const [before, after] = [whyNot(a), whyNot(b)];
      if (before !== '' && before === after) return `${name}: ${before}`;
      const missing = [...(before && [`before: ${before}`]), ...(after && [`after: ${after}`])];
      return missing.length === 0 ? [] : `${name}: ${missing.join('; ')}`;
    }),
  };
}

function rowsByName(report: BenchReport): Map<string, BenchRow> {
  return new Map(rowsOf(report).map((row) => [row.what, row]));
}

/** Why a report has no figure of a row; empty where it has one. */
function whyNot(row: BenchRow | undefined): string {
  if (!row) return 'not measured';
  return row.status === 'measured' ? '' : `${row.status}: ${row.reason}`;
}

function differences(before: BenchEnvironment, after: BenchEnvironment): string[] {
  const facts = ({ adapter, toggles, versions, timing }: BenchEnvironment) => ({
    adapter: adapter.description,
    shadegrad: versions.shadegrad,
    webgpu: versions.webgpu,
    runtime: versions.runtime,
    toggles: toggles.join(' '),
    clock: timing.clock,
  });
  const [a, b] = [facts(before), facts(after)];
  return (Object.keys(a) as (keyof typeof a)[]).filter((name) => a[name] !== b[name]);
}

/**
 * A comparison as aligned lines for a terminal.
 * @param comparison as {@link compareBench} made it
 */
export function formatComparison({ before, after, different, rows, alone }: BenchComparison): string {
  const about = (when: string, environment: BenchEnvironment) => [
    `${when}, ${environment.date.slice(0, 16).replace('T', ' ')} UTC`,
    ...environmentLines(environment).map((line) => `  ${line}`),
  ];
  const within = Math.round(100 * (SAME_FACTOR - 1));
  return [
    ...about('Before', before),
    ...about('After', after),
    `Different: ${different.join(', ') || 'nothing but the time'}`,
    '',
    ...alignedLines(
      ['', 'before us', 'after us', 'speed', '95 % interval', 'verdict'],
      rows.map(({ what, before, after, speed, interval, verdict }) => [
        what,
        figureText(before),
        figureText(after),
        figureText(speed),
        interval ? `${figureText(interval.low)} to ${figureText(interval.high)}` : '',
        verdict,
      ]),
      [false, true, true, true, true, false],
    ),
    ...(alone.length > 0 ? ['', 'Without two figures:', ...alone.map((line) => `  ${line}`)] : []),
    '',
    `Speed is that of after as a multiple of before. The same is what differs by less than ${within} %; undecided, what could be`,
    'either. Times of multiply-adds are those of 2^30 operations. The intervals know nothing of what differed between the',
    'two runs: where rows of the floor, which come first, are slower too, the machine is.',
  ].join('\n');
}
