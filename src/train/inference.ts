import { hasQuads } from '../gpu/adapter.ts';
import { readBuffer } from '../gpu/buffers.ts';
import type { MlpSpec } from '../model/spec.ts';
import { Executable } from './executable.ts';
import { tiledKernels } from './kernels/tiled.ts';
import { quadKernels } from './kernels/quads.ts';
import { inferencePlan } from './plans/inference.ts';
import type { BatchSizes } from './plans/sizes.ts';
import type { Resident } from './resident.ts';
import { Scheduler } from './scheduler.ts';
import { batches } from './step.ts';

/** Samples to a step: enough to fill a GPU, few enough that the activations stay small. */
const MOST_PER_BATCH = 256;

/** Probabilities kept on the GPU before they are read back: 64 MiB, half of what WebGPU always lets a shader bind. */
const MOST_PROBABILITIES = 2 ** 24;

/** What the forward pass makes of some of the resident samples. */
export interface Inferred {
  /** [count, classes] */
  readonly probabilities: Float32Array;
  /** Sum of the samples' losses, in nats; 0 where there are no labels. */
  readonly lossSum: number;
  /** Samples whose greatest logit is their label's. */
  readonly hits: number;
}

/** How `count` of `samples` resident samples, 1 or more, are cut into batches and read-backs. */
export function inferenceSizes(spec: MlpSpec, samples: number, count: number): BatchSizes {
  const batch = Math.min(MOST_PER_BATCH, 2 ** Math.ceil(Math.log2(count)));
  const rows = Math.max(batch, Math.floor(MOST_PROBABILITIES / spec.classes));
  return { spec, models: 1, batch, samples, orderLength: Math.min(count, rows) };
}

/** A network's forward pass over resident samples, made once and run as often as the weights change. */
export class Inference {
  readonly #sizes: BatchSizes;
  readonly #labelled: boolean;
  readonly #executable: Executable;
  readonly #scheduler: Scheduler;

  /** @param count samples that one `run` is given */
  static async create(
    device: GPUDevice,
    spec: MlpSpec,
    parameters: ReadonlyMap<string, GPUBuffer>,
    resident: Resident,
    count: number,
  ): Promise<Inference> {
    const sizes = inferenceSizes(spec, resident.count, count);
    const { labelled } = resident;
    const kernels = hasQuads(device) ? quadKernels : tiledKernels();
    const shared = new Map([...parameters, ['samples', resident.samples]]);
    return new Inference(
      sizes,
      labelled,
      await Executable.create(device, inferencePlan(kernels, sizes, labelled), shared),
    );
  }

  private constructor(sizes: BatchSizes, labelled: boolean, executable: Executable) {
    this.#sizes = sizes;
    this.#labelled = labelled;
    this.#executable = executable;
    this.#scheduler = new Scheduler(executable);
  }

  /**
   * @param order indices of resident samples: [count]
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async run(order: Uint32Array<ArrayBuffer>): Promise<Inferred> {
    const { spec, orderLength } = this.#sizes;
    const probabilities = new Float32Array(order.length * spec.classes);
    let lossSum = 0;
    let hits = 0;
    for (let start = 0; start < order.length; start += orderLength) {
      const part = order.subarray(start, start + orderLength);
      const steps = batches(part.length, this.#sizes.batch);
      this.#executable.write('order', part);
      for await (const _ of this.#scheduler.run(steps));
      probabilities.set(await this.#read('probabilities', part.length * spec.classes), start * spec.classes);
      if (!this.#labelled) continue;
      const metrics = await this.#read('metrics', 2 * steps.length);
      for (let i = 0; i < metrics.length; i += 2) {
        lossSum += metrics[i] ?? Number.NaN;
        hits += metrics[i + 1] ?? Number.NaN;
      }
    }
    return { probabilities, lossSum, hits };
  }

  async #read(name: string, floats: number): Promise<Float32Array> {
    const { device } = this.#executable;
    return new Float32Array(await readBuffer(device, this.#executable.buffer(name), 0, 4 * floats));
  }

  destroy(): void {
    this.#executable.destroy();
  }
}
