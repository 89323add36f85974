import { readBuffers } from '../gpu/buffers.ts';
import { type Target, targetOf } from '../gpu/target.ts';
import type { MlpSpec } from '../model/spec.ts';
import { Executable, loadShaders } from './executable.ts';
import { hasRegisters, laneKernels, lanesOf } from './kernels/lanes.ts';
import type { LayeredKernels } from './kernels/layered.ts';
import { isQuad, quadKernels } from './kernels/quads.ts';
import { tiledKernels } from './kernels/tiled.ts';
import type { StepPlan } from './plan.ts';
import { inferencePlan } from './plans/inference.ts';
import { type BatchSizes, stepsPerEpoch } from './plans/sizes.ts';
import type { Resident } from './resident.ts';
import { Scheduler } from './scheduler.ts';
import { batches, stepMetrics } from './step.ts';

/** Samples to a step: enough to fill a GPU, few enough that the activations stay small. */
const MOST_PER_BATCH = 256;

/** Probabilities kept on the GPU before they are read back: 64 MiB, half of what WebGPU always lets a shader bind. */
const MOST_PROBABILITIES = 2 ** 24;

/** What a network's forward pass makes of some of the resident samples. */
export interface Inferred {
  /** [count, classes] */
  readonly probabilities: Float32Array;
  /** Sum of the samples' losses, in nats; 0 where there are no labels. */
  readonly lossSum: number;
  /** Samples whose greatest logit is their label's. */
  readonly hits: number;
}

/**
 * How `count` of `samples` resident samples, 1 or more, are cut into batches and read-backs.
 * @param models networks side by side
 */
export function inferenceSizes(spec: MlpSpec, models: number, samples: number, count: number): BatchSizes {
  const batch = Math.min(MOST_PER_BATCH, 2 ** Math.ceil(Math.log2(count)));
  const rows = Math.max(batch, Math.floor(MOST_PROBABILITIES / (models * spec.classes)));
  return { spec, models, batch, samples, orderLength: Math.min(count, rows) };
}

function inferenceKernels(target: Target): LayeredKernels {
  if (isQuad(target)) return quadKernels;
  return hasRegisters(target) ? laneKernels(lanesOf(target)) : tiledKernels();
}

/** The plan that runs on this device. */
export function inferencePlanOn(device: GPUDevice, sizes: BatchSizes, labelled: boolean): StepPlan {
  return inferencePlan(inferenceKernels(targetOf(device)), sizes, labelled);
}

/** The forward pass of networks side by side over resident samples, made once and run as often as the weights change. */
export class Inference {
  readonly #sizes: BatchSizes;
  readonly #labelled: boolean;
  readonly #executable: Executable;
  readonly #scheduler: Scheduler;

  /**
   * Loads the shaders that any inference of this shape needs. To be called before there is anything to lose: a page whose
   * server fails later would have trained for nothing.
   *
   * @throws ShadegradError `io` where one cannot be loaded
   */
  static load(device: GPUDevice, spec: MlpSpec, models: number): Promise<void> {
    return loadShaders(inferencePlanOn(device, inferenceSizes(spec, models, 1, 1), true));
  }

  /** @param count samples that one `run` is given */
  static async create(
    device: GPUDevice,
    spec: MlpSpec,
    models: number,
    parameters: ReadonlyMap<string, GPUBuffer>,
    resident: Resident,
    count: number,
  ): Promise<Inference> {
    const sizes = inferenceSizes(spec, models, resident.count, count);
    const { labelled } = resident;
    const shared = new Map([...parameters, ['samples', resident.samples]]);
    return new Inference(
      sizes,
      labelled,
      await Executable.create(device, inferencePlanOn(device, sizes, labelled), shared),
    );
  }

  private constructor(sizes: BatchSizes, labelled: boolean, executable: Executable) {
    this.#sizes = sizes;
    this.#labelled = labelled;
    this.#executable = executable;
    this.#scheduler = new Scheduler(executable);
  }

  /**
   * @param orders indices of resident samples, as many for each network: [models][count]
   * @returns [models]
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async run(orders: readonly Uint32Array<ArrayBuffer>[]): Promise<Inferred[]> {
    const { classes } = this.#sizes.spec;
    const all = orders.map(({ length }) => new Float32Array(length * classes));
    const sums = await this.#run(orders, async (start, count) => {
      const parts = await this.#read('probabilities', classes * this.#sizes.orderLength, classes * count);
      for (const [model, probabilities] of parts.entries()) all[model]?.set(probabilities, start * classes);
    });
    return sums.map((sum, model) => ({ ...sum, probabilities: all[model] ?? new Float32Array() }));
  }

  /** As {@link run}, without the probabilities. */
  sums(orders: readonly Uint32Array<ArrayBuffer>[]): Promise<Omit<Inferred, 'probabilities'>[]> {
    return this.#run(orders);
  }

  /** @param each called with the first sample of a part of the orders, and how many it has, once they are inferred */
  async #run(
    orders: readonly Uint32Array<ArrayBuffer>[],
    each?: (start: number, count: number) => Promise<void>,
  ): Promise<Omit<Inferred, 'probabilities'>[]> {
    const { orderLength, batch } = this.#sizes;
    const sums = orders.map(() => ({ lossSum: 0, hits: 0 }));
    const most = stepsPerEpoch(this.#sizes);
    for (let start = 0; start < (orders[0]?.length ?? 0); start += orderLength) {
      const parts = orders.map((order) => order.subarray(start, start + orderLength));
      for (const [model, part] of parts.entries()) {
        this.#executable.write('order', part, model * orderLength * part.BYTES_PER_ELEMENT);
      }
      const count = parts[0]?.length ?? 0;
      const steps = batches(count, batch);
      for await (const _ of this.#scheduler.run(steps));
      await each?.(start, count);
      if (!this.#labelled) continue;
      for (const [model, metrics] of (await this.#read('metrics', 2 * most, 2 * steps.length)).entries()) {
        const sum = sums[model];
        if (!sum) continue;
        for (const { loss, hits } of stepMetrics(metrics, 1)) {
          sum.lossSum += loss;
          sum.hits += hits;
        }
      }
    }
    return sums;
  }

  /** The first `floats` of each network's part of a buffer, which has room for `room`. */
  async #read(name: string, room: number, floats: number): Promise<Float32Array[]> {
    const { device } = this.#executable;
    const buffer = this.#executable.buffer(name);
    const parts = Array.from({ length: this.#sizes.models }, (_, model) => ({
      buffer,
      offset: 4 * model * room,
      size: 4 * floats,
    }));
    return (await readBuffers(device, parts)).map((bytes) => new Float32Array(bytes));
  }

  destroy(): void {
    this.#executable.destroy();
  }
}
