import { type BindingName, KERNELS, shaderConstant } from '../../gpu/kernels.ts';
import type { Optimizer } from '../optimizer.ts';
import { DEFAULT_LIMITS, type Dispatch, dispatch } from '../plan.ts';
import { groups, vectors } from './plain.ts';

/** Invocations of a step's workgroups: as many as every device allows, since a step is all latency. */
const STEP = 256;
/** Invocations that transpose, one hidden unit's vector each; 32 units are one line of memory. */
const LAYOUT = 32;

/** Numbers of hidden units that a workgroup may have. */
export const UNIT_COUNTS = [1, 2, 4] as const;

export interface FusedSizes {
  readonly models: number;
  /** Samples in a step. */
  readonly batch: number;
  readonly inputs: number;
  /** Hidden units. */
  readonly hidden: number;
  readonly classes: number;
  readonly orderLength: number;
  readonly labelsAt: number;
  /** Steps that `metrics` has room for. */
  readonly steps: number;
}

/** Floats of a hidden unit's outputs for a batch: whole tiles. */
export function fusedRowFloats(batch: number): number {
  const tile = shaderConstant('fused_step', 'TILE');
  return tile * groups(batch, tile);
}

/**
 * What a workgroup with `units` hidden units takes: slices of the logits' sums, as many as there are invocations and
 * memory for, and vec4s of the stage. Undefined if that exceeds WebGPU's default limits.
 */
export function fusedStage(
  { inputs, hidden, classes }: Pick<FusedSizes, 'inputs' | 'hidden' | 'classes'>,
  units: number,
): { slices: number; stage: number } | undefined {
  const tile = shaderConstant('fused_step', 'TILE');
  const quads = tile / 4;
  const column = vectors(inputs) + 1;
  const taken = KERNELS.fused_step.workgroupBytes({ CLASSES: classes, UNITS: units, STAGE: 0 });
  const room = Math.floor((DEFAULT_LIMITS.maxComputeWorkgroupStorageSize - taken) / 16);
  const slice = tile * vectors(classes);
  const invocations = Math.floor(STEP / (quads * vectors(classes)));
  // No more than needed: devices write zeros to all workgroup memory before they run a workgroup.
  const slices = Math.min(invocations, Math.floor(room / slice), vectors(hidden));
  const stage = Math.max(slices * slice, units * column, units * (STEP / quads / 2) * (quads + 1));
  const owned = units * groups(column, STEP);
  // An invocation for every vector of the units' rows of the head and of its bias, and one for the metrics.
  const headParts = (units + 1) * vectors(classes) + 1;
  const fits =
    slices >= 1 && stage <= room && owned <= shaderConstant('fused_step', 'SLOTS') && headParts <= STEP;
  return fits ? { slices, stage } : undefined;
}

/**
 * One step in one dispatch.
 * @param units hidden units of a workgroup, one of {@link UNIT_COUNTS}
 * @throws RangeError if they do not fit (see {@link fusedStage}), or for another optimizer than Adam
 */
export function fusedStep(
  sizes: FusedSizes,
  units: number,
  optimizer: Optimizer,
  bindings: Readonly<Record<BindingName<'fused_step'>, string>>,
): Dispatch {
  const fit = fusedStage(sizes, units);
  if (!fit) throw new RangeError(`fused_step: ${units} units of ${JSON.stringify(sizes)} do not fit`);
  if (optimizer.part !== 'adam') throw new RangeError(`fused_step has no ${optimizer.name}`);
  return dispatch(
    'fused_step',
    {
      MODELS: sizes.models,
      BATCH: sizes.batch,
      INPUTS: sizes.inputs,
      HIDDEN: sizes.hidden,
      CLASSES: sizes.classes,
      ORDER_LENGTH: sizes.orderLength,
      LABELS_AT: sizes.labelsAt,
      STEPS: sizes.steps,
      ...optimizer.constants,
      UNITS: units,
      LOGIT_SLICES: fit.slices,
      STAGE: fit.stage,
      WORKGROUP_SIZE: STEP,
    },
    bindings,
    [groups(sizes.hidden, units), 1, sizes.models],
  );
}

/** Moves the state into `fused_step`'s layout or, with `back`, out of it. */
export function fusedLayout(
  { models, inputs, hidden, classes }: Pick<FusedSizes, 'models' | 'inputs' | 'hidden' | 'classes'>,
  back: boolean,
  bindings: Readonly<Record<BindingName<'fused_layout'>, string>>,
): Dispatch {
  return dispatch(
    'fused_layout',
    {
      MODELS: models,
      INPUTS: inputs,
      HIDDEN: hidden,
      CLASSES: classes,
      BACK: Number(back),
      WORKGROUP_SIZE: LAYOUT,
    },
    bindings,
    [groups(hidden + 1, LAYOUT), Math.max(vectors(inputs) + 1, vectors(classes)), models],
  );
}
