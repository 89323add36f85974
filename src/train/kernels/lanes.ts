import { shaderConstant } from '../../gpu/kernels.ts';
import type { Target } from '../../gpu/target.ts';
import { dispatch } from '../plan.ts';
import type { LayeredKernels } from './layered.ts';
import { denseConstants, denseUpdateConstants, inputGradientConstants } from './layered.ts';
import { groups, vectors } from './plain.ts';

/** Widths of a subgroup that the shaders can be built for. */
const WIDTHS = [4, 8, 16];

/** Rows of a block: the more there are, the fewer loads a product takes. */
const BLOCKS = [64, 32] as const;
const SMALLEST_BLOCK = 16;
/** Fewer workgroups would leave some of a processor's cores without work. */
const ENOUGH_WORKGROUPS = 8;

/** Lanes of AVX2: what is made for no known device has so many. */
const USUAL_LANES = 8;

/** Whether {@link laneKernels} can be built for what `target` has. */
export const hasLanes = ({ lanes }: Target): boolean => lanes !== null && WIDTHS.includes(lanes);

/** How many lanes {@link laneKernels} are to be built for, for `target`. */
export const lanesOf = ({ lanes }: Target): number =>
  lanes !== null && WIDTHS.includes(lanes) ? lanes : USUAL_LANES;

/**
 * The layered plan's kernels for software adapters: a workgroup is one subgroup, whose lanes are those of a processor's
 * register.
 *
 * @param lanes invocations of every subgroup: 4, 8 or 16
 */
export function laneKernels(lanes: number): LayeredKernels {
  const headRows = lanes * shaderConstant('head_lanes', 'LANE_ROWS');
  const headParts = (rows: number) => groups(rows, headRows);
  return {
    headClasses: 16,

    headParts,

    dense(sizes, bindings) {
      const { models, rows, layer, input } = sizes;
      const { BYTES: _, ORDER_LENGTH, ...constants } = denseConstants(sizes);
      if (input === 'samples') {
        const kernel = 'dense_bytes_lanes';
        return dispatch(kernel, { ...constants, ORDER_LENGTH, LANES: lanes }, bindings, [
          groups(vectors(layer.outputs), lanes / 4),
          groups(rows, shaderConstant(kernel, 'TILE_ROWS')),
          models,
        ]);
      }
      const { x, parameters, y } = bindings;
      const { blocks, workgroups } = sumBlocks(lanes, { models, rows, columns: layer.outputs });
      return dispatch('dense_lanes', { ...constants, ...blocks }, { x, parameters, y }, workgroups);
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

    inputGradient(sizes, bindings) {
      const { models, rows, layer } = sizes;
      const { blocks, workgroups } = sumBlocks(lanes, { models, rows, columns: layer.inputs });
      const constants = { ...inputGradientConstants(sizes), ...blocks };
      return dispatch('dense_input_gradient_lanes', constants, bindings, workgroups);
    },

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

/** How shaders/parts/lane_sums.wgsl cuts a result of `rows` rows and `columns` columns. */
function sumBlocks(
  lanes: number,
  { models, rows, columns }: { models: number; rows: number; columns: number },
): {
  blocks: { LANES: number; BLOCK_ROWS: number; BLOCK_VECTORS: number };
  workgroups: [number, number, number];
} {
  const across = groups(vectors(columns), lanes);
  const width = Math.min(across, shaderConstant('dense_lanes', 'MOST_VECTORS'));
  const strips = groups(across, width);
  const enough = (block: number) => groups(rows, block) * strips * models >= ENOUGH_WORKGROUPS;
  const most = BLOCKS.find(enough) ?? SMALLEST_BLOCK;
  // Blocks of equal height, each of whole loads.
  const block = lanes * groups(rows, lanes * groups(rows, most));
  return {
    blocks: { LANES: lanes, BLOCK_ROWS: block, BLOCK_VECTORS: width },
    workgroups: [groups(rows, block), strips, models],
  };
}
