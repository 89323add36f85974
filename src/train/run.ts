import { readBuffers } from '../gpu/buffers.ts';
import { denseLayers } from '../model/spec.ts';
import { Executable } from './executable.ts';
import type { NetworkRate, Optimizer } from './optimizer.ts';
import type { StepPlan } from './plan.ts';
import { type BatchSizes, momentsOf, parametersOf } from './plans/sizes.ts';
import { Scheduler } from './scheduler.ts';
import type { EpochSums, RunState } from './state.ts';
import { STEPS_PER_SUBMIT, type Steps, stepMetrics, trainingSteps } from './step.ts';

/** What a run trains, and how. */
export interface RunOptions {
  /** Made for these sizes and this optimizer. */
  readonly plan: StepPlan;
  readonly sizes: BatchSizes;
  readonly optimizer: Optimizer;
  /** What each network's rates are at step t, 1 for the first: [models]. */
  readonly rates: (t: number) => readonly NetworkRate[];
}

const NOTHING: EpochSums = { loss: 0, hits: 0, diverged: null };

/**
 * `models` networks in training on a device, side by side: their weights, the optimizer's state, and how far they are.
 * An epoch is as many steps as the order has batches.
 */
export class Run {
  readonly device: GPUDevice;
  readonly plan: StepPlan;
  readonly models: number;
  readonly stepsPerEpoch: number;
  readonly #options: RunOptions;
  #rates: RunOptions['rates'];
  readonly #executable: Executable;
  readonly #scheduler: Scheduler;
  /** The running epoch's, and how many were trained before it. */
  #steps: Steps;
  #before = 0;
  /** Steps of the running epoch that are submitted, and those that are done. */
  #place = 0;
  #done = 0;
  /** What the epoch's first steps add up to, and how many they are. */
  #sums: readonly EpochSums[];
  #counted = 0;

  /**
   * @param shared buffers that others own, by the plan's name for them; what is missing is made here, filled with zeros
   * @throws ShadegradError `usage` where the device's limits are too low, `gpu` where memory or a shader fails
   */
  static async create(
    device: GPUDevice,
    options: RunOptions,
    shared: ReadonlyMap<string, GPUBuffer>,
  ): Promise<Run> {
    return new Run(options, await Executable.create(device, options.plan, shared));
  }

  private constructor(options: RunOptions, executable: Executable) {
    const { models, orderLength, batch } = options.sizes;
    this.device = executable.device;
    this.plan = options.plan;
    this.models = models;
    this.stepsPerEpoch = Math.ceil(orderLength / batch);
    this.#options = options;
    this.#rates = options.rates;
    this.#executable = executable;
    this.#scheduler = new Scheduler(executable);
    this.#sums = Array.from({ length: models }, () => NOTHING);
    this.#steps = this.#stepsAfter(0);
  }

  #stepsAfter(before: number): Steps {
    const { sizes, optimizer } = this.#options;
    return trainingSteps(sizes.orderLength, sizes.batch, before, optimizer, this.#rates);
  }

  /** Steps submitted in all, those included that nobody waited for: the GPU runs them all the same. */
  get t(): number {
    return this.#before + this.#place;
  }

  /** Steps of the running epoch that are submitted. */
  get place(): number {
    return this.#place;
  }

  /** Steps of the running epoch that are known to be done. */
  get done(): number {
    return this.#done;
  }

  /**
   * Begins an epoch.
   * @param order the samples that each network trains on, in turn: [models, orderLength]
   */
  begin(order: Uint32Array<ArrayBuffer>): void {
    this.#executable.write('order', order);
    this.#enter(
      this.t,
      0,
      this.#sums.map(() => NOTHING),
    );
  }

  /**
   * Goes on from `state`.
   * @param order of the running epoch, as for {@link begin}
   * @param rates as in {@link RunOptions}, where other networks take the place of those before
   */
  restore(state: RunState, order: Uint32Array<ArrayBuffer>, rates = this.#rates): void {
    this.#rates = rates;
    this.#executable.write('order', order);
    for (const layer of this.#layers()) {
      const [parameters, moments] = [state.parameters[layer], state.moments[layer]];
      if (parameters) this.#executable.write(parametersOf(layer), parameters);
      if (moments) this.#executable.write(momentsOf(layer), moments);
    }
    this.#enter(state.t - state.place, state.place, state.sums);
  }

  #enter(before: number, place: number, sums: readonly EpochSums[]): void {
    this.#steps = this.#stepsAfter(before);
    this.#before = before;
    this.#place = place;
    this.#done = place;
    this.#counted = place;
    this.#sums = sums;
  }

  /**
   * Trains up to `count` more steps of the running epoch and yields, each time a submit is done, how many of the epoch
   * are. Once `signal` is aborted nothing more is submitted.
   *
   * @param samples of each batch; all by default
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async *advance(
    count: number,
    signal?: AbortSignal,
    samples = Number.POSITIVE_INFINITY,
  ): AsyncGenerator<number, void> {
    const start = this.#place;
    const length = Math.min(count, this.stepsPerEpoch - start);
    const steps = {
      length,
      slice: (from: number, to: number) => {
        const some = this.#steps.slice(start + from, start + Math.min(to, length));
        return some.map((step) => ({ ...step, count: Math.min(step.count, samples) }));
      },
    };
    for await (const { done, submitted } of this.#scheduler.run(steps, signal)) {
      this.#place = start + submitted;
      this.#done = start + done;
      yield this.#done;
    }
  }

  /**
   * Submits up to `count` of the epoch's next steps at once, and waits for nothing.
   * @returns how many they are
   */
  submit(count: number): number {
    const steps = this.#steps.slice(this.#place, this.#place + Math.min(count, STEPS_PER_SUBMIT));
    this.#executable.submit(steps);
    this.#place += steps.length;
    this.#done = this.#place;
    return steps.length;
  }

  /**
   * What the epoch's steps that are done add up to, for each network: [models].
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async sums(): Promise<readonly EpochSums[]> {
    const end = this.#done;
    const parts = await readBuffers(this.device, this.#metrics(this.#counted, end));
    this.#sums = this.#added(this.#sums, this.#counted, parts);
    this.#counted = end;
    return this.#sums;
  }

  /**
   * The summed loss of each of the epoch's steps from `first` to before `end`, for each network: [models][steps].
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async losses(first: number, end: number): Promise<number[][]> {
    const parts = await readBuffers(this.device, this.#metrics(first, end));
    return parts.map((part) =>
      stepMetrics(new Float32Array(part), this.plan.metricParts).map(({ loss }) => loss),
    );
  }

  /** Where each network's loss and hits of some of the epoch's steps are. */
  #metrics(first: number, end: number) {
    const buffer = this.#executable.buffer('metrics');
    const bytesPerStep = 8 * this.plan.metricParts;
    return Array.from({ length: end > first ? this.models : 0 }, (_, model) => ({
      buffer,
      offset: bytesPerStep * (model * this.stepsPerEpoch + first),
      size: bytesPerStep * (end - first),
    }));
  }

  /** @param parts what {@link #metrics} named, of the steps from `first` on */
  #added(sums: readonly EpochSums[], first: number, parts: readonly ArrayBuffer[]): readonly EpochSums[] {
    return sums.map((before, model) => {
      const part = parts[model];
      if (!part || before.diverged !== null) return before;
      let { loss, hits } = before;
      for (const [i, step] of stepMetrics(new Float32Array(part), this.plan.metricParts).entries()) {
        if (!Number.isFinite(step.loss)) return { loss, hits, diverged: first + i + 1 };
        loss += step.loss;
        hits += step.hits;
      }
      return { loss, hits, diverged: null };
    });
  }

  /**
   * Everything, as it is after the steps submitted so far; training may go on meanwhile.
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async snapshot(): Promise<RunState> {
    const { t } = this;
    const [place, counted, sums] = [this.#place, this.#counted, this.#sums];
    const layers = this.#layers();
    const metrics = this.#metrics(counted, place);
    const [parameters, moments, rest] = await this.#read(
      layers.map(parametersOf),
      layers.map(momentsOf),
      metrics,
    );
    return {
      t,
      place,
      sums: this.#added(sums, counted, rest),
      parameters: parameters.map((bytes) => new Float32Array(bytes)),
      moments: moments.map((bytes) => new Float32Array(bytes)),
    };
  }

  async #read(
    parameters: readonly string[],
    moments: readonly string[],
    metrics: readonly { readonly buffer: GPUBuffer; readonly offset: number; readonly size: number }[],
  ): Promise<[ArrayBuffer[], ArrayBuffer[], ArrayBuffer[]]> {
    const named = [...parameters, ...moments].map((name) => ({ buffer: this.#executable.buffer(name) }));
    const all = await readBuffers(this.device, [...named, ...metrics]);
    return [
      all.slice(0, parameters.length),
      all.slice(parameters.length, named.length),
      all.slice(named.length),
    ];
  }

  #layers(): number[] {
    return denseLayers(this.#options.sizes.spec).map((_, layer) => layer);
  }

  /** Frees the buffers that are not shared. */
  destroy(): void {
    this.#executable.destroy();
  }
}
