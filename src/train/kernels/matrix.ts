import { type BindingName, shaderConstant } from '../../gpu/kernels.ts';
import { type Dispatch, dispatch } from '../plan.ts';
import type { LayeredKernels } from './layered.ts';
import { denseConstants, denseUpdateConstants, inputGradientConstants } from './layered.ts';
import { groups } from './plain.ts';
import { tiledKernels } from './tiled.ts';

/** Four subgroups of the widest kind that {@link missingForMatrices} accepts. */
const INVOCATIONS = 128;

/**
 * The layered plan's kernels on matrix units: the operands of matrix products are rounded to float16, sums and all else
 * stay float32. See docs/numerics.md for the error. The head is that of {@link tiledKernels}.
 *
 * @param workgroup invocations; at least four subgroups
 */
export function matrixKernels(workgroup = INVOCATIONS): LayeredKernels {
  const { head, headClasses, headParts } = tiledKernels();
  return {
    head,
    headClasses,
    headParts,

    dense(sizes, bindings) {
      const { models, rows, layer } = sizes;
      const { outputs } = layer;
      return product(
        'dense_matrix',
        {
          ...denseConstants(sizes),
          WORKGROUP_SIZE: workgroup,
        },
        bindings,
        { models, m: rows, n: outputs },
      );
    },

    inputGradient(sizes, bindings) {
      const { models, rows, layer } = sizes;
      const { inputs } = layer;
      return product(
        'dense_input_gradient_matrix',
        { ...inputGradientConstants(sizes), WORKGROUP_SIZE: workgroup },
        bindings,
        { models, m: rows, n: inputs },
      );
    },

    denseUpdate(sizes, optimizer, bindings) {
      const { models, layer } = sizes;
      const { inputs, outputs } = layer;
      const update = product(
        'dense_update_matrix',
        { ...denseUpdateConstants(sizes, optimizer), WORKGROUP_SIZE: workgroup },
        bindings,
        // The bias is one more row of parameters.
        { models, m: inputs + 1, n: outputs },
      );
      return { ...update, update: optimizer.part };
    },
  };
}

function product<K extends 'dense_matrix' | 'dense_input_gradient_matrix' | 'dense_update_matrix'>(
  kernel: K,
  constants: Record<string, number>,
  bindings: Record<BindingName<K>, string>,
  { models, m, n }: { models: number; m: number; n: number },
): Dispatch {
  const tile = shaderConstant(kernel, 'TILE');
  return dispatch(kernel, constants, bindings, [groups(n, tile), groups(m, tile), models]);
}
