import { ShadegradError } from '../errors.ts';
import type { KernelCase } from './cases/case.ts';
import { floorCases } from './cases/floor.ts';
import { type BenchEnvironment, type BenchSubject, benchEnvironment } from './environment.ts';
import type { MeasureOptions } from './measure.ts';
import { type MeasuredCase, runCase } from './run-case.ts';
import type { Spread } from './statistics.ts';
import { checkInterrupted, PassTimer } from './timing.ts';
import { Workload } from './workload.ts';

/** How far a benchmark is. */
export interface BenchProgress {
  /** What is being measured. */
  readonly label: string;
  readonly done: number;
  readonly total: number;
}

export interface BenchOptions extends MeasureOptions {
  readonly onProgress?: ((progress: BenchProgress) => void) | undefined;
}

/** Limits that no kernel on this device can beat. Each kernel that measures them was first checked against its twin. */
export interface Floor {
  /** Microseconds from one dispatch to the next in one pass; they do nothing but depend on each other. */
  readonly dispatch: Spread;
  /** Microseconds from submitting one empty dispatch until the host knows that it is done. */
  readonly roundTrip: Spread;
  /** Copies, sorted by working set; the last is larger than most caches. Both bytes read and bytes written count. */
  readonly copies: readonly MeasuredCase[];
  /** Fused multiply-adds in registers. */
  readonly fma: MeasuredCase;
}

export interface FloorReport {
  readonly bench: 'floor';
  readonly environment: BenchEnvironment;
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
  const { copies, fmas } = floorCases();
  return 1 + copies.length + fmas.length;
}

const ROUND_TRIPS = 50;

/** A dispatch that takes longer than this is long enough: a longer one would be no faster. */
const LONG_MICROSECONDS = 10_000;

export async function measureFloor(
  subject: BenchSubject,
  timer: PassTimer,
  { onProgress, ...options }: BenchOptions,
  total = floorSteps(),
): Promise<{ floor: Floor; environment: BenchEnvironment }> {
  let done = 0;
  const run = (kernelCase: KernelCase) => {
    onProgress?.({ label: `floor: ${kernelCase.dispatch.kernel}, ${kernelCase.size}`, done: done++, total });
    return runOrFail(timer, kernelCase, options);
  };
  const cases = floorCases();
  const dispatch = await run(cases.empty);
  const roundTrip = await measureRoundTrip(timer, options.signal);
  const copies: MeasuredCase[] = [];
  for (const copy of cases.copies) copies.push(await run(copy));
  let fma: MeasuredCase | undefined;
  for (const more of cases.fmas) {
    if (fma && fma.time.median > LONG_MICROSECONDS) break;
    const measured = await run(more);
    if (!fma || measured.gflops > fma.gflops) fma = measured;
  }
  if (!fma) throw new RangeError('no case of floor_fma');
  const timing = {
    clock: dispatch.clock,
    quantumNanoseconds: timer.quantum,
    roundTripMicroseconds: roundTrip,
  };
  return {
    floor: { dispatch: dispatch.time, roundTrip, copies, fma },
    environment: benchEnvironment(subject, timing),
  };
}

async function runOrFail(
  timer: PassTimer,
  kernelCase: KernelCase,
  options: MeasureOptions,
): Promise<MeasuredCase> {
  const result = await runCase(timer, kernelCase, options);
  if (result.status === 'measured') return result;
  throw new ShadegradError(
    'gpu',
    `The floor cannot be measured: ${result.kernel}, ${result.size}: ${result.reason}`,
    'Update the GPU driver, or choose another adapter.',
  );
}

async function measureRoundTrip(timer: PassTimer, signal: AbortSignal | undefined): Promise<Spread> {
  const { dispatch, prepare } = floorCases().empty;
  const workload = await Workload.create(timer.device, dispatch, prepare().data);
  try {
    checkInterrupted(signal);
    return await timer.roundTrip((pass) => workload.record(pass, 1), ROUND_TRIPS);
  } finally {
    workload.destroy();
  }
}
