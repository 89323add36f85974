import { hasQuads } from '../../gpu/adapter.ts';
import type { AdamConstants } from '../ops.ts';
import { isWithinLimits, type StepPlan } from '../step-plan.ts';
import { fusedFits } from './fused.ts';
import { trainingPlan } from './index.ts';
import type { BatchSizes } from './sizes.ts';

/**
 * The plans that may be the fastest on this device, the likeliest first. Where subgroups are four wide the GPU is
 * software, and plans with barriers are many times slower there: they are not tried.
 */
export function candidatePlans(
  device: GPUDevice,
  sizes: BatchSizes,
  adam: AdamConstants,
): [StepPlan, ...StepPlan[]] {
  if (hasQuads(device)) return [trainingPlan('layered-quads', sizes, adam)];
  const layered = trainingPlan('layered', sizes, adam);
  if (!fusedFits(sizes.spec)) return [layered];
  const fused = trainingPlan('fused', sizes, adam);
  return isWithinLimits(fused, device.limits) ? [fused, layered] : [layered];
}
