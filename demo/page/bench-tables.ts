import {
  type BenchReport,
  type CaseResult,
  type Ended,
  type Floor,
  type KernelResult,
  type MeasuredCase,
  networkName,
  operationRate,
  type Quantity,
  type Spread,
  type TimelessCase,
  type TimelessTraining,
  type TrainingResult,
  timeIn,
  timeRange,
  trafficRate,
} from '../../src/bench.ts';
import { kernelWord, planWord, WORDS } from './bench-words.ts';
import { make } from './dom.ts';
import { breakable, type explanations, type Word } from './explained.ts';
import { count, figure, percent } from './format.ts';
import { tableWith } from './table.ts';

export type Explained = ReturnType<typeof explanations>;

/** A row: what was measured, and its figures, or why there are none. */
interface Line {
  readonly name: Word;
  /** What tells it from other rows of the name; empty where none has it. */
  readonly detail: string;
  readonly figures: readonly Figure[] | TimelessCase | TimelessTraining;
}

/** Share: drawn as a bar too. */
type Figure = string | Quantity | { readonly share: number };

interface Table {
  readonly caption: string;
  readonly names: readonly Word[];
  /** The most telling first, since a narrow window shows no more. */
  readonly columns: readonly Word[];
  readonly lines: readonly Line[];
}

const NOTHING = '–';
const SPREAD = [WORDS.interval, WORDS.p95, WORDS.ended];

/** Tables of a report's figures, and of the floor that shares refer to. */
export function benchTables(report: BenchReport, explained: Explained): HTMLElement[] {
  const floor = tableOf(floorTable(report.floor), explained);
  if (report.bench === 'floor') return [floor];
  const main = report.bench === 'kernels' ? kernelsTable(report.kernels) : trainingTable(report.training);
  return [tableOf(main, explained), make('details', {}, make('summary', {}, 'The floor'), floor)];
}

function floorTable({ dispatch, roundTrip, copies, fma, halfFma, sharedFma }: Floor): Table {
  const timed = (name: Word, time: Spread): Line => ({
    name,
    detail: '',
    figures: [timeIn(time.min), timeIn(time.median), ...spreadFigures(time, null), NOTHING],
  });
  const rated = (
    name: Word,
    detail: string,
    result: CaseResult,
    best: (measured: MeasuredCase) => Quantity,
  ): Line => ({
    name,
    detail,
    figures:
      result.status === 'measured'
        ? [
            best(result),
            timeIn(result.time.median),
            ...spreadFigures(result.time, result.ended),
            checkedText(result),
          ]
        : result,
  });
  const operations = ({ flops, time }: MeasuredCase) => operationRate(flops / time.min / 1000);
  return {
    caption: 'The floor: what no shader on this machine can beat',
    names: [WORDS.floor],
    columns: [WORDS.best, WORDS.median, ...SPREAD, WORDS.checked],
    lines: [
      timed(WORDS.dispatch, dispatch),
      timed(WORDS.roundTrip, roundTrip),
      ...copies.map((copy) =>
        rated(WORDS.copy, copy.size, copy, ({ bytes, time }) => trafficRate(bytes / time.min / 1000)),
      ),
      rated(WORDS.multiplyAdds, '', fma, operations),
      rated(WORDS.halfMultiplyAdds, '', halfFma, operations),
      rated(WORDS.sharedMultiplyAdds, '', sharedFma, operations),
    ],
  };
}

function kernelsTable(kernels: readonly KernelResult[]): Table {
  return {
    caption: 'Kernels: shares of the floor, times and rates',
    names: [WORDS.kernel, WORDS.size],
    columns: [
      WORDS.share,
      WORDS.median,
      WORDS.boundBy,
      WORDS.operations,
      WORDS.traffic,
      ...SPREAD,
      WORDS.checked,
    ],
    lines: kernels.map((result) => ({
      name: kernelWord(result.kernel),
      detail: result.variant === null ? result.size : `${result.size}, ${result.variant}`,
      figures:
        result.status !== 'measured'
          ? result
          : [
              { share: result.share },
              timeIn(result.time.median),
              result.boundBy,
              operationRate(result.gflops),
              trafficRate(result.gigabytesPerSecond),
              ...spreadFigures(result.time, result.ended),
              checkedText(result),
            ],
    })),
  };
}

function trainingTable(training: readonly TrainingResult[]): Table {
  return {
    caption: 'Training: images a second, times of a step and shares of the floor',
    names: [WORDS.plan, WORDS.network, WORDS.batch],
    columns: [
      WORDS.images,
      WORDS.step,
      WORDS.share,
      WORDS.boundBy,
      ...SPREAD,
      WORDS.host,
      WORDS.dispatches,
      WORDS.loss,
      WORDS.lossChecked,
    ],
    lines: training.map((result) => ({
      name: planWord(result.plan),
      detail: `${networkName(result)}, batch ${count(result.batchSize)}`,
      figures:
        result.status !== 'measured'
          ? result
          : [
              count(result.imagesPerSecond),
              timeIn(result.step.median),
              { share: result.share },
              result.boundBy,
              ...spreadFigures(result.step, result.ended),
              timeIn(result.hostMicroseconds),
              String(result.dispatchesPerStep),
              `${figure(result.firstLoss)} to ${figure(result.lastLoss)}`,
              result.twinSamples === 0 ? 'loss falls' : `2 steps of ${result.twinSamples}`,
            ],
    })),
  };
}

/** @param ended null where the number of measurements is fixed */
function spreadFigures({ low, high, p95 }: Spread, ended: Ended | null): Figure[] {
  return [low === null || high === null ? NOTHING : timeRange(low, high), timeIn(p95), ended ?? NOTHING];
}

function checkedText({ checked: { values, of } }: MeasuredCase): string {
  return values === of ? `all ${count(of)}` : `${count(values)} of ${count(of)}`;
}

function tableOf({ caption, names, columns, lines }: Table, explained: Explained): HTMLElement {
  // A comma stays with its word where the heading is broken.
  const heading = names.flatMap((word, i) => {
    const comma = i < names.length - 1 ? ',' : '';
    return [make('span', { class: 'listed' }, explained.word(word), comma), ' '];
  });
  const table = tableWith(
    caption,
    [
      make('th', { scope: 'col', class: 'name' }, ...heading),
      ...columns.map((word) => make('th', { scope: 'col', class: 'figure' }, explained.word(word))),
    ],
    lines.map((line) => rowOf(line, columns.length, explained)),
  );
  return make('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': caption }, table);
}

function rowOf({ name, detail, figures }: Line, columns: number, explained: Explained): HTMLTableRowElement {
  const word = explained.word(name, breakable(name.term));
  const details = detail === '' ? [] : [' ', make('span', { class: 'detail' }, detail)];
  return make(
    'tr',
    {},
    make('th', { scope: 'row', class: 'name' }, word, ...details),
    ...('status' in figures ? [reasonCell(figures, columns, explained)] : figures.map(figureCell)),
  );
}

function reasonCell(
  { status, reason }: TimelessCase | TimelessTraining,
  columns: number,
  explained: Explained,
): HTMLElement {
  return make(
    'td',
    { class: status, colspan: String(columns) },
    make('div', { class: 'reason' }, explained.word(WORDS[status]), `: ${reason}`),
  );
}

function figureCell(value: Figure): HTMLElement {
  if (typeof value === 'string') return make('td', { class: 'figure' }, value);
  if ('share' in value) {
    const bar = make('span', { class: 'share' }, percent(value.share, 1));
    bar.style.setProperty('--share', `${Math.min(100, 100 * value.share)}%`);
    return make('td', { class: 'figure' }, bar);
  }
  // Units of one width keep the digits of a column in line.
  return make(
    'td',
    { class: 'figure' },
    `${value.digits} `,
    make('span', { class: 'quantity-unit' }, value.unit),
  );
}
