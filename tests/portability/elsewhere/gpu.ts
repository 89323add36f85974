// Stands for src/node/gpu.ts where the tests run outside Node: the device is the engine's own.
import { reportAdapter } from '../../../src/gpu/adapter.ts';
import type { OpenDeviceOptions, OpenedDevice } from '../../../src/node/gpu.ts';

export const MATRIX_DEVICE: OpenDeviceOptions = {};

/** As in Node, on the only adapter there is. What the engine does not offer of `optionalFeatures` is left out. */
export async function openDevice({
  requiredLimits = {},
  optionalFeatures = [],
}: OpenDeviceOptions): Promise<OpenedDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('The engine has no WebGPU adapter.');
  const device = await adapter.requestDevice({
    requiredLimits: { ...requiredLimits },
    requiredFeatures: optionalFeatures.filter((feature) => adapter.features.has(feature)),
  });
  return { device, adapter, info: reportAdapter(adapter), toggles: [], passedOver: [] };
}
