import { type KernelName, shaderConstant } from '../../gpu/kernels.ts';
import type { Target } from '../../gpu/target.ts';
import { dispatch } from '../plan.ts';
import type { LayeredKernels } from './layered.ts';
import { denseConstants, denseUpdateConstants, inputGradientConstants } from './layered.ts';
import { groups, vectors } from './plain.ts';

/** SwiftShader, whose subgroups are four wide: kernels with barriers are tens of times slower there. */
export const isQuad = ({ software, lanes }: Target): boolean => software && lanes === 4;

/** Quads side by side; the shaders define how many columns each makes. */
const across = (kernel: KernelName, columns: number) =>
  groups(vectors(columns), shaderConstant(kernel, 'TILE_VECTORS'));

const headParts = (rows: number) => groups(rows, shaderConstant('head_quads', 'TILE_ROWS'));

/** Rows in a block: the more rows go past a part of the kernel, the less often it is loaded. */
const LARGE_BLOCKS = [256, 128, 64] as const;
const SMALL_BLOCK = 32;
/** Fewer workgroups would leave some of a processor's cores without work. */
const ENOUGH_WORKGROUPS = 12;

/** How a kernel whose blocks may have any number of rows cuts `rows` rows of `columns` columns. */
function blocks(
  kernel: KernelName,
  { models, rows, columns }: { models: number; rows: number; columns: number },
): { block: number; workgroups: [number, number, number] } {
  const side = across(kernel, columns);
  const enough = (block: number) => side * groups(rows, block) * models >= ENOUGH_WORKGROUPS;
  const block = LARGE_BLOCKS.find(enough) ?? SMALL_BLOCK;
  return { block, workgroups: [side, groups(rows, block), models] };
}

/**
 * The layered plan's kernels for adapters whose subgroups are four wide. These are software: loads are slow there, and
 * barriers slower. A workgroup is one quad.
 */
export const quadKernels: LayeredKernels = {
  headClasses: 16,

  headParts,

  dense(sizes, bindings) {
    const { models, rows, layer, input } = sizes;
    const { BYTES: _, ORDER_LENGTH, ...constants } = denseConstants(sizes);
    if (input === 'samples') {
      return dispatch('dense_bytes_quads', { ...constants, ORDER_LENGTH }, bindings, [
        across('dense_bytes_quads', layer.outputs),
        groups(rows, shaderConstant('dense_bytes_quads', 'TILE_ROWS')),
        models,
      ]);
    }
    const { x, parameters, y } = bindings;
    const { block, workgroups } = blocks('dense_quads', { models, rows, columns: layer.outputs });
    return dispatch('dense_quads', { ...constants, BLOCK_ROWS: block }, { x, parameters, y }, workgroups);
  },

  head({ models, rows, layer, orderLength, labelsAt, steps }, bindings) {
    const { inputs, outputs } = layer;
    return dispatch(
      'head_quads',
      {
        BATCH: rows,
        INPUTS: inputs,
        CLASSES: outputs,
        ORDER_LENGTH: orderLength,
        LABELS_AT: labelsAt,
        STEPS: steps,
      },
      bindings,
      [headParts(rows), 1, models],
    );
  },

  inputGradient(sizes, bindings) {
    const { models, rows, layer } = sizes;
    const kernel = 'dense_input_gradient_quads';
    const { block, workgroups } = blocks(kernel, { models, rows, columns: layer.inputs });
    const constants = { ...inputGradientConstants(sizes), BLOCK_ROWS: block };
    return dispatch(kernel, constants, bindings, workgroups);
  },

  denseUpdate(sizes, optimizer, bindings) {
    const { models, layer } = sizes;
    const kernel = 'dense_update_quads';
    return {
      ...dispatch(kernel, denseUpdateConstants(sizes, optimizer), bindings, [
        groups(layer.inputs, shaderConstant(kernel, 'BLOCK_ROWS')),
        across(kernel, layer.outputs),
        models,
      ]),
      update: optimizer.part,
    };
  },
};
