import { shaderConstant } from '../gpu/kernels.ts';
import { denseAdamConstants, denseConstants, inputGradientConstants } from './layered-constants.ts';
import { groups, vectors } from './ops.ts';
import type { LayeredKernels, LayerInput, LayerSizes } from './plans/layered.ts';
import { dispatch } from './step-plan.ts';

/** Tile sizes are written out in the shaders. */
const tile = (kernel: 'dense_quads' | 'dense_input_gradient_quads' | 'dense_adam_quads') => ({
  rows: shaderConstant(kernel, 'TILE_ROWS'),
  vectors: shaderConstant(kernel, 'TILE_VECTORS'),
});
const headParts = (rows: number) => groups(rows, shaderConstant('head_quads', 'TILE_ROWS'));

/**
 * The layered plan's kernels for adapters whose subgroups are four wide, which are software: loads are dear there, and
 * barriers dearer. A workgroup is one quad.
 */
export const quadKernels: LayeredKernels = {
  headClasses: 16,

  headParts,

  dense(sizes, bindings) {
    const { models, rows, layer } = sizes;
    const { outputs } = layer;
    const size = tile('dense_quads');
    return dispatch('dense_quads', denseConstants(sizes), { ...bindings, x_vectors: bindings.x }, [
      groups(vectors(outputs), size.vectors),
      groups(rows, size.rows),
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
    const { inputs } = layer;
    const size = tile('dense_input_gradient_quads');
    return dispatch('dense_input_gradient_quads', inputGradientConstants(sizes), bindings, [
      groups(vectors(inputs), size.vectors),
      groups(rows, size.rows),
      models,
    ]);
  },

  denseAdam(sizes, adam, bindings) {
    const { models, layer } = sizes;
    const { inputs, outputs } = layer;
    const size = tile('dense_adam_quads');
    const constants = { ...denseAdamConstants(sizes, adam), STRIDE: stride(sizes) };
    return dispatch('dense_adam_quads', constants, { ...bindings, x_vectors: bindings.x }, [
      groups(inputs, size.rows),
      groups(vectors(outputs), size.vectors),
      models,
    ]);
  },
};

/** Words of a row where the inputs can be a square image's pixels. A guess that is wrong costs time only. */
function stride({ layer, input }: LayerSizes & LayerInput): number {
  const width = Math.sqrt(layer.inputs);
  return input === 'samples' && width % 4 === 0 ? width / 4 : 1;
}
