import { ShadegradError } from '../errors.ts';
import {
  type BindingName,
  KERNELS,
  type Kernel,
  type KernelName,
  sourceFiles,
  type UpdatePart,
} from '../gpu/kernels.ts';
import { type MatrixShape, shapeInWords } from '../gpu/matrix-units.ts';

/** One run of a kernel: everything about it but the buffers themselves. */
export interface Dispatch {
  /** The shader, `shaders/KERNEL.wgsl`. */
  readonly kernel: KernelName;
  /** The optimizer's part, for a kernel that updates parameters. */
  readonly update?: UpdatePart;
  /** The matrix units' shape, for a kernel that runs on them. */
  readonly matrix?: MatrixShape;
  /** Values of the shader's `override` constants; booleans are 0 and 1. */
  readonly constants: Readonly<Record<string, number>>;
  /** Name of the plan's buffer behind each of the kernel's bindings. */
  readonly bindings: Readonly<Record<string, string>>;
  /** How many workgroups run, along x, y and z. */
  readonly workgroups: readonly [number, number, number];
}

/** A buffer that a plan needs. */
export interface PlanBuffer {
  /** What dispatches bind it by, unique in the plan. */
  readonly name: string;
  /** Bytes, a multiple of 4. */
  readonly size: number;
  /** `step`: the uniform buffer of what differs from step to step. All others are storage buffers. */
  readonly usage: 'storage' | 'step';
}

/** What the GPU does in one step, as data. */
export interface StepPlan {
  /** As in {@link PLAN_NAMES}. */
  readonly name: string;
  /** All that the dispatches bind. */
  readonly buffers: readonly PlanBuffer[];
  /** In the order in which they run. */
  readonly dispatches: readonly Dispatch[];
  /** Once before the steps of a submit, with the first step's numbers except that it has no samples: count is 0. */
  readonly before?: readonly Dispatch[];
  /** Once after the steps of a submit, with the last step's numbers. */
  readonly after?: readonly Dispatch[];
  /** Parts into which a step's loss and hits are split in `metrics`: [models, steps, metricParts] x 2. */
  readonly metricParts: number;
}

/** The limits of a device that a plan can exceed. */
export type PlanLimits = Pick<
  GPUSupportedLimits,
  | 'maxBufferSize'
  | 'maxStorageBufferBindingSize'
  | 'maxComputeWorkgroupsPerDimension'
  | 'maxComputeInvocationsPerWorkgroup'
  | 'maxComputeWorkgroupSizeX'
  | 'maxComputeWorkgroupSizeY'
  | 'maxComputeWorkgroupStorageSize'
  | 'maxStorageBuffersPerShaderStage'
>;

/** The limits of every WebGPU device that is asked for no more (WebGPU, section 3.6.2). */
export const DEFAULT_LIMITS: PlanLimits = {
  maxBufferSize: 268_435_456,
  maxStorageBufferBindingSize: 134_217_728,
  maxComputeWorkgroupsPerDimension: 65_535,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupStorageSize: 16_384,
  maxStorageBuffersPerShaderStage: 8,
};

/** The limits that the plans need beyond WebGPU's defaults, for `adapter.requestDevice`. */
export function requiredLimits(...plans: StepPlan[]): Record<string, number> {
  const required: Record<string, number> = {};
  for (const need of plans.map(planNeeds)) {
    for (const [name, value] of Object.entries(need)) {
      const known = required[name] ?? DEFAULT_LIMITS[name as keyof PlanLimits];
      if (value > known) required[name] = value;
    }
  }
  return required;
}

export function isWithinLimits(plan: StepPlan, limits: PlanLimits): boolean {
  return Object.entries(planNeeds(plan)).every(([name, value]) => value <= limits[name as keyof PlanLimits]);
}

/**
 * How many of `models` networks are side by side where they take turns, as few turns as `fits` allows; 1 where not even
 * one network fits.
 */
export function roomFor(models: number, fits: (room: number) => boolean): number {
  let turns = 1;
  const room = () => Math.ceil(models / turns);
  while (room() > 1 && !fits(room())) turns++;
  return room();
}

/**
 * Checks a plan before anything is allocated.
 * @param nextStep what helps where it needs too much
 * @throws ShadegradError `usage` if the plan needs more than `limits` allow
 */
export function assertWithinLimits(
  plan: StepPlan,
  limits: PlanLimits,
  nextStep = 'Use a smaller batch, network or dataset, or request a device with a higher limit.',
): void {
  for (const [name, value] of Object.entries(planNeeds(plan))) {
    const limit = limits[name as keyof PlanLimits];
    if (!(value <= limit)) {
      throw new ShadegradError(
        'usage',
        `The plan "${plan.name}" needs ${name} = ${value}, and this device gives ${limit}.`,
        nextStep,
      );
    }
  }
}

function planNeeds(plan: StepPlan): PlanLimits {
  const sizes = plan.buffers.map(({ size }) => size);
  const workgroupSize = (dispatch: Dispatch, axis: 'X' | 'Y') =>
    dispatch.constants[`WORKGROUP_${axis}`] ?? (axis === 'X' ? (dispatch.constants.WORKGROUP_SIZE ?? 1) : 1);
  const over = (need: (dispatch: Dispatch) => number) => Math.max(0, ...allDispatches(plan).map(need));
  return {
    maxBufferSize: Math.max(0, ...sizes),
    maxStorageBufferBindingSize: Math.max(0, ...sizes),
    maxComputeWorkgroupsPerDimension: over(({ workgroups }) => Math.max(...workgroups)),
    maxComputeInvocationsPerWorkgroup: over((d) => workgroupSize(d, 'X') * workgroupSize(d, 'Y')),
    maxComputeWorkgroupSizeX: over((d) => workgroupSize(d, 'X')),
    maxComputeWorkgroupSizeY: over((d) => workgroupSize(d, 'Y')),
    maxComputeWorkgroupStorageSize: over(workgroupBytes),
    maxStorageBuffersPerShaderStage: over(
      ({ kernel }) => Object.values(KERNELS[kernel].bindings).filter((access) => access !== 'step').length,
    ),
  };
}

/** Every dispatch of a submit, in order: those before its steps, those of one step, those after them. */
export function allDispatches({ before = [], dispatches, after = [] }: StepPlan): Dispatch[] {
  return [...before, ...dispatches, ...after];
}

/** The files of `shaders/` that a dispatch's code is put together from, in order: the kernel's parts, then its own. */
export function sourceFilesOf({ kernel, update, matrix }: Dispatch): string[] {
  return sourceFiles(kernel, update, matrix);
}

function workgroupBytes({ kernel, constants, matrix }: Dispatch): number {
  const { workgroupBytes: bytes }: Kernel = KERNELS[kernel];
  return bytes?.(constants, matrix) ?? 0;
}

/** The shape of the matrix units that a plan runs on; undefined for a plan that runs on none. */
export function matrixShapeOf(plan: StepPlan): MatrixShape | undefined {
  return allDispatches(plan).find(({ matrix }) => matrix)?.matrix;
}

/** What a plan's matrix units multiply, in words, for reports: "8 x 8 x 8 of f16 into f32"; null for a plan that runs on none. */
export function matrixUnitsOf(plan: StepPlan): string | null {
  const shape = matrixShapeOf(plan);
  return shape ? shapeInWords(shape) : null;
}

/** Makes a dispatch; the compiler checks its bindings against the kernel's. */
export function dispatch<K extends KernelName>(
  kernel: K,
  constants: Record<string, number>,
  bindings: Record<BindingName<K>, string>,
  workgroups: [number, number, number],
): Dispatch {
  return { kernel, constants, bindings, workgroups };
}
