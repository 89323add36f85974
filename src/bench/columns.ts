import type { BenchEnvironment } from './environment.ts';
import { type BenchReport, versionsText } from './report.ts';
import { type BenchRow, rowsOf } from './rows.ts';

/** A report and the file that it was read from. */
export interface NamedReport {
  /** Of the file, for messages and headings. */
  readonly name: string;
  /** Its content. */
  readonly report: BenchReport;
}

/** What was measured on one adapter, with the same software and toggles. */
export interface AdapterColumn {
  /** The adapter's description, with what tells it from the others where several have the same. */
  readonly label: string;
  /** Of the newest of its reports. */
  readonly environment: BenchEnvironment;
  /** Names of its files, the newest first. */
  readonly files: readonly string[];
  /** By their names, each from the newest report that has it. */
  readonly rows: ReadonlyMap<string, BenchRow>;
}

/** The adapters of some reports, hardware first, then by name. */
export function adapterColumns(reports: readonly NamedReport[]): AdapterColumn[] {
  const groups = new Map<string, NamedReport[]>();
  for (const named of reports) {
    const { adapter, versions, toggles } = named.report.environment;
    const key = JSON.stringify([adapter.description, versions, toggles]);
    groups.set(key, [...(groups.get(key) ?? []), named]);
  }
  const columns = [...groups.values()].map(columnOf);
  const descriptions = columns.map(({ environment }) => environment.adapter.description);
  return columns
    .map((column) => {
      const { adapter, versions, toggles } = column.environment;
      const isAlone = descriptions.filter((each) => each === adapter.description).length === 1;
      const rest = [versionsText(versions), toggles.join(' ') || 'no toggles'];
      return { ...column, label: [adapter.description, ...(isAlone ? [] : rest)].join(', ') };
    })
    .sort(
      (a, b) =>
        Number(a.environment.adapter.software) - Number(b.environment.adapter.software) ||
        (a.label < b.label ? -1 : 1),
    );
}

function columnOf(reports: readonly NamedReport[]): Omit<AdapterColumn, 'label'> & { label: string } {
  const newest = reports.toSorted((a, b) => (a.report.environment.date > b.report.environment.date ? -1 : 1));
  const rows = new Map<string, BenchRow>();
  for (const { report } of newest.toReversed()) for (const row of rowsOf(report)) rows.set(row.what, row);
  const [first] = newest;
  if (!first) throw new RangeError('no report');
  return {
    label: '',
    environment: first.report.environment,
    files: newest.map(({ name }) => name),
    rows,
  };
}

/** The names of the columns' rows of a kind, in the order of the first column that has them. */
export function rowNames(columns: readonly AdapterColumn[], of: BenchRow['of']): string[] {
  const names = columns.flatMap(({ rows }) => [...rows.values()].filter((row) => row.of === of));
  return [...new Set(names.map(({ what }) => what))];
}
