import { type KernelName, shaderConstant } from '../gpu/kernels.ts';
import { denseAdamConstants, inputGradientConstants } from './layered-constants.ts';
import { groups, vectors } from './ops.ts';
import type { LayeredKernels } from './plans/layered.ts';
import { dispatch } from './step-plan.ts';

/** Columns that a quad makes, in vec4s; written out in the shaders. */
const across = (kernel: KernelName, columns: number) =>
  groups(vectors(columns), shaderConstant(kernel, 'TILE_VECTORS'));

const headParts = (rows: number) => groups(rows, shaderConstant('head_quads', 'TILE_ROWS'));

/** Rows that go past a part of the kernel: the more, the less often it is loaded. */
const ROW_BLOCKS = [256, 128, 64, 32] as const;
/** Fewer workgroups would leave some of a processor's cores without work. */
const ENOUGH_WORKGROUPS = 12;

/** @param side workgroups that share a block of rows */
function rowBlock(rows: number, side: number): number {
  return ROW_BLOCKS.find((block) => groups(rows, block) * side >= ENOUGH_WORKGROUPS) ?? 32;
}

/**
 * The layered plan's kernels for adapters whose subgroups are four wide, which are software: loads are dear there, and
 * barriers dearer. A workgroup is one quad.
 */
export const quadKernels: LayeredKernels = {
  headClasses: 16,

  headParts,

  dense({ models, rows, layer, input, orderLength, relu }, bindings) {
    const { inputs, outputs } = layer;
    const constants = { ROWS: rows, INPUTS: inputs, OUTPUTS: outputs, RELU: Number(relu) };
    if (input === 'samples') {
      return dispatch('dense_bytes_quads', { ...constants, ORDER_LENGTH: orderLength }, bindings, [
        across('dense_bytes_quads', outputs),
        groups(rows, shaderConstant('dense_bytes_quads', 'TILE_ROWS')),
        models,
      ]);
    }
    const { x, parameters, y } = bindings;
    const side = across('dense_quads', outputs);
    const block = rowBlock(rows, side * models);
    return dispatch('dense_quads', { ...constants, BLOCK_ROWS: block }, { x, parameters, y }, [
      side,
      groups(rows, block),
      models,
    ]);
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
    const side = across('dense_input_gradient_quads', layer.inputs);
    const block = rowBlock(rows, side * models);
    const constants = { ...inputGradientConstants(sizes), BLOCK_ROWS: block };
    return dispatch('dense_input_gradient_quads', constants, bindings, [side, groups(rows, block), models]);
  },

  denseAdam(sizes, adam, bindings) {
    const { models, layer } = sizes;
    return dispatch('dense_adam_quads', denseAdamConstants(sizes, adam), bindings, [
      groups(layer.inputs, shaderConstant('dense_adam_quads', 'BLOCK_ROWS')),
      across('dense_adam_quads', layer.outputs),
      models,
    ]);
  },
};
