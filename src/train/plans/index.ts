import { missingForMatrices, USUAL_UNITS } from '../../gpu/matrix-units.ts';
import { type Target, targetOf } from '../../gpu/target.ts';
import { denseLayers, type MlpSpec } from '../../model/spec.ts';
import { hasLanes, hasRegisters, laneKernels, lanesOf } from '../kernels/lanes.ts';
import { matrixKernels } from '../kernels/matrix.ts';
import { isQuad, quadKernels } from '../kernels/quads.ts';
import { tiledKernels } from '../kernels/tiled.ts';
import { tilesOf } from '../kernels/tiles.ts';
import type { Optimizer } from '../optimizer.ts';
import { isWithinLimits, type StepPlan } from '../plan.ts';
import { fusedFits, fusedPlan, fusedUnits } from './fused.ts';
import { layeredPlan } from './layered.ts';
import type { BatchSizes } from './sizes.ts';
import { unfusedPlan } from './unfused.ts';

/** A way to train: everything that can be asked about a plan by its name. */
interface PlanRow {
  /**
   * One step of training: forward, backward, update, made for `target`.
   * @throws RangeError if {@link PlanRow.misfit} says that the plan cannot train this
   */
  readonly build: (name: string, sizes: BatchSizes, optimizer: Optimizer, target: Target) => StepPlan;
  /** Why it cannot train such a network, whatever the batch, in words; absent if it can train any. */
  readonly misfit?: (spec: MlpSpec, optimizer: Optimizer) => string | undefined;
  /** What a device lacks for it apart from limits, in words; absent if it runs on any. */
  readonly lacks?: (device: GPUDevice) => string | undefined;
  /** Whether it may be the fastest plan there; absent if it never is, or if its results differ from the others'. */
  readonly mayBeFastest?: (target: Target, sizes: BatchSizes) => boolean;
}

/** From so many multiply-adds on, a layer's work outweighs its latency, and its tiles matter. */
const MUCH_WORK = 2 ** 23;

/** `fused` with `units` hidden units in a workgroup; by default as many as the sizes suggest. */
function fused(units?: number): PlanRow {
  return {
    build: (name, sizes, optimizer) => fusedPlan(name, sizes, optimizer, units),
    misfit: (spec, optimizer) => {
      if (!fusedFits(spec, units))
        return 'is for one hidden layer, and for as many inputs and classes as fit into workgroup memory';
      return optimizer.part === 'adam' ? undefined : `has no ${optimizer.name}`;
    },
    mayBeFastest: ({ software }, { spec }) => !software && (units === undefined || units > fusedUnits(spec)),
  };
}

/** `layered` with all tiles of one side. */
function tiled(side: number): PlanRow {
  return {
    build: (name, sizes, optimizer) => layeredPlan(name, tiledKernels(tilesOf(side)), sizes, optimizer),
    mayBeFastest: (target, { spec, models, batch }) => {
      const work = denseLayers(spec).map(({ inputs, outputs }) => models * batch * inputs * outputs);
      return !hasRegisters(target) && Math.max(...work) >= MUCH_WORK;
    },
  };
}

/** The likeliest to be the fastest come first: on hardware those with few dispatches, on software those without barriers. */
const PLANS = {
  fused: fused(),
  'fused-2': fused(2),
  'fused-4': fused(4),
  'layered-lanes': {
    build: (name, sizes, optimizer, target) =>
      layeredPlan(name, laneKernels(lanesOf(target)), sizes, optimizer),
    lacks: (device) =>
      hasLanes(targetOf(device)) ? undefined : 'subgroups of a fixed width of 4, 8 or 16 invocations',
    mayBeFastest: (target) => hasRegisters(target) && !isQuad(target),
  },
  'layered-quads': {
    build: (name, sizes, optimizer) => layeredPlan(name, quadKernels, sizes, optimizer),
    lacks: ({ features }) => (features.has('subgroups') ? undefined : 'the feature "subgroups"'),
    mayBeFastest: isQuad,
  },
  unfused: {
    build: unfusedPlan,
    mayBeFastest: (target) => target.software && !hasRegisters(target),
  },
  layered: {
    build: (name, sizes, optimizer) => layeredPlan(name, tiledKernels(), sizes, optimizer),
    mayBeFastest: (target) => !hasRegisters(target),
  },
  'layered-32': tiled(32),
  'layered-64': tiled(64),
  'layered-128': tiled(128),
  'layered-matrix': {
    build: (name, sizes, optimizer, { matrix }) =>
      layeredPlan(name, matrixKernels(matrix ?? USUAL_UNITS), sizes, optimizer),
    lacks: missingForMatrices,
  },
} satisfies Record<string, PlanRow>;

/**
 * The ways to train: see docs/architecture.md.
 * @useDeclaredType
 */
export type PlanName = keyof typeof PLANS;

/** The plans that {@link TrainerSettings.plan} takes beside `auto`. */
export const PLAN_NAMES = /* @__PURE__ */ Object.keys(PLANS) as readonly PlanName[];

/** The plan that takes every network, and runs on every device with large enough limits. */
export const ANY_PLAN: PlanName = 'layered';

const row = (name: PlanName): PlanRow => PLANS[name];

/** One step of training with the plan `name`, made for `target`. */
export function trainingPlan(
  name: PlanName,
  sizes: BatchSizes,
  optimizer: Optimizer,
  target: Target,
): StepPlan {
  return row(name).build(name, sizes, optimizer, target);
}

/** Why a plan cannot train `spec` with `optimizer`, whatever the batch, in words; undefined where it can. */
export function planMisfit(name: PlanName, spec: MlpSpec, optimizer: Optimizer): string | undefined {
  return row(name).misfit?.(spec, optimizer);
}

/** What `device` lacks for a plan apart from limits, in words; undefined if it lacks nothing. */
export function planLacks(name: PlanName, device: GPUDevice): string | undefined {
  return row(name).lacks?.(device);
}

/** Whether a plan runs on matrix units; a device must be opened with their features. */
export function planUsesMatrixUnits(name: PlanName): boolean {
  return row(name).lacks === missingForMatrices;
}

/** The plans that may be the fastest on this device, the likeliest first. */
export function candidatePlans(
  device: GPUDevice,
  sizes: BatchSizes,
  optimizer: Optimizer,
): [StepPlan, ...StepPlan[]] {
  const target = targetOf(device);
  const fitting = PLAN_NAMES.filter((name) => {
    const { mayBeFastest, misfit, lacks } = row(name);
    return mayBeFastest?.(target, sizes) && !misfit?.(sizes.spec, optimizer) && !lacks?.(device);
  });
  const [first, ...others] = fitting
    .map((name) => trainingPlan(name, sizes, optimizer, target))
    .filter((plan) => isWithinLimits(plan, device.limits));
  return first ? [first, ...others] : [trainingPlan(ANY_PLAN, sizes, optimizer, target)];
}
