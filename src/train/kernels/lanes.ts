import type { Target } from '../../gpu/target.ts';
import type { LayeredKernels } from './layered.ts';
import { tiledKernels } from './tiled.ts';

/** Widths of a subgroup that the shaders can be built for. */
const WIDTHS: readonly (number | null)[] = [4, 8, 16];

/** Whether {@link laneKernels} can be built for what `target` has. */
export const hasLanes = ({ lanes }: Target): boolean => WIDTHS.includes(lanes);

/**
 * The layered plan's kernels for software adapters: a workgroup is one subgroup, whose lanes are those of a processor's
 * register. What neighbouring lanes read or write are neighbouring floats, so that a register's load or store does it.
 *
 * @param lanes invocations of every subgroup: 4, 8 or 16
 */
export function laneKernels(_lanes: number): LayeredKernels {
  return tiledKernels();
}
