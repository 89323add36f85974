import type { Cell } from '../report/table.ts';
import type { ChoiceReport } from './choice.ts';
import type { BenchEnvironment } from './environment.ts';
import type { Floor, FloorReport } from './floor.ts';
import type { KernelResult, KernelsReport } from './kernels.ts';
import { peak } from './roofline.ts';
import type { CaseResult, MeasuredCase } from './run-case.ts';
import type { Ended, Spread } from './statistics.ts';
import type { TrainingReport, TrainingResult } from './train.ts';
import { specOf } from './training-work.ts';

/** A benchmark's results and its environment. */
export type BenchReport = FloorReport | KernelsReport | TrainingReport;

/** The figures of a report as a table. */
export interface BenchTable {
  /** Names with units, e.g. "median us". */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** The report's figures, as numbers. Shares are from 0 to 1. */
export function benchTable(report: BenchReport | ChoiceReport): BenchTable {
  if (report.bench === 'choice') return choiceTable(report);
  if (report.bench === 'floor') return floorTable(report);
  return report.bench === 'kernels' ? kernelsTable(report) : trainingTable(report);
}

/** The environment in a line or two, to be shown with every figure. */
export function environmentLines({ adapter, toggles, versions, timing }: BenchEnvironment): string[] {
  const { clock, quantumNanoseconds: quantum, roundTripMicroseconds: roundTrip } = timing;
  const resolution =
    clock === 'timestamp-query' ? `multiples of ${quantum ?? '?'} ns` : 'with one round trip in every figure';
  return [
    `Adapter: ${adapter.software ? 'software, on the CPU' : 'hardware'}: ${adapter.description}`,
    `Software: ${versionsText(versions)}, ${toggles.length === 0 ? 'no toggles' : `toggles ${toggles.join(' ')}`}`,
    `Timing: ${clock}, ${resolution}; a submit's round trip takes ${roundTrip.median.toFixed(0)} us`,
  ];
}

export function versionsText({ shadegrad, webgpu, runtime }: BenchEnvironment['versions']): string {
  return [`shadegrad ${shadegrad}`, ...(webgpu === null ? [] : [`webgpu ${webgpu}`]), runtime].join(', ');
}

/** What stands after a median: its 95 % interval, whether that is within 3 % or the time was over, and the 95th percentile. */
const AFTER_MEDIAN = ['low us', 'high us', 'ended', 'p95 us'];

function spreadCells({ median, low, high, p95 }: Spread, ended: Ended | null): Cell[] {
  return [median, low, high, ended, p95];
}

function floorTable({ floor }: FloorReport): BenchTable {
  const times = (time: Spread, ended: Ended | null) => [...spreadCells(time, ended), time.min, time.samples];
  const rated = (
    name: string,
    result: CaseResult,
    amount: (measured: MeasuredCase) => number,
    unit: string,
  ) =>
    result.status === 'measured'
      ? [name, ...times(result.time, result.ended), peak(result, amount(result)), unit, null]
      : [name, ...new Array<null>(9).fill(null), timelessRemark(result)];
  const timed = (name: string, time: Spread) => [name, ...times(time, null), null, null, null];
  return {
    columns: ['floor', 'median us', ...AFTER_MEDIAN, 'best us', 'samples', 'best rate', 'unit', 'remark'],
    rows: [
      timed('dispatch after dispatch', floor.dispatch),
      timed('submit to done', floor.roundTrip),
      ...floor.copies.map((copy) => rated(`copy, ${copy.size}`, copy, ({ bytes }) => bytes, 'GB/s')),
      ...multiplyAdds(floor).map(([name, result]) => rated(name, result, ({ flops }) => flops, 'GFLOP/s')),
    ],
  };
}

/** The floor's rates of arithmetic, by the names that reports give them. */
export function multiplyAdds({ fma, halfFma, sharedFma }: Floor): [name: string, CaseResult][] {
  return [
    ['multiply-add', fma],
    ['multiply-add in float16', halfFma],
    ['multiply-add, loads shared', sharedFma],
  ];
}

function kernelsTable({ kernels }: KernelsReport): BenchTable {
  return {
    columns: [
      'kernel',
      'size',
      'variant',
      'median us',
      ...AFTER_MEDIAN,
      'best us',
      'GFLOP/s',
      'GB/s',
      'bound by',
      'share of floor',
      'checked',
      'samples',
      'copies',
      'clock',
      'remark',
    ],
    rows: kernels.map((result) => [result.kernel, result.size, result.variant, ...kernelCells(result)]),
  };
}

function kernelCells(result: KernelResult): Cell[] {
  if (result.status !== 'measured') {
    return [...new Array<null>(14).fill(null), timelessRemark(result)];
  }
  const { time, ended, gflops, gigabytesPerSecond, boundBy, share, checked, rotation, clock } = result;
  return [
    ...spreadCells(time, ended),
    time.min,
    gflops,
    gigabytesPerSecond,
    boundBy,
    share,
    checked.values / checked.of,
    time.samples,
    rotation.copies,
    clock,
    null,
  ];
}

function trainingTable({ training }: TrainingReport): BenchTable {
  return {
    columns: [
      'plan',
      'network',
      'batch',
      'models',
      'images/s',
      'steps/s',
      'step us',
      ...AFTER_MEDIAN,
      'host us',
      'dispatches',
      'bound by',
      'share of floor',
      'first loss',
      'last loss',
      'remark',
    ],
    rows: training.map((result) => [
      result.plan,
      networkName(result),
      result.batchSize,
      result.models,
      ...trainingCells(result),
    ]),
  };
}

/** The widths of a network's layers, e.g. "784-100-10". */
export function networkName(config: Parameters<typeof specOf>[0]): string {
  const { inputs, hidden, classes } = specOf(config);
  return [inputs, ...hidden, classes].join('-');
}

function trainingCells(result: TrainingResult): Cell[] {
  if (result.status !== 'measured') {
    return [...new Array<null>(13).fill(null), timelessRemark(result)];
  }
  const { step, ended } = result;
  return [
    result.imagesPerSecond,
    result.stepsPerSecond,
    ...spreadCells(step, ended),
    result.hostMicroseconds,
    result.dispatchesPerStep,
    result.boundBy,
    result.share,
    result.firstLoss,
    result.lastLoss,
    result.twinSamples === 0 ? 'too large for the float64 twin: only the loss was watched' : null,
  ];
}

function choiceTable({ shapes }: ChoiceReport): BenchTable {
  return {
    columns: [
      'network',
      'batch',
      'models',
      'chosen',
      'best',
      'chosen / best',
      'choice s',
      'us a step of each',
      'remark',
    ],
    rows: shapes.map(({ chosen, best, ratio, seconds, plans, ...shape }) => {
      const timed = plans.flatMap((plan) => (plan.status === 'timed' ? [plan] : []));
      const late = plans.filter(({ status }) => status === 'late').map(({ plan }) => plan);
      const wrong = plans.flatMap((plan) => (plan.status === 'void' ? [`${plan.plan}: ${plan.reason}`] : []));
      const remarks = [...(late.length > 0 ? [`not compiled in time: ${late.join(' ')}`] : []), ...wrong];
      return [
        networkName(shape),
        shape.batchSize,
        shape.models,
        chosen,
        best,
        ratio,
        seconds,
        timed.map(({ plan, step }) => `${plan} ${step.median.toFixed(0)}`).join(' '),
        remarks.length > 0 ? remarks.join('; ') : null,
      ];
    }),
  };
}

function timelessRemark({ status, reason }: { status: 'void' | 'skipped'; reason: string }): string {
  return `${status}: ${reason}`;
}
