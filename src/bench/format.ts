import { alignedLines, type Cell, csv } from '../report/table.ts';
import type { ChoiceReport } from './choice.ts';
import { type BenchReport, benchTable, environmentLines, versionsText } from './report.ts';
import { benchSummary } from './summary.ts';

/** Columns that only `--json` and `--csv` have, not the text. */
const LEFT_OUT = ['samples', 'copies', 'clock', 'best us', 'first loss'];
const SHARES = ['share of floor', 'checked'];

/** The report as aligned lines for a terminal. */
export function formatBench(report: BenchReport | ChoiceReport): string {
  const { columns, rows } = benchTable(report);
  const empty = (i: number) => rows.every((row) => row[i] === null);
  const shown = [...columns.keys()].filter(
    (i) => !empty(i) && (report.bench === 'floor' || !LEFT_OUT.includes(columns[i] ?? '')),
  );
  const lines = alignedLines(
    shown.map((i) => columns[i] ?? ''),
    rows.map((row) => shown.map((i) => cellText(row[i] ?? null, columns[i] ?? ''))),
    shown.map((i) => rows.some((row) => typeof row[i] === 'number')),
  );
  const sums = report.bench === 'choice' ? [withinLine(report)] : summaryLines(report);
  return [...environmentLines(report.environment), '', ...lines, '', ...sums].join('\n');
}

function summaryLines(report: BenchReport): string[] {
  const { wrong, findings, remarks } = benchSummary(report);
  return [...wrong, ...findings, ...remarks];
}

function withinLine({ shapes, within }: ChoiceReport): string {
  const good = Math.round(within * shapes.length);
  return `Within 10 % of the best: ${good} of ${shapes.length} (${(100 * within).toFixed(0)} %)`;
}

/**
 * The report as CSV (RFC 4180): a line of names, every line ended by CR LF, null as an empty field. Every line also
 * says what its figures depend on.
 */
export function benchCsv(report: BenchReport | ChoiceReport): string {
  const { adapter, toggles, versions, timing, date } = report.environment;
  const { columns, rows } = benchTable(report);
  const environment: Readonly<Record<string, Cell>> = {
    adapter: adapter.description,
    software: String(adapter.software),
    toggles: toggles.join(' '),
    versions: versionsText(versions),
    timing: timing.clock,
    'quantum ns': timing.quantumNanoseconds,
    date,
  };
  return csv([
    [...columns, ...Object.keys(environment)],
    ...rows.map((row) => [...row, ...Object.values(environment)]),
  ]);
}

function cellText(cell: Cell, column: string): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return cell;
  return SHARES.includes(column) ? `${(100 * cell).toPrecision(3)} %` : figureText(cell);
}

/** Three significant digits, without an exponent. */
export function figureText(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value === 0 ? '0' : String(Number(value.toPrecision(3)));
}
