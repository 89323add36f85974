import { ShadegradError } from '../errors.ts';
import type { KernelCase } from './cases/case.ts';
import { floorCases, type Series } from './cases/floor.ts';
import { type BenchEnvironment, type BenchSubject, benchEnvironment } from './environment.ts';
import type { MeasureOptions } from './measure.ts';
import { copyFor } from './roofline.ts';
import { type CaseResult, type MeasuredCase, runCase, type TimelessCase } from './run-case.ts';
import type { Spread } from './statistics.ts';
import { stepWork, type TrainingStep } from './step-share.ts';
import { checkInterrupted, PassTimer } from './timing.ts';
import { Workload } from './workload.ts';

/** How far a benchmark is. */
export interface BenchProgress {
  /** What is being measured. */
  readonly label: string;
  /** How many things are measured already. */
  readonly done: number;
  /** Out of so many. */
  readonly total: number;
}

/** How long is measured, and who is told how far it is. */
export interface BenchOptions extends MeasureOptions {
  /** Called before each thing that is measured. */
  readonly onProgress?: ((progress: BenchProgress) => void) | undefined;
}

/** The limits that the share of a step of training is of. Each kernel that measures them was first checked against its twin. */
export interface StepFloor {
  /** Microseconds from one dispatch to the next in one pass; they do nothing but depend on each other. */
  readonly dispatch: Spread;
  /** Copies, sorted by working set. Both bytes read and bytes written count. */
  readonly copies: readonly MeasuredCase[];
  /** Fused multiply-adds in registers: the fastest of those that were measured, those with shared loads among them. */
  readonly fma: MeasuredCase;
}

/** Limits that no kernel on this device can beat. The last of the copies is larger than most caches. */
export interface Floor extends StepFloor {
  /** Microseconds from submitting one empty dispatch until the host knows that it is done. */
  readonly roundTrip: Spread;
  /** Fused multiply-adds in registers in float16; skipped where the device has none. */
  readonly halfFma: CaseResult;
  /**
   * Multiply-adds of numbers that one lane loads and all lanes of its subgroup use, four for each number; skipped where
   * the device has no subgroups.
   */
  readonly sharedFma: CaseResult;
}

/** What no shader can beat on an adapter. */
export interface FloorReport {
  /** What this is a report of. */
  readonly bench: 'floor';
  /** What all of it was measured in. */
  readonly environment: BenchEnvironment;
  /** The limits. */
  readonly floor: Floor;
}

/**
 * Measures the limits that all other figures are compared with.
 * @throws ShadegradError `gpu` (also where a kernel of the floor computes nonsense), `device-lost` or `interrupted`
 */
export async function benchFloor(subject: BenchSubject, options: BenchOptions = {}): Promise<FloorReport> {
  const timer = await PassTimer.create(subject.device, options.signal);
  try {
    const { floor, environment } = await measureFloor(subject, timer, options);
    return { bench: 'floor', environment, floor };
  } finally {
    timer.destroy();
  }
}

/** How many steps {@link measureFloor} has, for reports of progress. */
export function floorSteps(): number {
  const { copies, fmas, halfFmas } = floorCases();
  return 1 + copies.length + fmas.length + halfFmas.length + 1;
}

const ROUND_TRIPS = 50;

/** A dispatch that takes longer than this is long enough: one with more work would be no faster. */
const LONG_MICROSECONDS = 2_000;

export async function measureFloor(
  subject: BenchSubject,
  timer: PassTimer,
  { onProgress, ...options }: BenchOptions,
  total = floorSteps(),
): Promise<{ floor: Floor; environment: BenchEnvironment }> {
  let done = 0;
  const tell = ({ dispatch, size }: KernelCase) =>
    onProgress?.({ label: `floor: ${dispatch.kernel}, ${size}`, done: done++, total });
  const { run, best } = measuring(timer, options, tell);
  const cases = floorCases();
  const dispatch = await run(cases.empty);
  const roundTrip = await measureRoundTrip(timer, options.signal);
  const copies: MeasuredCase[] = [];
  for (const copy of cases.copies) copies.push(await run(copy));
  const alone = await best(cases.fmas);
  const halfFma = await best(cases.halfFmas);
  const sharedFma = await best([widestFitting(cases.sharedFmas, subject.device)]);
  // Whatever a compiler makes of them, nothing here shows that multiply-adds cannot be as fast as the faster ones.
  const fma = measuredOrFail(better(alone, sharedFma));
  const timing = {
    clock: dispatch.clock,
    quantumNanoseconds: timer.quantum,
    roundTripMicroseconds: roundTrip,
  };
  return {
    floor: { dispatch: dispatch.time, roundTrip, copies, fma, halfFma, sharedFma },
    environment: benchEnvironment(subject, timing),
  };
}

/**
 * Measures what a step of training has its share of, and no more: seconds on software, less on a GPU.
 *
 * @param step for whose size memory is measured, see {@link coversStep}
 * @throws ShadegradError as {@link benchFloor}
 */
export async function benchStepFloor(
  { device }: Pick<BenchSubject, 'device'>,
  step: TrainingStep,
  options: MeasureOptions = {},
): Promise<StepFloor> {
  const timer = await PassTimer.create(device, options.signal);
  try {
    const { run, best } = measuring(timer, options);
    const { empty, copies, fmas, sharedFmas } = floorCases();
    const { time: dispatch } = await run(empty);
    const measured: MeasuredCase[] = [];
    const needed = copyFor(stepWork(step).workingSet);
    for (const copy of copies) if (copy.bytes === needed) measured.push(await run(copy));
    const fma = measuredOrFail(await best([...fmas, widestFitting(sharedFmas, device)]));
    return { dispatch, copies: measured, fma };
  } finally {
    timer.destroy();
  }
}

/** @param tell called with the case that is measured next, once for each series */
function measuring(timer: PassTimer, options: MeasureOptions, tell?: (kernelCase: KernelCase) => void) {
  return {
    run: async (kernelCase: KernelCase): Promise<MeasuredCase> => {
      tell?.(kernelCase);
      return measuredOrFail(await runCase(timer, kernelCase, options));
    },
    /** The fastest case of all series. */
    best: async (all: readonly Series[]): Promise<CaseResult> => {
      const results: CaseResult[] = [];
      for (const series of all) {
        const [first] = series;
        if (first) tell?.(first);
        results.push(...(await runSeries(timer, series, options)));
      }
      return results.reduce(better);
    },
  };
}

/**
 * The cases from the first one on, up to one that is long enough.
 * @throws ShadegradError as {@link benchFloor}
 */
export async function runSeries(
  timer: PassTimer,
  series: Series,
  options: MeasureOptions,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const kernelCase of series) {
    const result = await runCase(timer, kernelCase, options);
    // Another case that is right must not hide it.
    if (result.status === 'void') throw immeasurable(result);
    results.push(result);
    if (result.status !== 'measured' || result.time.median > LONG_MICROSECONDS) break;
  }
  return results;
}

/** Of two results the faster one; one without a time only if both have none. */
function better(a: CaseResult, b: CaseResult): CaseResult {
  if (b.status !== 'measured') return a;
  return a.status === 'measured' && a.gflops >= b.gflops ? a : b;
}

/** Of series for subgroups of rising widths, the last one whose lanes every subgroup of the device has, or the first. */
function widestFitting(all: readonly Series[], { adapterInfo }: GPUDevice): Series {
  const fitting = all.filter(([first]) => (first?.lanes ?? 1) <= adapterInfo.subgroupMinSize);
  return fitting.at(-1) ?? all[0] ?? [];
}

function measuredOrFail(result: CaseResult): MeasuredCase {
  if (result.status === 'measured') return result;
  throw immeasurable(result);
}

function immeasurable({ kernel, size, reason }: TimelessCase): ShadegradError {
  return new ShadegradError(
    'gpu',
    `The floor cannot be measured: ${kernel}, ${size}: ${reason}`,
    'Update the GPU driver, or choose another adapter.',
  );
}

/** Microseconds from submitting one empty dispatch until the host knows that it is done. */
export async function measureRoundTrip(timer: PassTimer, signal: AbortSignal | undefined): Promise<Spread> {
  const { dispatch, prepare } = floorCases().empty;
  const workload = await Workload.create(timer.device, dispatch, prepare().data);
  try {
    checkInterrupted(signal);
    return await timer.roundTrip((pass) => workload.record(pass, 1), ROUND_TRIPS);
  } finally {
    workload.destroy();
  }
}
