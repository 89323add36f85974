import { place, upload } from '../gpu/buffers.ts';
import { DeviceWatch } from '../gpu/watch.ts';
import { type BatchSizes, parametersOf } from '../train/plans/sizes.ts';
import { makeResident } from '../train/resident.ts';
import { Run } from '../train/run.ts';
import { checkInterrupted } from './timing.ts';
import { NETWORK_RATE, OPTIMIZER, type TrainingWork } from './training-work.ts';

/** What the buffers that are shared hold. */
type SharedContents = Pick<BatchSizes, 'spec' | 'models' | 'samples'> &
  Pick<TrainingWork, 'images' | 'labels' | 'initial'>;

/** A trainer's {@link Run} that trains the same epoch over and over. */
export class TrainingRun {
  readonly #work: TrainingWork;
  readonly #run: Run;
  readonly #shared: ReadonlyMap<string, GPUBuffer>;

  /** @throws ShadegradError `usage` if the sizes are too large for the device, `gpu` or `device-lost` */
  static async create(device: GPUDevice, work: TrainingWork): Promise<TrainingRun> {
    const { plan, sizes } = work;
    const { models } = sizes;
    const shared = new Map<string, GPUBuffer>();
    try {
      await sharedBuffers(device, { ...work, ...sizes }, shared);
      const networks = Array.from({ length: models }, () => NETWORK_RATE);
      const run = await Run.create(
        device,
        { plan, sizes, optimizer: OPTIMIZER, rates: () => networks },
        shared,
      );
      run.begin(work.order);
      return new TrainingRun(work, run, shared);
    } catch (error) {
      destroyAll(shared);
      throw error;
    }
  }

  private constructor(work: TrainingWork, run: Run, shared: ReadonlyMap<string, GPUBuffer>) {
    this.#work = work;
    this.#run = run;
    this.#shared = shared;
  }

  /**
   * Trains `count` steps and waits for them.
   *
   * @param samples how many samples of each batch to use; all by default
   * @throws ShadegradError `gpu`, `device-lost` or `interrupted`
   */
  async advance(count: number, signal?: AbortSignal, samples?: number): Promise<void> {
    const end = this.trained + count;
    while (this.trained < end) {
      this.#beginWhereDone();
      for await (const _ of this.#run.advance(end - this.trained, signal, samples));
      await this.#finished();
      checkInterrupted(signal);
    }
  }

  /**
   * Milliseconds of the host's clock for `count` steps, until it hears that they are done.
   * @throws ShadegradError as {@link advance}
   */
  async windowTime(count: number, signal?: AbortSignal): Promise<number> {
    const started = performance.now();
    await this.advance(count, signal);
    return performance.now() - started;
  }

  #beginWhereDone(): void {
    if (this.#run.place === this.#run.stepsPerEpoch) this.#run.begin(this.#work.order);
  }

  /** Steps so far. */
  get trained(): number {
    return this.#run.t;
  }

  /**
   * For each model, the mean of the last steps' summed losses, over `most` steps at most.
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async lossSums(most: number): Promise<number[]> {
    const { place: now, stepsPerEpoch, models } = this.#run;
    const count = Math.min(most, this.trained, stepsPerEpoch);
    // Losses of the epoch before are still in their places.
    const before = Math.max(0, count - now);
    const parts = [
      ...(before > 0 ? [await this.#run.losses(stepsPerEpoch - before, stepsPerEpoch)] : []),
      await this.#run.losses(Math.max(0, now - count), now),
    ];
    return Array.from({ length: models }, (_, model) => {
      const losses = parts.flatMap((part) => part[model] ?? []);
      return losses.reduce((sum, loss) => sum + loss, 0) / count;
    });
  }

  /**
   * Milliseconds of the host's time for a submit of up to `count` steps, and how many steps it had.
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async recordingTime(count: number): Promise<{ milliseconds: number; steps: number }> {
    this.#beginWhereDone();
    const started = performance.now();
    const steps = this.#run.submit(count);
    const milliseconds = performance.now() - started;
    await this.#finished();
    return { milliseconds, steps };
  }

  async #finished(): Promise<void> {
    const { device } = this.#run;
    await DeviceWatch.of(device).guard(device.queue.onSubmittedWorkDone());
  }

  /** Frees everything this run has on the GPU. */
  destroy(): void {
    this.#run.destroy();
    destroyAll(this.#shared);
  }
}

/**
 * Makes the buffers that a training shares with others, by the plan's names for them: samples and parameters.
 *
 * @param into where each is put once it is made
 * @throws ShadegradError `bad-data` where samples do not fit, `gpu` or `device-lost`
 */
export async function sharedBuffers(
  device: GPUDevice,
  { spec, models, samples, images, labels, initial }: SharedContents,
  into: Map<string, GPUBuffer>,
): Promise<void> {
  const resident = await makeResident(device, spec, { images, labels, count: samples });
  into.set('samples', resident.samples);
  for (let layer = 0; layer <= spec.hidden.length; layer++) {
    const packed = initial.map((layers) => layers[layer] ?? new Float32Array());
    const name = parametersOf(layer);
    const size = packed[0]?.byteLength ?? 0;
    const fill = (part: Uint8Array, from: number) => {
      for (const [z, { buffer }] of packed.entries()) place(part, from, new Uint8Array(buffer), z * size);
    };
    into.set(name, await upload(device, name, models * size, fill));
  }
}

function destroyAll(buffers: ReadonlyMap<string, GPUBuffer>): void {
  for (const buffer of buffers.values()) buffer.destroy();
}
