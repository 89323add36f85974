import type { KernelName } from '../../gpu/kernels.ts';
import { USUAL_UNITS } from '../../gpu/matrix-units.ts';
import { ANY_TARGET, type Target } from '../../gpu/target.ts';
import { laneKernels, lanesOf } from '../../train/kernels/lanes.ts';
import { matrixKernels } from '../../train/kernels/matrix.ts';
import { quadKernels } from '../../train/kernels/quads.ts';
import { tiledKernels } from '../../train/kernels/tiled.ts';
import { TILES } from '../../train/kernels/tiles.ts';
import { halfSumTolerance, type KernelCase } from './case.ts';
import * as elementwise from './elementwise.ts';
import { floorCases } from './floor.ts';
import { fusedLayoutCase, fusedStepCase } from './fused.ts';
import { headCases, layeredCases } from './layered.ts';
import * as ops from './ops.ts';
import { HIDDEN, MANY_FLOATS, MANY_PARAMETERS, OUTPUT, sizeName, WIDE } from './sizes.ts';

/**
 * Every kernel at every measured size: first those of 784-100-10 at batch 32, then some that show throughput.
 * @param target the device that will run them
 */
export function kernelCases(
  target: Target = ANY_TARGET,
): Readonly<Record<KernelName, readonly KernelCase[]>> {
  const biases = [HIDDEN, OUTPUT, { ...WIDE, rows: 4096 }];
  const activations = [HIDDEN.rows * HIDDEN.layer.outputs, MANY_FLOATS];
  const tiles = TILES.map((tile) => {
    const { side, registers, workgroup } = tile;
    return [
      `tile ${side}, ${registers} x ${registers}, ${workgroup} invocations`,
      tiledKernels([tile]),
    ] as const;
  });
  const tiled = layeredCases(tiledKernels(), Object.fromEntries(tiles));
  const quads = layeredCases(quadKernels);
  const lanes = layeredCases(laneKernels(lanesOf(target)));
  const of = (kernel: KernelName, { dense, squares }: typeof quads) =>
    [...dense, ...squares].filter(({ dispatch }) => dispatch.kernel === kernel);
  const units = target.matrix ?? USUAL_UNITS;
  const matrices = layeredCases(matrixKernels(units), {}, (terms) =>
    halfSumTolerance(terms, units.shape.sums),
  );
  const floor = floorCases();
  return {
    gather: [32, 8192].map(ops.gather),
    matmul: [
      ops.matmul(sizeName(HIDDEN), { m: 32, n: 100, k: 784 }),
      ops.matmul(`${sizeName(HIDDEN)} weights`, { m: 784, n: 100, k: 32, transposeA: true }),
      ops.matmul(`${sizeName(OUTPUT)} inputs`, { m: 32, n: 100, k: 10, transposeB: true }),
      ...[1024, 4096].map((n) => ops.matmul(`${n}^3`, { m: n, n, k: n })),
    ],
    bias: biases.map(elementwise.bias),
    bias_gradient: biases.map(elementwise.biasGradient),
    relu: activations.map(elementwise.relu),
    relu_gradient: activations.map(elementwise.reluGradient),
    update: [HIDDEN.layer, MANY_PARAMETERS].map(elementwise.update),
    softmax: [32, 4096].map(ops.softmax),
    softmax_cross_entropy: [32, 4096].map(ops.softmaxCrossEntropy),
    dense: [...tiled.dense, ...tiled.squares],
    head: headCases(tiledKernels()),
    dense_input_gradient: tiled.inputGradient,
    dense_update: tiled.denseUpdate,
    dense_quads: of('dense_quads', quads),
    dense_bytes_quads: of('dense_bytes_quads', quads),
    head_quads: headCases(quadKernels),
    dense_input_gradient_quads: quads.inputGradient,
    dense_update_quads: quads.denseUpdate,
    dense_lanes: of('dense_lanes', lanes),
    dense_bytes_lanes: of('dense_bytes_lanes', lanes),
    head_lanes: headCases(laneKernels(lanesOf(target))),
    dense_input_gradient_lanes: lanes.inputGradient,
    dense_update_lanes: lanes.denseUpdate,
    dense_matrix: [...matrices.dense, ...matrices.squares],
    dense_input_gradient_matrix: matrices.inputGradient,
    dense_update_matrix: matrices.denseUpdate,
    fused_step: [fusedStepCase(100, 32), fusedStepCase(100, 256), fusedStepCase(512, 32)],
    fused_layout: [fusedLayoutCase(100)],
    floor_empty: [floor.empty],
    floor_copy: floor.copies,
    floor_fma: floor.fmas.flat(),
    floor_fma_half: floor.halfFmas.flat(),
    floor_fma_shared: floor.sharedFmas.flat(),
  } satisfies Record<KernelName, readonly KernelCase[]>;
}
