import type { MlpSpec } from '../../model/spec.ts';
import type { AdamConstants } from '../ops.ts';
import { tiledKernels } from '../ops-layered.ts';
import { matrixKernels } from '../ops-matrix.ts';
import { quadKernels } from '../ops-quads.ts';
import type { StepPlan } from '../step-plan.ts';
import { tilesOf } from '../tiles.ts';
import { fusedFits, fusedPlan } from './fused.ts';
import { layeredPlan } from './layered.ts';
import type { BatchSizes } from './sizes.ts';
import { unfusedPlan } from './unfused.ts';

type Build = (sizes: BatchSizes, adam: AdamConstants) => StepPlan;

/** Hidden units to a workgroup; `fused` itself has as many as its sizes suggest. */
const UNITS = { 'fused-2': 2, 'fused-4': 4 } as const;

const fused =
  (name: keyof typeof UNITS): Build =>
  (sizes, adam) =>
    fusedPlan(name, sizes, adam, UNITS[name]);

/** `layered` with all tiles of one side. */
const tiled =
  (name: string, side: number): Build =>
  (sizes, adam) =>
    layeredPlan(name, tiledKernels(tilesOf(side)), sizes, adam);

const PLANS = {
  fused: (sizes, adam) => fusedPlan('fused', sizes, adam),
  'fused-2': fused('fused-2'),
  'fused-4': fused('fused-4'),
  layered: (sizes, adam) => layeredPlan('layered', tiledKernels(), sizes, adam),
  'layered-32': tiled('layered-32', 32),
  'layered-64': tiled('layered-64', 64),
  'layered-128': tiled('layered-128', 128),
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

/** Whether a plan takes `spec`, whatever the batch. */
export function planFits(name: PlanName, spec: MlpSpec): boolean {
  if (name === 'fused') return fusedFits(spec);
  if (name === 'fused-2' || name === 'fused-4') return fusedFits(spec, UNITS[name]);
  return true;
}
