import { KERNELS } from '../gpu/kernels.ts';
import type { Dispatch } from '../train/plan.ts';

/** What WGSL's `enable` calls otherwise than WebGPU does. */
const NAMES: Readonly<Record<string, string>> = { f16: 'shader-f16' };

/** The first feature that a shader of the dispatches enables and the device has not; undefined where all can run. */
export function missingFeature({ features }: GPUDevice, dispatches: readonly Dispatch[]): string | undefined {
  return dispatches
    .flatMap(({ kernel }) => [...KERNELS[kernel].code.matchAll(/^enable (\w+);$/gm)])
    .map(([, name = '']) => NAMES[name] ?? name.replaceAll('_', '-'))
    .find((feature) => !features.has(feature));
}
