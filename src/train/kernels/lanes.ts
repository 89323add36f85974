import { shaderConstant } from '../../gpu/kernels.ts';
import type { Target } from '../../gpu/target.ts';
import { dispatch } from '../plan.ts';
import type { LayeredKernels } from './layered.ts';
import { denseConstants, denseUpdateConstants, inputGradientConstants } from './layered.ts';
import { groups, vectors } from './plain.ts';

/** Widths of a subgroup that the shaders can be built for. */
const WIDTHS = [4, 8, 16];

/**
 * Rows of a block and vec4s of columns of a lane, from so many multiply-adds of one network on. In larger blocks a
 * product takes fewer loads, but they take longer to compile: LLVM 15 needs 1.5, 4 and 16 s of a core's time for these
 * three, LLVM 22 0.1 to 0.4 s.
 */
const BLOCKS = [
  { work: 0, rows: 16, vectors: 1 },
  { work: 2 ** 22, rows: 32, vectors: 1 },
  { work: 2 ** 27, rows: 32, vectors: 2 },
] as const;

/** Enough for few cores, where smaller workgroups would repeat much work. */
const FEW_WORKGROUPS = 4;

/** Lanes of AVX2: what is made for no known device has so many. */
const USUAL_LANES = 8;

const widthOf = ({ lanes }: Target): number | undefined => WIDTHS.find((width) => width === lanes);

/** Whether {@link laneKernels} can be built for what `target` has. */
export const hasLanes = (target: Target): boolean => widthOf(target) !== undefined;

/** Subgroups are a processor's registers: kernels that make use of them are the fastest of software's, or close to it. */
export const hasRegisters = (target: Target): boolean => target.software && hasLanes(target);

/** How many lanes {@link laneKernels} are to be built for, for `target`. */
export const lanesOf = (target: Target): number => widthOf(target) ?? USUAL_LANES;

/**
 * The layered plan's kernels for software adapters: a workgroup is one subgroup, whose lanes are those of a processor's
 * register. They are right only where subgroups have that width or more; {@link Target.lanes} is set where WebGPU says that
 * all have the same.
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
        const across = vectors(layer.outputs);
        const along = groups(rows, shaderConstant(kernel, 'TILE_ROWS'));
        // As wide as they may be, since each strip loads and unpacks the pixels again.
        const strips = Math.max(groups(across, lanes), Math.min(across, groups(FEW_WORKGROUPS, along)));
        const strip = groups(across, strips);
        return dispatch(kernel, { ...constants, ORDER_LENGTH, LANES: lanes, VECTORS: strip }, bindings, [
          groups(across, strip),
          along,
          models,
        ]);
      }
      const { x, parameters, y } = bindings;
      const { blocks, workgroups } = sumBlocks(lanes, {
        models,
        rows,
        columns: layer.outputs,
        length: layer.inputs,
      });
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
      const { blocks, workgroups } = sumBlocks(lanes, {
        models,
        rows,
        columns: layer.inputs,
        length: layer.outputs,
      });
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

/** How shaders/parts/lane_sums.wgsl cuts a result of `rows` rows and `columns` columns, sums of `length` products. */
function sumBlocks(
  lanes: number,
  { models, rows, columns, length }: { models: number; rows: number; columns: number; length: number },
): {
  blocks: { LANES: number; BLOCK_ROWS: number; BLOCK_VECTORS: number };
  workgroups: [number, number, number];
} {
  const most = BLOCKS.findLast(({ work }) => rows * columns * length >= work) ?? BLOCKS[0];
  // Blocks of equal height, each of whole loads.
  const height = lanes * groups(rows, lanes * groups(rows, most.rows));
  const width = Math.min(most.vectors, groups(vectors(columns), lanes));
  return {
    blocks: { LANES: lanes, BLOCK_ROWS: height, BLOCK_VECTORS: width },
    workgroups: [groups(rows, height), groups(vectors(columns), lanes * width), models],
  };
}
