import { place, readBuffer, upload } from '../gpu/buffers.ts';
import { KERNELS } from '../gpu/kernels.ts';
import { pipelineFor } from '../gpu/pipeline.ts';
import { assertWithinLimits, type Dispatch } from '../train/plan.ts';
import { encodeRates, encodeSteps, STEP_SIZE, type Step } from '../train/step.ts';
import type { Data } from './cases/case.ts';

/** Stands in for kernels that read no step. */
const NO_STEP: Step = { offset: 0, count: 0, index: 0, t: 0, rootCorrection: 0, rates: new Float32Array() };

const STEP = 'step';

/** One dispatch with its pipeline and any number of copies of its buffers, which are used in turn. */
export class Workload {
  readonly device: GPUDevice;
  readonly dispatch: Dispatch;
  readonly #pipeline: GPUComputePipeline;
  readonly #bindGroups: readonly GPUBindGroup[];
  readonly #buffers: readonly ReadonlyMap<string, GPUBuffer>[];
  #recorded = 0;

  /**
   * @param data contents of each bound buffer but `step` and `rates`, by its name in the dispatch
   * @throws ShadegradError `usage` if the device's limits are too low, `gpu` if memory or the shader fails
   */
  static async create(
    device: GPUDevice,
    dispatch: Dispatch,
    data: Readonly<Record<string, Data>>,
    { step = NO_STEP, copies = 1 }: { readonly step?: Step | undefined; readonly copies?: number } = {},
  ): Promise<Workload> {
    const accesses = Object.entries(KERNELS[dispatch.kernel].bindings);
    const contents: Record<string, Data> = {
      ...data,
      [STEP]: new Uint8Array(encodeSteps([step])),
      rates: encodeRates([step]),
    };
    assertWithinLimits(
      {
        name: dispatch.kernel,
        buffers: Object.entries(data).map(([name, { byteLength: size }]) => ({
          name,
          size,
          usage: 'storage',
        })),
        dispatches: [dispatch],
        metricParts: 1,
      },
      device.limits,
    );
    const { pipeline, layout } = await pipelineFor(
      device,
      dispatch.kernel,
      dispatch.constants,
      dispatch.update,
      dispatch.matrix,
    );
    const buffers: Map<string, GPUBuffer>[] = [];
    try {
      const bindGroups: GPUBindGroup[] = [];
      for (let copy = 0; copy < copies; copy++) {
        const own = new Map<string, GPUBuffer>();
        buffers.push(own);
        const entries: GPUBindGroupEntry[] = [];
        for (const [binding, [name, access]] of accesses.entries()) {
          const bound = dispatch.bindings[name];
          const content = bound === undefined ? undefined : contents[bound];
          if (bound === undefined || !content)
            throw new RangeError(`${dispatch.kernel}: no data for "${name}"`);
          const buffer = own.get(bound) ?? (await makeBuffer(device, bound, access === STEP, content));
          own.set(bound, buffer);
          entries.push({ binding, resource: access === STEP ? { buffer, size: STEP_SIZE } : { buffer } });
        }
        bindGroups.push(device.createBindGroup({ label: dispatch.kernel, layout, entries }));
      }
      return new Workload(device, dispatch, pipeline, bindGroups, buffers);
    } catch (error) {
      destroyAll(buffers);
      throw error;
    }
  }

  private constructor(
    device: GPUDevice,
    dispatch: Dispatch,
    pipeline: GPUComputePipeline,
    bindGroups: readonly GPUBindGroup[],
    buffers: readonly ReadonlyMap<string, GPUBuffer>[],
  ) {
    this.device = device;
    this.dispatch = dispatch;
    this.#pipeline = pipeline;
    this.#bindGroups = bindGroups;
    this.#buffers = buffers;
  }

  get copies(): number {
    return this.#bindGroups.length;
  }

  /** Dispatches recorded so far. */
  get recorded(): number {
    return this.#recorded;
  }

  /** Records `count` dispatches, each on the next copy of the buffers, from where the last pass stopped. */
  record(pass: GPUComputePassEncoder, count: number): void {
    pass.setPipeline(this.#pipeline);
    for (let i = 0; i < count; i++) {
      if (i === 0 || this.copies > 1) {
        pass.setBindGroup(0, this.#bindGroups[this.#recorded % this.copies]);
      }
      pass.dispatchWorkgroups(...this.dispatch.workgroups);
      this.#recorded++;
    }
  }

  /**
   * The contents of a copy's buffer `name` after all work submitted so far.
   * @throws ShadegradError `gpu` or `device-lost`
   */
  read(copy: number, name: string): Promise<ArrayBuffer> {
    const buffer = this.#buffers[copy]?.get(name);
    if (!buffer) throw new RangeError(`${this.dispatch.kernel}: no buffer "${name}"`);
    return readBuffer(this.device, buffer);
  }

  destroy(): void {
    destroyAll(this.#buffers);
  }
}

async function makeBuffer(
  device: GPUDevice,
  name: string,
  uniform: boolean,
  content: Data,
): Promise<GPUBuffer> {
  if (uniform) {
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    const buffer = device.createBuffer({ label: name, size: content.byteLength, usage });
    device.queue.writeBuffer(buffer, 0, content);
    return buffer;
  }
  const bytes = new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
  return upload(device, name, bytes.length, (part, from) => place(part, from, bytes));
}

function destroyAll(buffers: readonly ReadonlyMap<string, GPUBuffer>[]): void {
  for (const own of buffers) for (const buffer of own.values()) buffer.destroy();
}
