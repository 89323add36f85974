import { KERNELS } from '../gpu/kernels.ts';
import type { Dispatch } from '../train/plan.ts';

/** WebGPU's names of features that WGSL's `enable` names differently. */
const NAMES: Readonly<Record<string, string>> = { f16: 'shader-f16' };

/** The first feature that a shader of the dispatches enables and the device lacks; undefined if all can run. */
export function missingFeature({ features }: GPUDevice, dispatches: readonly Dispatch[]): string | undefined {
  return dispatches
    .flatMap(({ kernel }) => [...KERNELS[kernel].code.matchAll(/^enable (\w+);$/gm)])
    .map(([, name = '']) => NAMES[name] ?? name.replaceAll('_', '-'))
    .find((feature) => !features.has(feature));
}
