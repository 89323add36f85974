import { kernelSource } from '../gpu/kernels.ts';
import { missingForMatrices } from '../gpu/matrix-units.ts';
import { targetOf } from '../gpu/target.ts';
import type { Dispatch } from '../train/plan.ts';

/** WebGPU's names of features that WGSL's `enable` names differently. */
const NAMES: Readonly<Record<string, string>> = { f16: 'shader-f16' };

/**
 * What shaders of the dispatches need and the device lacks, in words: the first feature that they enable, subgroups as wide
 * as they are made for, or matrix units; undefined if all can run.
 *
 * @throws ShadegradError `io` where a shader cannot be loaded
 */
export async function missingFeature(
  device: GPUDevice,
  dispatches: readonly Dispatch[],
): Promise<string | undefined> {
  const { lanes } = targetOf(device);
  const all = await Promise.all(
    dispatches.map(async ({ kernel, constants: { LANES }, update, matrix }) => {
      const { code } = await kernelSource(kernel, update, matrix);
      return [
        ...[...code.matchAll(/^enable (\w+);$/gm)]
          .map(([, name = '']) => NAMES[name] ?? name.replaceAll('_', '-'))
          .filter((feature) => !device.features.has(feature))
          .map((feature) => `the feature ${feature}`),
        LANES === undefined || LANES === lanes ? undefined : `subgroups of ${LANES} lanes`,
        matrix && missingForMatrices(device),
      ];
    }),
  );
  return all.flat().find((missing) => missing !== undefined);
}
