import { KERNELS } from '../gpu/kernels.ts';
import { targetOf } from '../gpu/target.ts';
import type { Dispatch } from '../train/plan.ts';

/** WebGPU's names of features that WGSL's `enable` names differently. */
const NAMES: Readonly<Record<string, string>> = { f16: 'shader-f16' };

/**
 * What shaders of the dispatches need and the device lacks: the first feature that they enable, or subgroups as wide as
 * they are made for; undefined if all can run.
 */
export function missingFeature(device: GPUDevice, dispatches: readonly Dispatch[]): string | undefined {
  const { lanes } = targetOf(device);
  return dispatches
    .flatMap(({ kernel, constants: { LANES } }) => [
      ...[...KERNELS[kernel].code.matchAll(/^enable (\w+);$/gm)]
        .map(([, name = '']) => NAMES[name] ?? name.replaceAll('_', '-'))
        .filter((feature) => !device.features.has(feature)),
      ...(LANES === undefined || LANES === lanes ? [] : [`subgroups of ${LANES} lanes`]),
    ])
    .at(0);
}
