import { OPTIONAL_FEATURES, reportAdapter, ShadegradError } from '../../src/index.ts';
import type { AdapterSummary, DeviceSummary } from '../protocol.ts';
import { findAdapter } from '../webgpu.ts';

/** The adapter's data that the page shows before anything runs on it. */
export async function describeAdapter(): Promise<AdapterSummary> {
  const adapter = await findAdapter();
  return {
    ...reportAdapter(adapter),
    limits: numbersOf(adapter.limits),
    features: [...adapter.features].sort(),
  };
}

/**
 * A device of its own for each run, because an adapter gives only one.
 * @param requiredLimits those beyond WebGPU's defaults
 * @param optionalFeatures those to enable where the adapter offers them
 * @param optionalLimits those to raise as far as the adapter allows
 * @throws ShadegradError `no-adapter`, `usage` where the adapter lacks a limit, `gpu` where it gives no device
 */
export async function openDevice(
  requiredLimits: Record<string, number>,
  optionalFeatures: readonly GPUFeatureName[] = OPTIONAL_FEATURES,
  optionalLimits: Readonly<Record<string, number>> = {},
): Promise<GPUDevice> {
  const adapter = await findAdapter();
  const offered = numbersOf(adapter.limits);
  for (const [name, value] of Object.entries(requiredLimits)) {
    const limit = offered[name];
    if (limit !== undefined && value <= limit) continue;
    throw new ShadegradError(
      'usage',
      `This needs ${name} = ${value}, and the graphics adapter gives ${limit ?? 'no such limit'}.`,
      'Use a smaller batch, network or dataset.',
    );
  }
  try {
    const requiredFeatures = optionalFeatures.filter((feature) => adapter.features.has(feature));
    const limits = Object.entries(optionalLimits).map(([name, value]) => [
      name,
      Math.min(value, offered[name] ?? 0),
    ]);
    return await adapter.requestDevice({
      requiredLimits: { ...Object.fromEntries(limits), ...requiredLimits },
      requiredFeatures,
    });
  } catch (error) {
    throw new ShadegradError(
      'gpu',
      `The graphics adapter gives no device: ${error instanceof Error ? error.message : error}`,
      'Start again; if it stays, close other pages that use the GPU, or restart the browser.',
      error,
    );
  }
}

export function describeDevice(
  { limits, features }: GPUDevice,
  rest: Omit<DeviceSummary, 'limits' | 'features'>,
): DeviceSummary {
  return { limits: numbersOf(limits), features: [...features].sort(), ...rest };
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
