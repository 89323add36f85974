import { hasQuads } from '../../gpu/adapter.ts';
import { denseLayers } from '../../model/spec.ts';
import type { AdamConstants } from '../ops.ts';
import { isWithinLimits, type StepPlan } from '../step-plan.ts';
import { fusedUnits } from './fused.ts';
import { type PlanName, planFits, trainingPlan } from './index.ts';
import type { BatchSizes } from './sizes.ts';

/** Multiply-adds of a layer from which on it is more work than latency, and its tiles matter. */
const MUCH_WORK = 2 ** 23;

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
  const { spec, models, batch } = sizes;
  const units = fusedUnits(sizes);
  const names: PlanName[] = ['fused'];
  if (units < 2) names.push('fused-2');
  if (units < 4) names.push('fused-4');
  names.push('layered');
  const work = denseLayers(spec).map(({ inputs, outputs }) => models * batch * inputs * outputs);
  if (Math.max(...work) >= MUCH_WORK) names.push('layered-32', 'layered-64', 'layered-128');
  const [first, ...others] = names
    .filter((name) => planFits(name, spec))
    .map((name) => trainingPlan(name, sizes, adam))
    .filter((plan) => isWithinLimits(plan, device.limits));
  return first ? [first, ...others] : [trainingPlan('layered', sizes, adam)];
}
