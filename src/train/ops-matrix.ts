import { type BindingName, shaderConstant } from '../gpu/kernels.ts';
import { adamOverrides, groups } from './ops.ts';
import { tiledKernels } from './ops-layered.ts';
import type { LayeredKernels } from './plans/layered.ts';
import { type Dispatch, dispatch } from './step-plan.ts';
import type { Product } from './tiles.ts';

/** Four subgroups of the widest kind that {@link missingForMatrices} lets pass. */
const INVOCATIONS = 128;

/**
 * The layered plan's kernels on matrix units: the operands of matrix products are rounded to float16, sums and all else
 * are float32. See docs/numerics.md for the error. The head is that of {@link tiledKernels}.
 *
 * @param workgroup invocations; at least four subgroups
 */
export function matrixKernels(workgroup = INVOCATIONS): LayeredKernels {
  const { head, headClasses, headParts } = tiledKernels();
  return {
    head,
    headClasses,
    headParts,

    dense({ models, rows, layer, relu, input, orderLength }, bindings) {
      const { inputs, outputs } = layer;
      return product(
        'dense_matrix',
        {
          ROWS: rows,
          INPUTS: inputs,
          OUTPUTS: outputs,
          ORDER_LENGTH: orderLength,
          BYTES: Number(input === 'samples'),
          RELU: Number(relu),
          WORKGROUP_SIZE: workgroup,
        },
        bindings,
        { models, m: rows, n: outputs },
      );
    },

    inputGradient({ models, rows, layer }, bindings) {
      const { inputs, outputs } = layer;
      return product(
        'dense_input_gradient_matrix',
        { ROWS: rows, INPUTS: inputs, OUTPUTS: outputs, WORKGROUP_SIZE: workgroup },
        bindings,
        { models, m: rows, n: inputs },
      );
    },

    denseAdam({ models, rows, layer, input, orderLength }, adam, bindings) {
      const { inputs, outputs } = layer;
      return product(
        'dense_adam_matrix',
        {
          MODELS: models,
          BATCH: rows,
          INPUTS: inputs,
          OUTPUTS: outputs,
          ORDER_LENGTH: orderLength,
          BYTES: Number(input === 'samples'),
          ...adamOverrides(adam),
          WORKGROUP_SIZE: workgroup,
        },
        bindings,
        // The bias is one more row of parameters.
        { models, m: inputs + 1, n: outputs },
      );
    },
  };
}

function product<K extends 'dense_matrix' | 'dense_input_gradient_matrix' | 'dense_adam_matrix'>(
  kernel: K,
  constants: Record<string, number>,
  bindings: Record<BindingName<K>, string>,
  { models, m, n }: Omit<Product, 'k'>,
): Dispatch {
  const tile = shaderConstant(kernel, 'TILE');
  return dispatch(kernel, constants, bindings, [groups(n, tile), groups(m, tile), models]);
}
