import type {
  BenchEnvironment,
  BenchReport,
  CaseResult,
  Ended,
  Floor,
  KernelResult,
  MeasuredCase,
  Spread,
  TimelessCase,
  TimelessTraining,
  TrainingResult,
} from '../../src/bench.ts';
import { make } from './dom.ts';
import { count, figure, percent } from './format.ts';

/** A row: what was measured, and its figures, or why there are none. */
interface Line {
  readonly names: readonly string[];
  readonly figures: readonly string[] | TimelessCase | TimelessTraining;
}

interface Figures {
  readonly caption: string;
  /** Answers what a reader may ask. */
  readonly note: string;
  /** Headings: columns of words, then columns of figures. */
  readonly names: readonly string[];
  readonly columns: readonly string[];
  readonly lines: readonly Line[];
}

const SHARE_NOTE =
  '100 % of the floor is the best there can be; where it is more, the machine was slower when the floor was measured.';

const AFTER_MEDIAN = ['95 % interval', 'Ended', 'p95, µs'];

const INTERVAL_NOTE =
  'The median is within the interval in 95 % of the cases. Measuring ended when that was within 3 % (precise), or when the time was over (time).';

/** Tables of a report's figures, and of the floor that shares refer to. */
export function benchTables(report: BenchReport): HTMLElement[] {
  if (report.bench === 'floor') return tableOf(floorFigures(report.floor));
  const main = report.bench === 'kernels' ? kernelFigures(report.kernels) : trainingFigures(report.training);
  const summary = make('summary', {}, 'The floor');
  return [...tableOf(main), make('details', {}, summary, ...tableOf(floorFigures(report.floor)))];
}

function floorFigures({ dispatch, roundTrip, copies, fma, halfFma, sharedFma }: Floor): Figures {
  const multiplyAdds = (name: string, result: CaseResult): Line => ({
    names: [name],
    figures:
      result.status === 'measured'
        ? [...times(result.time, result.ended), rate(result, result.flops, 'GFLOP/s'), checked(result)]
        : result,
  });
  const rate = (measured: MeasuredCase, amount: number, unit: string) =>
    `${figure(amount / measured.time.min / 1000)} ${unit}`;
  return {
    caption: 'The floor: what no shader on this machine can beat',
    note: `Values were compared with what float64 computes before any time counted. ${INTERVAL_NOTE}`,
    names: ['Floor'],
    columns: ['Median, µs', ...AFTER_MEDIAN, 'Best rate', 'Values checked'],
    lines: [
      { names: ['Dispatch after dispatch'], figures: [...times(dispatch, null), '–', '–'] },
      { names: ['From submit to done'], figures: [...times(roundTrip, null), '–', '–'] },
      ...copies.map((copy) => ({
        names: [`Copying ${copy.size}`],
        figures: [...times(copy.time, copy.ended), rate(copy, copy.bytes, 'GB/s'), checked(copy)],
      })),
      multiplyAdds('Multiply-adds', fma),
      multiplyAdds('Multiply-adds in float16', halfFma),
      multiplyAdds('Multiply-adds, loads shared', sharedFma),
    ],
  };
}

function kernelFigures(kernels: readonly KernelResult[]): Figures {
  return {
    caption: 'Kernels: times, rates and shares of the floor',
    note: `Values were compared with what float64 computes before the time counted. ${INTERVAL_NOTE} ${SHARE_NOTE}`,
    names: ['Kernel', 'Size'],
    columns: [
      'Median, µs',
      ...AFTER_MEDIAN,
      'GFLOP/s',
      'GB/s',
      'Bound by',
      'Share of floor',
      'Values checked',
    ],
    lines: kernels.map((result) => ({
      names: [result.kernel, result.variant === null ? result.size : `${result.size}, ${result.variant}`],
      figures:
        result.status !== 'measured'
          ? result
          : [
              ...times(result.time, result.ended),
              figure(result.gflops),
              figure(result.gigabytesPerSecond),
              result.boundBy,
              percent(result.share, 1),
              checked(result),
            ],
    })),
  };
}

function trainingFigures(training: readonly TrainingResult[]): Figures {
  return {
    caption: 'Training: times of a step, rates and shares of the floor',
    note: `Checked are the losses of two steps, against float64, and that the loss falls. ${INTERVAL_NOTE} ${SHARE_NOTE}`,
    names: ['Plan', 'Hidden units'],
    columns: [
      'Batch',
      'Images/s',
      'Median step, µs',
      ...AFTER_MEDIAN,
      'Host per step, µs',
      'Dispatches',
      'Bound by',
      'Share of floor',
      'Loss',
      'Checked',
    ],
    lines: training.map((result) => ({
      names: [result.plan, result.hidden.join(', ') || 'none'],
      figures:
        result.status !== 'measured'
          ? result
          : [
              count(result.batchSize),
              figure(result.imagesPerSecond),
              ...times(result.step, result.ended),
              figure(result.hostMicroseconds),
              String(result.dispatchesPerStep),
              result.boundBy,
              percent(result.share, 1),
              `${figure(result.firstLoss)} to ${figure(result.lastLoss)}`,
              result.twinSamples === 0 ? 'loss falls' : `2 steps of ${result.twinSamples}`,
            ],
    })),
  };
}

/** @param ended null where the number of measurements is fixed */
function times({ median, low, high, p95 }: Spread, ended: Ended | null): string[] {
  const interval = low === null || high === null ? '–' : `${figure(low)} to ${figure(high)}`;
  return [figure(median), interval, ended ?? '–', figure(p95)];
}

function checked({ checked: { values, of } }: MeasuredCase): string {
  return values === of ? `all ${count(of)}` : `${count(values)} of ${count(of)}`;
}

function tableOf({ caption, note, names, columns, lines }: Figures): HTMLElement[] {
  const heading = (name: string, kind: string) => make('th', { scope: 'col', class: kind }, name);
  const table = make(
    'table',
    { class: 'facts' },
    make('caption', { class: 'unseen' }, caption),
    make(
      'thead',
      {},
      make(
        'tr',
        {},
        ...names.map((name) => heading(name, 'name')),
        ...columns.map((name) => heading(name, 'figure')),
      ),
    ),
    make('tbody', {}, ...lines.map((line) => rowOf(line, columns.length))),
  );
  return [
    make('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': caption }, table),
    make('p', { class: 'caption' }, note),
  ];
}

function rowOf({ names: [first = '', ...others], figures }: Line, columns: number): HTMLElement {
  return make(
    'tr',
    {},
    make('th', { scope: 'row', class: 'name' }, first),
    ...others.map((name) => make('td', { class: 'name' }, name)),
    ...('status' in figures
      ? [make('td', { class: figures.status, colspan: String(columns) }, reasonOf(figures))]
      : figures.map((text) => make('td', { class: 'figure' }, text))),
  );
}

function reasonOf(result: TimelessCase | TimelessTraining): string {
  const batch = 'batchSize' in result ? `Batch ${count(result.batchSize)} ` : '';
  const reason = `${result.status}: ${result.reason}`;
  return batch === '' ? `${reason.charAt(0).toUpperCase()}${reason.slice(1)}` : `${batch}${reason}`;
}

/** The circumstances that every figure depends on. */
export function environmentTable(environment: BenchEnvironment): HTMLElement {
  const { adapter, timing, versions, features, date } = environment;
  const { clock, quantumNanoseconds: quantum, roundTripMicroseconds } = timing;
  const kind = adapter.software ? 'Software' : 'Hardware';
  const rows: readonly (readonly [string, ...(Node | string)[]])[] = [
    ['Adapter', make('span', { class: `badge ${kind.toLowerCase()}` }, kind), ` ${adapter.description}`],
    [
      'Timing',
      clock === 'timestamp-query'
        ? `The GPU's timestamps, multiples of ${count(quantum ?? Number.NaN)} ns`
        : 'Wall clock, with a round trip in every pass',
    ],
    ['Round trip', `${figure(roundTripMicroseconds.median)} µs from submit to done`],
    ['Version', `Shadegrad ${versions.shadegrad}`],
    ['Browser', versions.runtime],
    ['Features', features.join(', ')],
    ['Date', `${date.slice(0, 16).replace('T', ' ')} UTC`],
  ];
  return make(
    'table',
    { class: 'facts' },
    make('caption', { class: 'unseen' }, 'What the figures depend on'),
    make(
      'tbody',
      {},
      ...rows.map(([name, ...content]) =>
        make('tr', {}, make('th', { scope: 'row' }, name), make('td', {}, ...content)),
      ),
    ),
  );
}
