import { type Ended, LOOK_TAIL, repeat, type Spread, scaled, spread } from './statistics.ts';
import { type Clock, checkInterrupted, clockFor, type PassTime, type PassTimer } from './timing.ts';
import type { Workload } from './workload.ts';

/** How long something is timed. */
export interface MeasureOptions {
  /**
   * Timed passes that there is time for; fewer where the median is known to 3 % before. If they take more than twice as
   * long as planned there are fewer too, but at least 3. Default 30.
   */
  readonly samples?: number | undefined;
  /** How long a pass should be, in milliseconds; a single long dispatch makes it longer. Default 50. */
  readonly passMilliseconds?: number | undefined;
  /** Stops at the next pass with an error `interrupted`. */
  readonly signal?: AbortSignal | undefined;
}

/** The time of one dispatch among many in a pass. */
export interface DispatchTime {
  /** In microseconds. */
  readonly time: Spread;
  /** Why no more passes were timed. */
  readonly ended: Ended;
  /** What they were timed by. */
  readonly clock: Clock;
  /** How many dispatches share a pass, whose time is divided by them. */
  readonly dispatchesPerPass: number;
  /** Passes before the first that was timed. */
  readonly warmUpPasses: number;
}

const LEAST_SAMPLES = 3;
/** Limit on encoded commands, which take memory and the host's time. */
const MOST_DISPATCHES = 16_384;
/** Warm-up ends when two passes in a row differ by less than this share, or after the time planned for measuring. */
const STEADY = 0.05;

/**
 * Times `workload`: finds how many dispatches make a pass long enough, repeats it until it is steady, and then
 * measures.
 *
 * @throws ShadegradError `gpu`, `device-lost` or `interrupted`
 */
export async function measure(
  timer: PassTimer,
  workload: Pick<Workload, 'record'>,
  { samples = 30, passMilliseconds = 50, signal }: MeasureOptions,
): Promise<DispatchTime> {
  const { clock, count, duration } = await calibrate(timer, workload, passMilliseconds, signal);
  const run = async () => {
    checkInterrupted(signal);
    return timer.time((pass) => workload.record(pass, count));
  };
  const budget = samples * passMilliseconds;
  const warmUpUntil = performance.now() + budget;
  let warmUpPasses = 1;
  for (
    let last = duration, steady = last > budget;
    !steady && performance.now() < warmUpUntil;
    warmUpPasses++
  ) {
    const next = durationOf(await run(), clock);
    steady = Math.abs(next - last) <= STEADY * last;
    last = next;
  }
  const times: PassTime[] = [];
  const until = performance.now() + 2 * budget;
  const { ended } = await repeat(
    async () => {
      const time = await run();
      times.push(time);
      return durationOf(time, clock);
    },
    (count) => count >= samples || (count >= LEAST_SAMPLES && performance.now() >= until),
  );
  // A GPU's clock may fail in the middle; the host's was read every time.
  const usable = times.every(({ gpu }) => gpu !== null) ? clock : 'wall clock';
  const durations = times.map((time) => durationOf(time, usable));
  return {
    time: scaled(spread(durations, LOOK_TAIL), 1000 / count),
    ended,
    clock: usable,
    dispatchesPerPass: count,
    warmUpPasses,
  };
}

/** How many dispatches make a pass, the clock that can measure it, and its length in milliseconds. */
async function calibrate(
  timer: PassTimer,
  workload: Pick<Workload, 'record'>,
  passMilliseconds: number,
  signal: AbortSignal | undefined,
): Promise<{ clock: Clock; count: number; duration: number }> {
  for (let count = 1; ; ) {
    checkInterrupted(signal);
    const time = await timer.time((pass) => workload.record(pass, count));
    const clock = clockFor(time, timer.quantum);
    const duration = durationOf(time, clock);
    if (duration >= passMilliseconds / 2 || count >= MOST_DISPATCHES) return { clock, count, duration };
    const wanted = Math.ceil(count * Math.min(16, passMilliseconds / Math.max(duration, 1e-3)));
    count = Math.min(wanted, MOST_DISPATCHES);
  }
}

function durationOf({ wall, gpu }: PassTime, clock: Clock): number {
  return clock === 'wall clock' ? wall : (gpu ?? wall);
}
