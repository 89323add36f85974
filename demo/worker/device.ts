import { findAdapter, reportAdapter } from '../../src/index.ts';
import type { AdapterSummary, DeviceSummary } from '../protocol.ts';

/** The adapter's data that the page shows before anything runs on it. */
export async function describeAdapter(): Promise<AdapterSummary> {
  const adapter = await findAdapter();
  return {
    ...reportAdapter(adapter),
    limits: numbersOf(adapter.limits),
    features: [...adapter.features].sort(),
  };
}

export function describeDevice({ limits, features }: GPUDevice, plan: DeviceSummary['plan']): DeviceSummary {
  return { limits: numbersOf(limits), features: [...features].sort(), plan };
}

/** WebGPU's limits are properties of the prototype, so they can only be listed one by one. */
function numbersOf(limits: GPUSupportedLimits): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const name in limits) {
    const value: unknown = Reflect.get(limits, name);
    if (typeof value === 'number') numbers[name] = value;
  }
  return numbers;
}
