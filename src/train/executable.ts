import { KERNELS, kernelSource } from '../gpu/kernels.ts';
import { pipelineFor } from '../gpu/pipeline.ts';
import { DeviceWatch } from '../gpu/watch.ts';
import { allDispatches, assertWithinLimits, type Dispatch, type PlanBuffer, type StepPlan } from './plan.ts';
import { encodeRates, encodeSteps, STEP_SIZE, STEP_STRIDE, type Step } from './step.ts';

/** A dispatch that is ready to be recorded into a pass. */
export interface Recorded {
  readonly pipeline: GPUComputePipeline;
  /** The buffers, with the step's numbers in a slot. */
  readonly bindGroup: (slot: number) => GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/** When a dispatch runs: before a submit's steps, in every step, after them. */
type Part = 'before' | 'dispatches' | 'after';

/**
 * Compiles a plan's kernels. Some drivers leave most of that to the first step.
 * @throws ShadegradError `gpu`
 */
export async function compilePlan(device: GPUDevice, plan: StepPlan): Promise<void> {
  await Promise.all(
    allDispatches(plan).map(({ kernel, constants, update, matrix }) =>
      pipelineFor(device, kernel, constants, update, matrix),
    ),
  );
}

/**
 * Loads a plan's shaders, without a device.
 * @throws ShadegradError `io` where one cannot be loaded
 */
export async function loadShaders(plan: StepPlan): Promise<void> {
  await Promise.all(
    allDispatches(plan).map(({ kernel, update, matrix }) => kernelSource(kernel, update, matrix)),
  );
}

/**
 * A plan on a device: its buffers, pipelines and bind groups. Bind groups of a slot are made when it is first used, so the
 * first submit of each size makes some; after that recording a step allocates nothing.
 */
export class Executable {
  readonly device: GPUDevice;
  readonly plan: StepPlan;
  readonly #buffers: ReadonlyMap<string, GPUBuffer>;
  readonly #own: readonly GPUBuffer[];
  readonly #recorded: Record<Part, readonly Recorded[]>;

  /**
   * @param shared buffers that others own, by their names in the plan; all others are made here, filled with zeros
   * @throws ShadegradError `usage` if the device's limits are too low, `gpu` if memory or a shader fails
   */
  static async create(
    device: GPUDevice,
    plan: StepPlan,
    shared: ReadonlyMap<string, GPUBuffer> = new Map(),
  ): Promise<Executable> {
    assertWithinLimits(plan, device.limits);
    const missing = plan.buffers.filter(({ name }) => !shared.has(name));
    const bytes = missing.reduce((sum, { size }) => sum + size, 0);
    const own: GPUBuffer[] = [];
    try {
      await DeviceWatch.of(device).allocate(`the plan "${plan.name}" (${bytes} bytes)`, () => {
        for (const buffer of missing) own.push(createBuffer(device, buffer));
      });
      const buffers = new Map([...shared, ...own.map((buffer) => [buffer.label, buffer] as const)]);
      const record = (dispatches: readonly Dispatch[] = []) =>
        Promise.all(dispatches.map((dispatch) => prepareDispatch(device, dispatch, buffers)));
      const [before, dispatches, after] = await Promise.all([
        record(plan.before),
        record(plan.dispatches),
        record(plan.after),
      ]);
      return new Executable(device, plan, buffers, own, { before, dispatches, after });
    } catch (error) {
      for (const buffer of own) buffer.destroy();
      throw error;
    }
  }

  private constructor(
    device: GPUDevice,
    plan: StepPlan,
    buffers: ReadonlyMap<string, GPUBuffer>,
    own: readonly GPUBuffer[],
    recorded: Record<Part, readonly Recorded[]>,
  ) {
    this.device = device;
    this.plan = plan;
    this.#buffers = buffers;
    this.#own = own;
    this.#recorded = recorded;
  }

  /** All buffers of the plan, by name. */
  get buffers(): ReadonlyMap<string, GPUBuffer> {
    return this.#buffers;
  }

  /** The buffer that the plan calls `name`. */
  buffer(name: string): GPUBuffer {
    const buffer = this.#buffers.get(name);
    if (!buffer) throw new RangeError(`the plan "${this.plan.name}" has no buffer "${name}"`);
    return buffer;
  }

  /** Overwrites a buffer from byte `offset` on, after all work submitted so far. */
  write(name: string, data: ArrayBuffer | ArrayBufferView<ArrayBuffer>, offset = 0): void {
    this.device.queue.writeBuffer(this.buffer(name), offset, data);
  }

  /**
   * Runs `steps` in one pass of one submit.
   * @param steps 1 to `STEPS_PER_SUBMIT` steps with successive batches
   */
  submit(steps: readonly Step[]): void {
    const { before, dispatches, after } = this.#recorded;
    const first = before.length > 0 ? steps.slice(0, 1).map((step) => ({ ...step, count: 0 })) : [];
    this.write('step', encodeSteps([...steps, ...first]));
    if (this.#buffers.has('rates')) this.write('rates', encodeRates(steps));
    const encoder = this.device.createCommandEncoder({ label: this.plan.name });
    const pass = encoder.beginComputePass({ label: this.plan.name });
    const recorder = new Recorder(pass);
    recorder.record(before, steps.length);
    for (let slot = 0; slot < steps.length; slot++) recorder.record(dispatches, slot);
    recorder.record(after, steps.length - 1);
    pass.end();
    this.device.queue.submit([encoder.finish()]);
  }

  /** Frees the buffers that are not shared. */
  destroy(): void {
    for (const buffer of this.#own) buffer.destroy();
  }
}

/** Records dispatches into a pass. The calls, 0.5 to 1 us each, are most of the host's time for a short step. */
class Recorder {
  readonly #pass: GPUComputePassEncoder;
  #pipeline: GPUComputePipeline | undefined;

  constructor(pass: GPUComputePassEncoder) {
    this.#pass = pass;
  }

  /** Records dispatches that read the numbers in `slot` of the step buffer. */
  record(dispatches: readonly Recorded[], slot: number): void {
    for (const { pipeline, bindGroup, workgroups } of dispatches) {
      if (pipeline !== this.#pipeline) this.#pass.setPipeline(pipeline);
      this.#pipeline = pipeline;
      this.#pass.setBindGroup(0, bindGroup(slot));
      this.#pass.dispatchWorkgroups(...workgroups);
    }
  }
}

function createBuffer(device: GPUDevice, { name, size, usage }: PlanBuffer): GPUBuffer {
  const kind = usage === 'step' ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE;
  return device.createBuffer({
    label: name,
    size,
    usage: kind | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
  });
}

/**
 * Compiles a dispatch's kernel and binds its buffers.
 * @throws ShadegradError `gpu` where the shader does not compile, `io` where it cannot be loaded
 */
export async function prepareDispatch(
  device: GPUDevice,
  { kernel, constants, update, matrix, bindings, workgroups }: Dispatch,
  buffers: ReadonlyMap<string, GPUBuffer>,
): Promise<Recorded> {
  const { pipeline, layout } = await pipelineFor(device, kernel, constants, update, matrix);
  const accesses = Object.entries(KERNELS[kernel].bindings);
  const resources = accesses.map(([name, access]) => {
    const bufferName = bindings[name];
    const buffer = bufferName === undefined ? undefined : buffers.get(bufferName);
    if (!buffer) throw new RangeError(`${kernel}: no buffer for "${name}"`);
    return { buffer, access };
  });
  const bind = (slot: number) =>
    device.createBindGroup({
      label: kernel,
      layout,
      entries: resources.map(({ buffer, access }, binding) => ({
        binding,
        resource: access === 'step' ? { buffer, offset: slot * STEP_STRIDE, size: STEP_SIZE } : { buffer },
      })),
    });
  const usesStep = accesses.some(([, access]) => access === 'step');
  return { pipeline, bindGroup: usesStep ? keptBySlot(bind) : always(bind(0)), workgroups };
}

const always = (group: GPUBindGroup) => () => group;

/**
 * One bind group for each slot, made when it is first needed. One for all, with a dynamic offset, costs more each time that
 * it is set: Node's bindings read the offset from an array, and lavapipe copies all that is bound.
 */
function keptBySlot(bind: (slot: number) => GPUBindGroup): (slot: number) => GPUBindGroup {
  const groups: GPUBindGroup[] = [];
  return (slot) => {
    groups[slot] ??= bind(slot);
    return groups[slot];
  };
}
