/**
 * What measures: what no shader can beat on an adapter, each kernel as a share of that, whole trainings, and how well
 * `auto` chooses among plans. Results are held against float64 before they count.
 *
 * An entry of its own: what measures is twice as much as what trains.
 *
 * @module shadegrad/bench
 */

export {
  benchChoice,
  CHOICE_SHAPES,
  type ChoiceBenchOptions,
  type ChoiceReport,
  type ChoiceShape,
  choiceBenchLimits,
  FEW_CHOICE_SHAPES,
  type PlanTiming,
  type ShapeChoice,
} from './bench/choice.ts';
export type { NamedReport } from './bench/columns.ts';
export { type BenchComparison, type ComparedRow, compareBench, formatComparison } from './bench/compare.ts';
export {
  benchDispatches,
  type DispatchesOptions,
  type DispatchesReport,
  dispatchesLimits,
  type StepOfTraining,
  type TimedDispatch,
} from './bench/dispatches.ts';
export { BENCH_FEATURES, type BenchEnvironment, type BenchSubject } from './bench/environment.ts';
export {
  type BenchOptions,
  type BenchProgress,
  benchFloor,
  benchStepFloor,
  type Floor,
  type FloorReport,
  type StepFloor,
} from './bench/floor.ts';
export { benchCsv, formatBench } from './bench/format.ts';
export {
  benchKernelNames,
  benchKernels,
  checkKernelNames,
  type KernelResult,
  type KernelsOptions,
  type KernelsReport,
} from './bench/kernels.ts';
export type { DispatchTime, MeasureOptions } from './bench/measure.ts';
export { type Estimate, type Ratio, ratioOf, type Verdict } from './bench/ratio.ts';
export { type BenchReport, networkName } from './bench/report.ts';
export { benchFile, readBenchFile } from './bench/result-file.ts';
export type { Bound, FloorShare } from './bench/roofline.ts';
export type { CaseResult, MeasuredCase, TimelessCase } from './bench/run-case.ts';
export { type Ended, type Interval, type Spread, spread } from './bench/statistics.ts';
export { coversStep, stepShare, type TrainingStep } from './bench/step-share.ts';
export { type BenchSummary, benchSummary } from './bench/summary.ts';

export type { Clock, TimingMethod } from './bench/timing.ts';
export {
  benchTraining,
  type MeasuredTraining,
  type TimelessTraining,
  type TrainingAxes,
  type TrainingBenchOptions,
  type TrainingReport,
  type TrainingResult,
  trainingBenchLimits,
} from './bench/train.ts';
export type { TrainingConfig } from './bench/training-work.ts';
export {
  operationRate,
  type Quantity,
  quantityText,
  timeIn,
  timeRange,
  trafficRate,
} from './bench/units.ts';
