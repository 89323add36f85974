import type { Floor } from './floor.ts';
import type { KernelResult } from './kernels.ts';
import { type BenchReport, multiplyAdds } from './report.ts';
import { peak } from './roofline.ts';
import type { CaseResult } from './run-case.ts';
import { type Spread, scaled } from './statistics.ts';
import { type TrainingResult, trainingName } from './train.ts';

/** A line of a report that can be held against the same line of another. */
export interface BenchRow {
  /** Names it among the rows of its kind of report, and of the floor. */
  readonly what: string;
  readonly of: 'floor' | BenchReport['bench'];
  readonly status: 'measured' | 'void' | 'skipped';
  /** Why it has no figure; empty where it has one. */
  readonly reason: string;
  /** Whether values were compared with float64 before the time counted. */
  readonly isChecked: boolean;
  /** Microseconds for the row's work; null where it has no figure. */
  readonly time: Spread | null;
  /** Of the floor; null for the floor itself. */
  readonly share: number | null;
  /** What it does in a second; null where times say more. */
  readonly rate: { readonly value: number; readonly unit: string } | null;
}

/** The rows of a report: its floor, then what it is about. */
export function rowsOf(report: BenchReport): BenchRow[] {
  const floor = floorRows(report.floor);
  if (report.bench === 'floor') return floor;
  const own = report.bench === 'kernels' ? report.kernels.map(kernelRow) : report.training.map(trainingRow);
  return [...floor, ...own];
}

function floorRows({ dispatch, roundTrip, copies, ...rest }: Floor): BenchRow[] {
  const timed = (what: string, time: Spread): BenchRow => ({ ...FIGURE, of: 'floor', what, time });
  return [
    timed('dispatch after dispatch', dispatch),
    timed('submit to done', roundTrip),
    ...copies.map((copy) => caseRow(`copy, ${copy.size}`, copy, 1, 'GB/s')),
    // The best of several cases, which differ in their work: the time of 2^30 operations is told.
    ...multiplyAdds({ dispatch, roundTrip, copies, ...rest }).map(([what, result]) =>
      caseRow(what, result, result.status === 'measured' ? result.flops / 2 ** 30 : 1, 'GFLOP/s'),
    ),
  ];
}

const FIGURE = {
  status: 'measured',
  reason: '',
  isChecked: true,
  time: null,
  share: null,
  rate: null,
} as const;

/** @param work that the time is divided by */
function caseRow(what: string, result: CaseResult, work: number, unit: 'GB/s' | 'GFLOP/s'): BenchRow {
  if (result.status !== 'measured') {
    return { ...FIGURE, of: 'floor', what, status: result.status, reason: result.reason };
  }
  const { time, checked, flops, bytes } = result;
  const value = peak(result, unit === 'GB/s' ? bytes : flops);
  return {
    ...FIGURE,
    of: 'floor',
    what,
    isChecked: checked.values > 0,
    time: scaled(time, 1 / work),
    rate: { value, unit },
  };
}

function kernelRow(result: KernelResult): BenchRow {
  const { kernel, size, variant } = result;
  const what = [kernel, size, ...(variant === null ? [] : [variant])].join(', ');
  const named = { ...FIGURE, of: 'kernels', what } as const;
  if (result.status !== 'measured') return { ...named, status: result.status, reason: result.reason };
  const { time, share, checked } = result;
  return { ...named, time, share, isChecked: checked.values > 0 };
}

function trainingRow(result: TrainingResult): BenchRow {
  const named = { ...FIGURE, of: 'train', what: trainingName(result) } as const;
  if (result.status !== 'measured') return { ...named, status: result.status, reason: result.reason };
  const { step: time, share, twinSamples, imagesPerSecond: value } = result;
  return { ...named, time, share, isChecked: twinSamples > 0, rate: { value, unit: 'images/s' } };
}
