import { shaderConstant } from '../gpu/kernels.ts';
import { adamOverrides, groups, vectors } from './ops.ts';
import type { LayeredKernels } from './plans/layered.ts';
import { dispatch } from './step-plan.ts';

/** Tile sizes are written out in the shaders. */
const tile = (kernel: 'dense_quads' | 'dense_input_gradient_quads' | 'dense_adam_quads' | 'head_quads') => ({
  rows: shaderConstant(kernel, 'TILE_ROWS'),
  vectors: kernel === 'head_quads' ? 0 : shaderConstant(kernel, 'TILE_VECTORS'),
});

/**
 * The layered plan's kernels for adapters whose subgroups are four wide, which are software: loads are dear there, and
 * barriers dearer. A workgroup is one quad.
 */
export const quadKernels: LayeredKernels = {
  headClasses: 16,

  headParts: (rows) => groups(rows, tile('head_quads').rows),

  dense({ models, rows, layer, relu, input, orderLength }, bindings) {
    const { inputs, outputs } = layer;
    const size = tile('dense_quads');
    return dispatch(
      'dense_quads',
      {
        ROWS: rows,
        INPUTS: inputs,
        OUTPUTS: outputs,
        ORDER_LENGTH: orderLength,
        BYTES: Number(input === 'samples'),
        RELU: Number(relu),
      },
      bindings,
      [groups(vectors(outputs), size.vectors), groups(rows, size.rows), models],
    );
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
      [groups(rows, tile('head_quads').rows), 1, models],
    );
  },

  inputGradient({ models, rows, layer }, bindings) {
    const { inputs, outputs } = layer;
    const size = tile('dense_input_gradient_quads');
    return dispatch(
      'dense_input_gradient_quads',
      { ROWS: rows, INPUTS: inputs, OUTPUTS: outputs },
      bindings,
      [groups(vectors(inputs), size.vectors), groups(rows, size.rows), models],
    );
  },

  denseAdam({ models, rows, layer, input, orderLength }, adam, bindings) {
    const { inputs, outputs } = layer;
    const size = tile('dense_adam_quads');
    return dispatch(
      'dense_adam_quads',
      {
        MODELS: models,
        BATCH: rows,
        INPUTS: inputs,
        OUTPUTS: outputs,
        ORDER_LENGTH: orderLength,
        BYTES: Number(input === 'samples'),
        ...adamOverrides(adam),
      },
      bindings,
      [groups(inputs, size.rows), groups(vectors(outputs), size.vectors), models],
    );
  },
};
