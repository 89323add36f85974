import type { MlpSpec } from '../../model/spec.ts';
import type { AdamConstants } from '../ops.ts';
import { tiledKernels } from '../ops-layered.ts';
import { matrixKernels } from '../ops-matrix.ts';
import { quadKernels } from '../ops-quads.ts';
import type { StepPlan } from '../step-plan.ts';
import { TILES } from '../tiles.ts';
import { fusedFits, fusedPlan } from './fused.ts';
import { layeredPlan } from './layered.ts';
import type { BatchSizes } from './sizes.ts';
import { unfusedPlan } from './unfused.ts';

type Build = (sizes: BatchSizes, adam: AdamConstants) => StepPlan;

/** `fused` with so many hidden units to a workgroup; without a number, as many as its sizes suggest. */
const fused =
  (name: string, units?: number): Build =>
  (sizes, adam) =>
    fusedPlan(name, sizes, adam, units);

/** `layered` with all tiles of one side; without a side, each product has the tile that its sizes suggest. */
const layered =
  (name: string, side?: number): Build =>
  (sizes, adam) => {
    const [first, ...others] = TILES.filter((tile) => tile.side === side);
    return layeredPlan(name, tiledKernels(first && [first, ...others]), sizes, adam);
  };

const PLANS = {
  fused: fused('fused'),
  'fused-2': fused('fused-2', 2),
  'fused-4': fused('fused-4', 4),
  layered: layered('layered'),
  'layered-32': layered('layered-32', 32),
  'layered-64': layered('layered-64', 64),
  'layered-128': layered('layered-128', 128),
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

/** Hidden units to a workgroup of the plans that need room for them in workgroup memory. */
const UNITS: Partial<Record<PlanName, number>> = { fused: 1, 'fused-2': 2, 'fused-4': 4 };

/** Whether a plan takes `spec`, whatever the batch. */
export function planFits(name: PlanName, spec: MlpSpec): boolean {
  const units = UNITS[name];
  return units === undefined || fusedFits(spec, units);
}
