import type { BindingName } from '../../gpu/kernels.ts';
import { type Dispatch, dispatch } from '../plan.ts';
import type { LayeredKernels } from './layered.ts';
import { denseConstants, denseUpdateConstants, inputGradientConstants } from './layered.ts';
import { groups, MOST_WORKGROUPS } from './plain.ts';
import { type Product, TILES, type Tile, tileFor } from './tiles.ts';

/** Rows that a workgroup of `head` makes. */
const HEAD_ROWS = 4;
/** A multiple of a GPU's subgroup. With 256, workgroup memory would exceed WebGPU's default limit. */
const MOST_HEAD_INVOCATIONS = 192;

/**
 * The layered plan's kernels for GPUs, where barriers are cheap: workgroups share what they load. `dense` of floats
 * without ReLU can make any matrix product.
 *
 * @param tiles the tiles to pick each matrix product's from
 */
export function tiledKernels(tiles: readonly [Tile, ...Tile[]] = TILES): LayeredKernels {
  return {
    // Each vector of four classes has its own invocations: the more classes, the fewer for each.
    headClasses: 64,

    headParts: (rows) => groups(rows, HEAD_ROWS),

    dense(sizes, bindings) {
      const { models, rows, layer } = sizes;
      const { inputs, outputs } = layer;
      return tiled(
        'dense',
        denseConstants(sizes),
        bindings,
        { models, m: rows, n: outputs, k: inputs },
        tiles,
      );
    },

    head({ models, rows, layer, orderLength, labelsAt, steps }, bindings) {
      const parts = groups(rows, HEAD_ROWS);
      const along = Math.min(parts, MOST_WORKGROUPS);
      return dispatch(
        'head',
        {
          ROWS: rows,
          INPUTS: layer.inputs,
          CLASSES: layer.outputs,
          ORDER_LENGTH: orderLength,
          LABELS_AT: labelsAt,
          STEPS: steps,
          PARTS: parts,
          // One for each input, in whole subgroups of 32, if the inputs are few.
          WORKGROUP_SIZE: Math.min(MOST_HEAD_INVOCATIONS, 32 * groups(layer.inputs, 32)),
        },
        bindings,
        [along, groups(parts, along), models],
      );
    },

    inputGradient(sizes, bindings) {
      const { models, rows, layer } = sizes;
      const { inputs, outputs } = layer;
      return tiled(
        'dense_input_gradient',
        inputGradientConstants(sizes),
        bindings,
        { models, m: rows, n: inputs, k: outputs },
        tiles,
      );
    },

    denseUpdate(sizes, optimizer, bindings) {
      const { models, rows, layer } = sizes;
      const { inputs, outputs } = layer;
      const update = tiled(
        'dense_update',
        denseUpdateConstants(sizes, optimizer),
        bindings,
        // The bias is one more row of parameters.
        { models, m: inputs + 1, n: outputs, k: rows },
        tiles,
      );
      return { ...update, update: optimizer.part };
    },
  };
}

function tiled<K extends 'dense' | 'dense_input_gradient' | 'dense_update'>(
  kernel: K,
  constants: Record<string, number>,
  bindings: Record<BindingName<K>, string>,
  { models, ...product }: Product & { readonly models: number },
  tiles: readonly [Tile, ...Tile[]],
): Dispatch {
  const { side, registers, workgroup } = tileFor(product, tiles);
  return dispatch(
    kernel,
    { ...constants, TILE: side, REGISTER_TILE: registers, WORKGROUP_SIZE: workgroup },
    bindings,
    [groups(product.n, side), groups(product.m, side), models],
  );
}
