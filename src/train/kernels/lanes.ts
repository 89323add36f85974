import { shaderConstant } from '../../gpu/kernels.ts';
import type { Target } from '../../gpu/target.ts';
import { dispatch } from '../plan.ts';
import type { LayeredKernels } from './layered.ts';
import { denseConstants, denseUpdateConstants } from './layered.ts';
import { groups, vectors } from './plain.ts';
import { tiledKernels } from './tiled.ts';

/** Widths of a subgroup that the shaders can be built for. */
const WIDTHS: readonly (number | null)[] = [4, 8, 16];

/** Whether {@link laneKernels} can be built for what `target` has. */
export const hasLanes = ({ lanes }: Target): boolean => WIDTHS.includes(lanes);

/**
 * The layered plan's kernels for software adapters: a workgroup is one subgroup, whose lanes are those of a processor's
 * register.
 *
 * @param lanes invocations of every subgroup: 4, 8 or 16
 */
export function laneKernels(lanes: number): LayeredKernels {
  const headRows = lanes * shaderConstant('head_lanes', 'LANE_ROWS');
  const headParts = (rows: number) => groups(rows, headRows);
  const tiledOnes = tiledKernels();
  return {
    headClasses: 16,

    headParts,

    dense(sizes, bindings) {
      const { models, rows, layer, input } = sizes;
      if (input === 'floats') return tiledOnes.dense(sizes, bindings);
      const kernel = 'dense_bytes_lanes';
      const { BYTES: _, ...constants } = denseConstants(sizes);
      return dispatch(kernel, { ...constants, LANES: lanes }, bindings, [
        groups(vectors(layer.outputs), lanes / 4),
        groups(rows, shaderConstant(kernel, 'TILE_ROWS')),
        models,
      ]);
    },

    head({ models, rows, layer, orderLength, labelsAt, steps }, bindings) {
      return dispatch(
        'head_lanes',
        {
          BATCH: rows,
          INPUTS: layer.inputs,
          CLASSES: layer.outputs,
          ORDER_LENGTH: orderLength,
          LABELS_AT: labelsAt,
          STEPS: steps,
          LANES: lanes,
        },
        bindings,
        [headParts(rows), 1, models],
      );
    },

    inputGradient: tiledOnes.inputGradient,

    denseUpdate(sizes, optimizer, bindings) {
      const { models, layer } = sizes;
      const kernel = 'dense_update_lanes';
      const constants = { ...denseUpdateConstants(sizes, optimizer), LANES: lanes };
      return {
        ...dispatch(kernel, constants, bindings, [
          // The bias is one more row of parameters; a lane has four.
          groups(layer.inputs + 1, 4 * lanes),
          groups(vectors(layer.outputs), shaderConstant(kernel, 'BLOCK_VECTORS')),
          models,
        ]),
        update: optimizer.part,
      };
    },
  };
}
