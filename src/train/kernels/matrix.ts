import { type BindingName, shaderConstant } from '../../gpu/kernels.ts';
import type { MatrixUnits } from '../../gpu/matrix-units.ts';
import { type Dispatch, dispatch } from '../plan.ts';
import type { LayeredKernels } from './layered.ts';
import { denseConstants, denseUpdateConstants, inputGradientConstants } from './layered.ts';
import { groups } from './plain.ts';
import { tiledKernels } from './tiled.ts';

/** A workgroup's tile has four quarters, one for each subgroup. */
const SUBGROUPS = 4;

type MatrixKernel = 'dense_matrix' | 'dense_input_gradient_matrix' | 'dense_update_matrix';

/**
 * The layered plan's kernels on matrix units: the operands of matrix products are rounded to float16, and all else stays
 * float32, sums too where the units add up in it. See docs/numerics.md for the error. The head is that of
 * {@link tiledKernels}.
 */
export function matrixKernels({ shape, subgroup }: MatrixUnits): LayeredKernels {
  const { head, headClasses, headParts } = tiledKernels();

  function product<K extends MatrixKernel>(
    kernel: K,
    constants: Record<string, number>,
    bindings: Record<BindingName<K>, string>,
    { models, m, n }: { models: number; m: number; n: number },
  ): Dispatch {
    const tile = shaderConstant(kernel, 'TILE', shape);
    return {
      ...dispatch(kernel, { ...constants, WORKGROUP_SIZE: SUBGROUPS * subgroup }, bindings, [
        groups(n, tile),
        groups(m, tile),
        models,
      ]),
      matrix: shape,
    };
  }

  return {
    head,
    headClasses,
    headParts,

    dense(sizes, bindings) {
      const { models, rows, layer } = sizes;
      return product('dense_matrix', denseConstants(sizes), bindings, { models, m: rows, n: layer.outputs });
    },

    inputGradient(sizes, bindings) {
      const { models, rows, layer } = sizes;
      return product('dense_input_gradient_matrix', inputGradientConstants(sizes), bindings, {
        models,
        m: rows,
        n: layer.inputs,
      });
    },

    denseUpdate(sizes, optimizer, bindings) {
      const { models, layer } = sizes;
      const update = product('dense_update_matrix', denseUpdateConstants(sizes, optimizer), bindings, {
        models,
        // The bias is one more row of parameters.
        m: layer.inputs + 1,
        n: layer.outputs,
      });
      return { ...update, update: optimizer.part };
    },
  };
}
