import { ShadegradError } from '../errors.ts';
import { DeviceWatch } from '../gpu/watch.ts';
import { type Spread, scaled, spread } from './statistics.ts';

/** The clock of a duration: the GPU's own, or the host's from submit to done. */
export type Clock = 'timestamp-query' | 'wall clock';

/** How a device's durations are measured. */
export interface TimingMethod {
  /** What durations are measured by, where they are long enough for its quantum. */
  readonly clock: Clock;
  /** The measured unit of the GPU's timestamps, in nanoseconds: all are multiples of it. Null without timestamps. */
  readonly quantumNanoseconds: number | null;
  /**
   * From submitting one empty dispatch until the host knows that it is done, in microseconds. Every duration by wall
   * clock includes one.
   */
  readonly roundTripMicroseconds: Spread;
}

/** One pass's duration in milliseconds, by either clock; null if the GPU has none. */
export interface PassTime {
  readonly wall: number;
  readonly gpu: number | null;
}

/** Records the commands of a timed pass. */
export type Recording = (pass: GPUComputePassEncoder) => void;

/** Distinct timestamps after which their greatest common divisor is taken for the quantum. */
const ENOUGH_TIMESTAMPS = 12;
const MOST_QUANTUM_PASSES = 300;

/** A pass this many quanta long is off by less than 2 % at its two ends. */
const QUANTA_PER_PASS = 100;

/** Times compute passes on one device. One pass at a time. */
export class PassTimer {
  readonly device: GPUDevice;
  /** In nanoseconds; null without timestamps. */
  readonly quantum: number | null;
  readonly #watch: DeviceWatch;
  readonly #clock: GpuClock | undefined;

  /** @throws ShadegradError `gpu` or `device-lost` */
  static async create(device: GPUDevice, signal?: AbortSignal): Promise<PassTimer> {
    if (!device.features.has('timestamp-query')) return new PassTimer(device, undefined, null);
    const clock = makeClock(device);
    return new PassTimer(device, clock, await quantumOf(device, clock, signal));
  }

  private constructor(device: GPUDevice, clock: GpuClock | undefined, quantum: number | null) {
    this.device = device;
    this.quantum = quantum;
    this.#clock = clock;
    this.#watch = DeviceWatch.of(device);
  }

  /**
   * Submits one pass and waits for it.
   * @throws ShadegradError `gpu` or `device-lost`: a pass on a broken device has no duration
   */
  async time(record: Recording): Promise<PassTime> {
    this.#watch.check();
    const commands = encodePass(this.device, record, this.#clock);
    const started = performance.now();
    this.device.queue.submit([commands]);
    await this.#watch.guard(this.device.queue.onSubmittedWorkDone());
    const wall = performance.now() - started;
    if (!this.#clock) return { wall, gpu: null };
    const { start, end } = await readClock(this.device, this.#clock);
    // The specification lets timestamps be anything, 0 and backwards included.
    return { wall, gpu: end > start ? Number(end - start) / 1e6 : null };
  }

  /** Microseconds from submit to done, for `samples` passes with next to no work. */
  async roundTrip(record: Recording, samples: number): Promise<Spread> {
    const walls: number[] = [];
    for (let i = -3; i < samples; i++) {
      const { wall } = await this.time(record);
      if (i >= 0) walls.push(wall);
    }
    return scaled(spread(walls), 1000);
  }

  destroy(): void {
    this.#clock?.queries.destroy();
    this.#clock?.resolved.destroy();
    this.#clock?.readable.destroy();
  }
}

/** The clock to measure a pass by: the GPU's, if the pass is long enough for its quantum (in nanoseconds). */
export function clockFor({ gpu }: PassTime, quantum: number | null): Clock {
  return gpu !== null && quantum !== null && gpu * 1e6 >= QUANTA_PER_PASS * quantum
    ? 'timestamp-query'
    : 'wall clock';
}

/** @throws ShadegradError `interrupted` once `signal` is aborted */
export function checkInterrupted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new ShadegradError('interrupted', 'The benchmark was interrupted.', 'It has no result.');
}

interface GpuClock {
  readonly queries: GPUQuerySet;
  readonly resolved: GPUBuffer;
  readonly readable: GPUBuffer;
}

/** Two timestamps of 8 bytes. */
const TIMESTAMPS_SIZE = 16;

function makeClock(device: GPUDevice): GpuClock {
  return {
    queries: device.createQuerySet({ type: 'timestamp', count: 2 }),
    resolved: device.createBuffer({
      label: 'timestamps',
      size: TIMESTAMPS_SIZE,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    }),
    readable: device.createBuffer({
      label: 'timestamps to read',
      size: TIMESTAMPS_SIZE,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    }),
  };
}

function encodePass(device: GPUDevice, record: Recording, clock: GpuClock | undefined): GPUCommandBuffer {
  const encoder = device.createCommandEncoder({ label: 'benchmark' });
  const writes = clock && {
    timestampWrites: { querySet: clock.queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
  };
  const pass = encoder.beginComputePass({ label: 'benchmark', ...writes });
  record(pass);
  pass.end();
  if (clock) {
    encoder.resolveQuerySet(clock.queries, 0, 2, clock.resolved, 0);
    encoder.copyBufferToBuffer(clock.resolved, 0, clock.readable, 0, TIMESTAMPS_SIZE);
  }
  return encoder.finish();
}

async function readClock(device: GPUDevice, { readable }: GpuClock): Promise<{ start: bigint; end: bigint }> {
  const watch = DeviceWatch.of(device);
  await watch.guard(readable.mapAsync(GPUMapMode.READ));
  const [start = 0n, end = 0n] = new BigUint64Array(await watch.mapped(readable));
  readable.unmap();
  return { start, end };
}

/** The greatest common divisor of the distances between timestamps; null if they stand still. */
async function quantumOf(
  device: GPUDevice,
  clock: GpuClock,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  const seen = new Set<bigint>();
  for (let i = 0; i < MOST_QUANTUM_PASSES && seen.size < ENOUGH_TIMESTAMPS; i++) {
    checkInterrupted(signal);
    device.queue.submit([encodePass(device, () => undefined, clock)]);
    const { start, end } = await readClock(device, clock);
    seen.add(start).add(end);
  }
  const [first = 0n, ...others] = seen;
  const quantum = others.reduce((divisor, time) => greatestCommonDivisor(divisor, time - first), 0n);
  return quantum === 0n ? null : Number(quantum);
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y > 0n) [x, y] = [y, x % y];
  return x;
}
