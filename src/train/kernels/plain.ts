import { type BindingName, type KernelName, shaderConstant } from '../../gpu/kernels.ts';
import { padded } from '../../model/layout.ts';
import type { DenseLayer } from '../../model/spec.ts';
import type { Optimizer } from '../optimizer.ts';
import { type Dispatch, dispatch } from '../plan.ts';

/** The plan's buffer behind each of a kernel's bindings. */
type Bindings<K extends KernelName> = Readonly<Record<BindingName<K>, string>>;

// One pure function per kernel, from sizes and buffer names to a dispatch. The workgroup sizes are here and nowhere
// else.
const ELEMENTWISE = 64;
const MATMUL = { x: 4, y: 4 };
/** One workgroup makes a whole batch: WebGPU's default limit of invocations. */
const MOST_INVOCATIONS = 256;
/** WebGPU's default limit of workgroups along an axis. */
export const MOST_WORKGROUPS = 65_535;

export const groups = (items: number, perGroup: number) => Math.ceil(items / perGroup);
export const vectors = (floats: number) => padded(floats) / 4;

export function gather(
  sizes: { models: number; batch: number; inputs: number; orderLength: number },
  bindings: Bindings<'gather'>,
): Dispatch {
  return dispatch(
    'gather',
    {
      BATCH: sizes.batch,
      INPUTS: sizes.inputs,
      ORDER_LENGTH: sizes.orderLength,
      WORKGROUP_SIZE: ELEMENTWISE,
    },
    bindings,
    [groups(vectors(sizes.inputs), ELEMENTWISE), Math.min(sizes.batch, MOST_WORKGROUPS), sizes.models],
  );
}

/** How a matrix operand is stored, before any transposition. */
export interface MatrixLayout {
  /** Floats from one row to the next. */
  readonly stride: number;
  /** Floats from one model's matrix to the next. */
  readonly size: number;
}

export function matmul(
  sizes: {
    models: number;
    m: number;
    n: number;
    k: number;
    transposeA?: boolean;
    transposeB?: boolean;
    a: MatrixLayout;
    b: MatrixLayout;
    c: MatrixLayout;
  },
  bindings: Bindings<'matmul'>,
): Dispatch {
  const tile = shaderConstant('matmul', 'TILE');
  return dispatch(
    'matmul',
    {
      M: sizes.m,
      N: sizes.n,
      K: sizes.k,
      TRANSPOSE_A: Number(sizes.transposeA ?? false),
      TRANSPOSE_B: Number(sizes.transposeB ?? false),
      A_STRIDE: sizes.a.stride,
      B_STRIDE: sizes.b.stride,
      C_STRIDE: sizes.c.stride,
      A_SIZE: sizes.a.size,
      B_SIZE: sizes.b.size,
      C_SIZE: sizes.c.size,
      WORKGROUP_X: MATMUL.x,
      WORKGROUP_Y: MATMUL.y,
    },
    bindings,
    [groups(sizes.n, tile * MATMUL.x), groups(sizes.m, tile * MATMUL.y), sizes.models],
  );
}

export function bias(
  sizes: { models: number; rows: number; layer: DenseLayer },
  bindings: Bindings<'bias'>,
): Dispatch {
  const { inputs, outputs } = sizes.layer;
  return dispatch(
    'bias',
    { ROWS: sizes.rows, INPUTS: inputs, OUTPUTS: outputs, WORKGROUP_SIZE: ELEMENTWISE },
    bindings,
    [groups(vectors(outputs), ELEMENTWISE), sizes.rows, sizes.models],
  );
}

/** @param floats length of the buffer, a multiple of 4 */
export function relu(floats: number, bindings: Bindings<'relu'>): Dispatch {
  return elementwise('relu', floats, bindings);
}

/** @param floats length of each buffer, a multiple of 4 */
export function reluGradient(floats: number, bindings: Bindings<'relu_gradient'>): Dispatch {
  return elementwise('relu_gradient', floats, bindings);
}

export function update(
  { models, layer }: { models: number; layer: DenseLayer },
  optimizer: Optimizer,
  bindings: Bindings<'update'>,
): Dispatch {
  const { inputs, outputs } = layer;
  const constants = { MODELS: models, INPUTS: inputs, OUTPUTS: outputs, WORKGROUP_SIZE: ELEMENTWISE };
  // The bias is one more row of parameters.
  return {
    ...dispatch('update', { ...constants, ...optimizer.constants }, bindings, [
      groups((inputs + 1) * vectors(outputs), ELEMENTWISE),
      1,
      models,
    ]),
    update: optimizer.part,
  };
}

function elementwise<K extends 'relu' | 'relu_gradient'>(
  kernel: K,
  floats: number,
  bindings: Bindings<K>,
): Dispatch {
  return dispatch(kernel, { LENGTH: floats / 4, WORKGROUP_SIZE: ELEMENTWISE }, bindings, [
    groups(floats / 4, ELEMENTWISE),
    1,
    1,
  ]);
}

export function biasGradient(
  sizes: { models: number; batch: number; layer: DenseLayer },
  bindings: Bindings<'bias_gradient'>,
): Dispatch {
  const { inputs, outputs } = sizes.layer;
  return dispatch(
    'bias_gradient',
    { BATCH: sizes.batch, INPUTS: inputs, OUTPUTS: outputs, WORKGROUP_SIZE: ELEMENTWISE },
    bindings,
    [groups(vectors(outputs), ELEMENTWISE), 1, sizes.models],
  );
}

export function softmax(
  sizes: { models: number; batch: number; classes: number; probabilityRows: number },
  bindings: Bindings<'softmax'>,
): Dispatch {
  return dispatch(
    'softmax',
    {
      BATCH: sizes.batch,
      CLASSES: sizes.classes,
      PROBABILITY_ROWS: sizes.probabilityRows,
      WORKGROUP_SIZE: ELEMENTWISE,
    },
    bindings,
    [groups(sizes.batch, ELEMENTWISE), 1, sizes.models],
  );
}

export function softmaxCrossEntropy(
  sizes: {
    models: number;
    batch: number;
    classes: number;
    orderLength: number;
    steps: number;
    labelsAt: number;
  },
  bindings: Bindings<'softmax_cross_entropy'>,
): Dispatch {
  // The shader halves the number of its partial sums until one is left, so it must be a power of two.
  const workgroup = Math.min(MOST_INVOCATIONS, 2 ** Math.ceil(Math.log2(sizes.batch)));
  return dispatch(
    'softmax_cross_entropy',
    {
      BATCH: sizes.batch,
      CLASSES: sizes.classes,
      ORDER_LENGTH: sizes.orderLength,
      LABELS_AT: sizes.labelsAt,
      STEPS: sizes.steps,
      WORKGROUP_SIZE: workgroup,
    },
    bindings,
    [1, 1, sizes.models],
  );
}
