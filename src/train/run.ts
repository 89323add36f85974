import { readBuffers, stageBuffers } from '../gpu/buffers.ts';
import { denseLayers } from '../model/spec.ts';
import { Executable } from './executable.ts';
import type { NetworkRate, Optimizer } from './optimizer.ts';
import type { StepPlan } from './plan.ts';
import { type BatchSizes, momentsOf, parametersOf, stepsPerEpoch } from './plans/sizes.ts';
import { Scheduler } from './scheduler.ts';
import type { EpochSums, RunState } from './state.ts';
import { STEPS_PER_SUBMIT, type Step, type Steps, stepMetrics, trainingSteps } from './step.ts';

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
  /** Steps of the running epoch that are submitted. */
  #place = 0;
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
    const { models } = options.sizes;
    this.device = executable.device;
    this.plan = options.plan;
    this.models = models;
    this.stepsPerEpoch = stepsPerEpoch(options.sizes);
    this.#options = options;
    this.#rates = options.rates;
    this.#executable = executable;
    // Counted where they are submitted: a snapshot may be asked for at any time.
    this.#scheduler = new Scheduler({ device: executable.device, submit: (steps) => this.#submit(steps) });
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
   * @param order of the running epoch, as for {@link begin}; null where that is at its end
   * @param rates as in {@link RunOptions}, where other networks take the place of those before
   */
  restore(state: RunState, order: Uint32Array<ArrayBuffer> | null, rates = this.#rates): void {
    this.#rates = rates;
    if (order) this.#executable.write('order', order);
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
    this.#counted = place;
    this.#sums = sums;
  }

  /**
   * Trains up to `count` more steps of the running epoch and yields, each time some are done, how many of the epoch are.
   * It ends once they are submitted, see {@link Scheduler.run}: whatever is read then is as it is after them. Once `signal` is
   * aborted nothing more is submitted.
   *
   * @param samples of each batch; all by default
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async *advance(count: number, signal?: AbortSignal, samples?: number): AsyncGenerator<number, void> {
    const start = this.#place;
    const length = Math.min(count, this.stepsPerEpoch - start);
    const steps = {
      length,
      slice: (from: number, to: number) => {
        const some = this.#steps.slice(start + from, start + Math.min(to, length));
        if (samples === undefined) return some;
        return some.map((step) => ({ ...step, count: Math.min(step.count, samples) }));
      },
    };
    for await (const done of this.#scheduler.run(steps, signal)) yield start + done;
  }

  /**
   * Submits up to `count` of the epoch's next steps at once, and waits for nothing.
   * @returns how many they are
   */
  submit(count: number): number {
    const steps = this.#steps.slice(this.#place, this.#place + Math.min(count, STEPS_PER_SUBMIT));
    this.#submit(steps);
    return steps.length;
  }

  #submit(steps: readonly Step[]): void {
    this.#executable.submit(steps);
    this.#place += steps.length;
  }

  /**
   * What the epoch's steps submitted so far add up to, for each network: [models]. Waits for them.
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async sums(): Promise<readonly EpochSums[]> {
    const [first, end, before, epoch] = [this.#counted, this.#place, this.#sums, this.#steps];
    const sums = this.#added(before, first, await readBuffers(this.device, this.#metrics(first, end)));
    // Unless another epoch has begun meanwhile, or more has been counted.
    if (this.#steps === epoch && end > this.#counted) [this.#sums, this.#counted] = [sums, end];
    return sums;
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
    return (await this.stageSnapshot())();
  }

  /** As {@link snapshot}; what it returns is to be called once, without a wait: see {@link stageBuffers}. */
  async stageSnapshot(): Promise<() => Promise<RunState>> {
    const { t, place } = this;
    const [counted, sums, layers] = [this.#counted, this.#sums, this.#layers()];
    const named = [...layers.map(parametersOf), ...layers.map(momentsOf)].map((name) =>
      this.#executable.buffer(name),
    );
    const parts = [...named.map((buffer) => ({ buffer })), ...this.#metrics(counted, place)];
    const read = await stageBuffers(this.device, parts);
    return async () => {
      const bytes = await read();
      const state = bytes.slice(0, named.length).map((part) => new Float32Array(part));
      return {
        t,
        place,
        sums: this.#added(sums, counted, bytes.slice(named.length)),
        parameters: state.slice(0, layers.length),
        moments: state.slice(layers.length),
      };
    };
  }

  /**
   * The weights alone, as {@link RunState} has them, after the steps submitted so far.
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async parameters(): Promise<readonly Float32Array<ArrayBuffer>[]> {
    const parts = this.#layers().map((layer) => ({ buffer: this.#executable.buffer(parametersOf(layer)) }));
    return (await readBuffers(this.device, parts)).map((bytes) => new Float32Array(bytes));
  }

  #layers(): number[] {
    return denseLayers(this.#options.sizes.spec).map((_, layer) => layer);
  }

  /** Frees the buffers that are not shared. */
  destroy(): void {
    this.#executable.destroy();
  }
}
