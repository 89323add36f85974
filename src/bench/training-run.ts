import { place, readBuffer, upload } from '../gpu/buffers.ts';
import { DeviceWatch } from '../gpu/watch.ts';
import { Executable } from '../train/executable.ts';
import { parametersOf } from '../train/plans/sizes.ts';
import { makeResident } from '../train/resident.ts';
import { Scheduler } from '../train/scheduler.ts';
import { STEPS_PER_SUBMIT, type Step, stepMetrics, trainingSteps } from '../train/step.ts';
import { checkInterrupted } from './timing.ts';
import { ADAM, type TrainingWork } from './training-work.ts';

/** Training under way on a device, by the same executable and scheduler as a `Trainer`'s. */
export class TrainingRun {
  readonly #work: TrainingWork;
  readonly #executable: Executable;
  readonly #scheduler: Scheduler;
  readonly #shared: ReadonlyMap<string, GPUBuffer>;
  #trained = 0;
  #epoch: readonly Step[] = [];

  /** @throws ShadegradError `usage` where the device does not take the sizes, `gpu` or `device-lost` */
  static async create(device: GPUDevice, work: TrainingWork): Promise<TrainingRun> {
    const { spec, models, samples } = work.sizes;
    const shared = new Map<string, GPUBuffer>();
    try {
      const resident = await makeResident(device, spec, { ...work, count: samples });
      shared.set('samples', resident.samples);
      for (let layer = 0; layer <= spec.hidden.length; layer++) {
        const packed = work.initial.map((layers) => layers[layer] ?? new Float32Array());
        const name = parametersOf(layer);
        const size = packed[0]?.byteLength ?? 0;
        const fill = (part: Uint8Array, from: number) => {
          for (const [z, { buffer }] of packed.entries()) place(part, from, new Uint8Array(buffer), z * size);
        };
        shared.set(name, await upload(device, name, models * size, fill));
      }
      const executable = await Executable.create(device, work.plan, shared);
      executable.write('order', work.order);
      return new TrainingRun(work, executable, shared);
    } catch (error) {
      destroyAll(shared);
      throw error;
    }
  }

  private constructor(work: TrainingWork, executable: Executable, shared: ReadonlyMap<string, GPUBuffer>) {
    this.#work = work;
    this.#executable = executable;
    this.#scheduler = new Scheduler(executable);
    this.#shared = shared;
  }

  /**
   * Trains `count` steps and waits for them.
   *
   * @param samples of each batch; all by default
   * @throws ShadegradError `gpu`, `device-lost` or `interrupted`
   */
  async advance(count: number, signal?: AbortSignal, samples?: number): Promise<void> {
    for (let left = count; left > 0; ) {
      const part = this.#next(left);
      const steps = samples === undefined ? part : part.map((step) => ({ ...step, count: samples }));
      for await (const _ of this.#scheduler.run(steps, signal));
      checkInterrupted(signal);
      this.#trained += part.length;
      left -= part.length;
    }
  }

  /** Up to `count` steps from the running epoch, at least one. */
  #next(count: number): readonly Step[] {
    const { sizes, stepsPerEpoch } = this.#work;
    const start = this.#trained % stepsPerEpoch;
    if (start === 0) this.#epoch = trainingSteps(sizes.orderLength, sizes.batch, this.#trained, ADAM);
    return this.#epoch.slice(start, start + count);
  }

  /** Steps so far. */
  get trained(): number {
    return this.#trained;
  }

  /**
   * For each model, the mean over the last steps, `most` at most, of the sum of their losses.
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async lossSums(most: number): Promise<number[]> {
    const { sizes, stepsPerEpoch, plan } = this.#work;
    const { device } = this.#executable;
    const parts = plan.metricParts;
    const count = Math.min(most, this.#trained, stepsPerEpoch);
    const metrics = new Float32Array(await readBuffer(device, this.#executable.buffer('metrics')));
    // An epoch's steps take the places of the epoch's before.
    const places = Array.from({ length: count }, (_, i) => (this.#trained - 1 - i) % stepsPerEpoch);
    return Array.from({ length: sizes.models }, (_, z) => {
      const losses = places.map((place) => {
        const start = 2 * parts * (z * stepsPerEpoch + place);
        return stepMetrics(metrics.subarray(start, start + 2 * parts), parts)[0]?.loss ?? Number.NaN;
      });
      return losses.reduce((sum, loss) => sum + loss, 0) / count;
    });
  }

  /**
   * Milliseconds of the host's time for a submit of up to `count` steps, and how many they were.
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async recordingTime(count: number): Promise<{ milliseconds: number; steps: number }> {
    const steps = this.#next(Math.min(count, STEPS_PER_SUBMIT));
    const started = performance.now();
    this.#executable.submit(steps);
    const milliseconds = performance.now() - started;
    const { device } = this.#executable;
    await DeviceWatch.of(device).guard(device.queue.onSubmittedWorkDone());
    this.#trained += steps.length;
    return { milliseconds, steps: steps.length };
  }

  /** Frees everything this run has on the GPU. */
  destroy(): void {
    this.#executable.destroy();
    destroyAll(this.#shared);
  }
}

function destroyAll(buffers: ReadonlyMap<string, GPUBuffer>): void {
  for (const buffer of buffers.values()) buffer.destroy();
}
