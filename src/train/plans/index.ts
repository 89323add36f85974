import type { AdamConstants } from '../ops.ts';
import { tiledKernels } from '../ops-layered.ts';
import { matrixKernels } from '../ops-matrix.ts';
import { quadKernels } from '../ops-quads.ts';
import type { StepPlan } from '../step-plan.ts';
import { fusedPlan } from './fused.ts';
import { layeredPlan } from './layered.ts';
import type { BatchSizes } from './sizes.ts';
import { unfusedPlan } from './unfused.ts';

type Build = (sizes: BatchSizes, adam: AdamConstants) => StepPlan;

const PLANS = {
  fused: fusedPlan,
  layered: (sizes, adam) => layeredPlan('layered', tiledKernels(), sizes, adam),
  'layered-quads': (sizes, adam) => layeredPlan('layered-quads', quadKernels, sizes, adam),
  // In half precision, so never among those that `auto` chooses from.
  'layered-matrix': (sizes, adam) => layeredPlan('layered-matrix', matrixKernels(), sizes, adam),
  unfused: unfusedPlan,
} satisfies Record<string, Build>;

/** The ways to train: see docs/architecture.md. */
export type PlanName = keyof typeof PLANS;

export const PLAN_NAMES = Object.keys(PLANS) as readonly PlanName[];

/** One step of training: forward, backward, update. */
export function trainingPlan(name: PlanName, sizes: BatchSizes, adam: AdamConstants): StepPlan {
  return PLANS[name](sizes, adam);
}
