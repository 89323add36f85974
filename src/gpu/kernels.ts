import bias from '../../shaders/bias.wgsl?raw';
import biasGradient from '../../shaders/bias_gradient.wgsl?raw';
import dense from '../../shaders/dense.wgsl?raw';
import denseBytesLanes from '../../shaders/dense_bytes_lanes.wgsl?raw';
import denseBytesQuads from '../../shaders/dense_bytes_quads.wgsl?raw';
import denseInputGradient from '../../shaders/dense_input_gradient.wgsl?raw';
import denseInputGradientLanes from '../../shaders/dense_input_gradient_lanes.wgsl?raw';
import denseInputGradientMatrix from '../../shaders/dense_input_gradient_matrix.wgsl?raw';
import denseInputGradientQuads from '../../shaders/dense_input_gradient_quads.wgsl?raw';
import denseLanes from '../../shaders/dense_lanes.wgsl?raw';
import denseMatrix from '../../shaders/dense_matrix.wgsl?raw';
import denseQuads from '../../shaders/dense_quads.wgsl?raw';
import denseUpdate from '../../shaders/dense_update.wgsl?raw';
import denseUpdateLanes from '../../shaders/dense_update_lanes.wgsl?raw';
import denseUpdateMatrix from '../../shaders/dense_update_matrix.wgsl?raw';
import denseUpdateQuads from '../../shaders/dense_update_quads.wgsl?raw';
import floorCopy from '../../shaders/floor_copy.wgsl?raw';
import floorEmpty from '../../shaders/floor_empty.wgsl?raw';
import floorFma from '../../shaders/floor_fma.wgsl?raw';
import floorFmaHalf from '../../shaders/floor_fma_half.wgsl?raw';
import floorFmaShared from '../../shaders/floor_fma_shared.wgsl?raw';
import fusedLayout from '../../shaders/fused_layout.wgsl?raw';
import fusedStep from '../../shaders/fused_step.wgsl?raw';
import gather from '../../shaders/gather.wgsl?raw';
import head from '../../shaders/head.wgsl?raw';
import headLanes from '../../shaders/head_lanes.wgsl?raw';
import headQuads from '../../shaders/head_quads.wgsl?raw';
import matmul from '../../shaders/matmul.wgsl?raw';
import adamPart from '../../shaders/parts/adam.wgsl?raw';
import adamInPlacePart from '../../shaders/parts/adam_in_place.wgsl?raw';
import classRowsPart from '../../shaders/parts/class_rows.wgsl?raw';
import fmaRoundsPart from '../../shaders/parts/fma_rounds.wgsl?raw';
import labelsPart from '../../shaders/parts/labels.wgsl?raw';
import laneSumsPart from '../../shaders/parts/lane_sums.wgsl?raw';
import lanesPart from '../../shaders/parts/lanes.wgsl?raw';
import layerPart from '../../shaders/parts/layer.wgsl?raw';
import matrixF16Part from '../../shaders/parts/matrix_f16.wgsl?raw';
import matrixF32Part from '../../shaders/parts/matrix_f32.wgsl?raw';
import matrixShapePart from '../../shaders/parts/matrix_shape.wgsl?raw';
import matrixTilePart from '../../shaders/parts/matrix_tile.wgsl?raw';
import pixelsPart from '../../shaders/parts/pixels.wgsl?raw';
import quadSumsPart from '../../shaders/parts/quad_sums.wgsl?raw';
import ratesPart from '../../shaders/parts/rates.wgsl?raw';
import scalePart from '../../shaders/parts/scale.wgsl?raw';
import sgdPart from '../../shaders/parts/sgd.wgsl?raw';
import stepPart from '../../shaders/parts/step.wgsl?raw';
import subgroupPart from '../../shaders/parts/subgroup.wgsl?raw';
import tilesPart from '../../shaders/parts/tiles.wgsl?raw';
import relu from '../../shaders/relu.wgsl?raw';
import reluGradient from '../../shaders/relu_gradient.wgsl?raw';
import softmax from '../../shaders/softmax.wgsl?raw';
import softmaxCrossEntropy from '../../shaders/softmax_cross_entropy.wgsl?raw';
import update from '../../shaders/update.wgsl?raw';
import type { MatrixShape } from './matrix-units.ts';
import { assembled, type ShaderFile, type ShaderSource } from './shaders.ts';

/** How a kernel uses a buffer; `step` is the uniform with the current step's numbers. */
export type Access = 'read' | 'read-write' | 'step';

/** WGSL that several kernels share: shaders/parts/NAME.wgsl. */
const PARTS = {
  adam: adamPart,
  adam_in_place: adamInPlacePart,
  class_rows: classRowsPart,
  fma_rounds: fmaRoundsPart,
  labels: labelsPart,
  lane_sums: laneSumsPart,
  lanes: lanesPart,
  layer: layerPart,
  matrix_f16: matrixF16Part,
  matrix_f32: matrixF32Part,
  matrix_shape: matrixShapePart,
  matrix_tile: matrixTilePart,
  pixels: pixelsPart,
  quad_sums: quadSumsPart,
  rates: ratesPart,
  scale: scalePart,
  sgd: sgdPart,
  step: stepPart,
  subgroup: subgroupPart,
  tiles: tilesPart,
} as const;

type PartName = keyof typeof PARTS;

/** The parts that stand in for `update` among a kernel's parts: how an optimizer updates parameters. */
const UPDATES = {
  adam: ['adam', 'adam_in_place'],
  sgd: ['sgd'],
} as const satisfies Record<string, readonly PartName[]>;

/** Names of the optimizers' parts; a kernel that updates parameters takes one of them. */
export type UpdatePart = keyof typeof UPDATES;

/** The parts that stand in for `matrix` among a kernel's parts: how matrix units of a shape make a product. */
const matrixParts = ({ sums }: MatrixShape) => ['matrix_shape', `matrix_${sums}`, 'matrix_tile'] as const;

export interface Kernel {
  readonly code: string;
  /** The parts in front of `code`, in order; `update` is replaced by the optimizer's, `matrix` by the matrix units'. */
  readonly parts: readonly (PartName | 'update' | 'matrix')[];
  /** Every binding of group 0, in the shader's order. */
  readonly bindings: Readonly<Record<string, Access>>;
  /** Bytes of workgroup memory that it takes with these override constants; absent if it takes none. */
  readonly workgroupBytes?: (constants: Readonly<Record<string, number>>, matrix?: MatrixShape) => number;
}

/** Workgroup memory of the tiled matrix products: four vec4fs for each invocation. */
const tiles: Kernel['workgroupBytes'] = ({ WORKGROUP_SIZE = Number.NaN }) => 64 * WORKGROUP_SIZE;

/**
 * Workgroup memory of the products on matrix units: two staged chunks, what leaves the units, and what is added up
 * outside of them.
 *
 * @param staged halves of both chunks
 */
function matrices(staged: (tile: number, chunk: number) => number): NonNullable<Kernel['workgroupBytes']> {
  return (_, matrix) => {
    if (!matrix) return Number.NaN;
    const part = PARTS[`matrix_${matrix.sums}`];
    const tile = constantIn(part, 'TILE');
    const halves = 2 * staged(tile, constantIn(part, 'CHUNK'));
    // Of four quarters, and of subgroups whose work nobody needs.
    const stored = 5 * constantIn(matrixTilePart, 'STORED');
    return halves + (matrix.sums === 'f32' ? 4 * stored : 2 * stored + 4 * tile ** 2);
  };
}

// The bindings of the layered plan's kernels, whichever implementation they are of.
const DENSE = { step: 'step', x: 'read', order: 'read', parameters: 'read', y: 'read-write' } as const;
const DENSE_OF_FLOATS = { x: 'read', parameters: 'read', y: 'read-write' } as const;
const HEAD = {
  step: 'step',
  samples: 'read',
  order: 'read',
  x: 'read',
  parameters: 'read',
  delta: 'read-write',
  delta_x: 'read-write',
  metrics: 'read-write',
} as const;
const INPUT_GRADIENT = { delta_y: 'read', parameters: 'read', x: 'read', delta_x: 'read-write' } as const;
const DENSE_UPDATE = {
  step: 'step',
  x: 'read',
  order: 'read',
  delta: 'read',
  rates: 'read',
  parameters: 'read-write',
  moments: 'read-write',
} as const;

/** Every kernel: its shader and its explicit bind group layout. */
export const KERNELS = {
  gather: {
    code: gather,
    parts: ['step'],
    bindings: { step: 'step', samples: 'read', order: 'read', x: 'read-write' },
  },
  matmul: {
    code: matmul,
    parts: [],
    bindings: { a: 'read', b: 'read', c: 'read-write' },
  },
  bias: {
    code: bias,
    parts: ['layer'],
    bindings: { parameters: 'read', y: 'read-write' },
  },
  relu: {
    code: relu,
    parts: [],
    bindings: { y: 'read-write' },
  },
  relu_gradient: {
    code: reluGradient,
    parts: [],
    bindings: { y: 'read', gradient: 'read-write' },
  },
  bias_gradient: {
    code: biasGradient,
    parts: ['layer'],
    bindings: { delta: 'read', gradient: 'read-write' },
  },
  softmax: {
    code: softmax,
    parts: ['step'],
    bindings: { step: 'step', logits: 'read', probabilities: 'read-write' },
  },
  softmax_cross_entropy: {
    code: softmaxCrossEntropy,
    parts: ['step', 'labels'],
    bindings: {
      step: 'step',
      samples: 'read',
      order: 'read',
      logits: 'read',
      delta: 'read-write',
      metrics: 'read-write',
    },
    // A vec2f for each invocation, in whole vec4fs.
    workgroupBytes: ({ WORKGROUP_SIZE = Number.NaN }) => 16 * Math.ceil(WORKGROUP_SIZE / 2),
  },
  update: {
    code: update,
    parts: ['step', 'rates', 'layer', 'update'],
    bindings: {
      step: 'step',
      gradient: 'read',
      rates: 'read',
      parameters: 'read-write',
      moments: 'read-write',
    },
  },
  dense: {
    code: dense,
    parts: ['step', 'lanes', 'layer', 'tiles', 'pixels'],
    bindings: DENSE,
    workgroupBytes: tiles,
  },
  head: {
    code: head,
    parts: ['step', 'lanes', 'labels'],
    bindings: HEAD,
    // For each vector of classes, four vec4fs per slice and eight more; then the labels and losses of four rows.
    workgroupBytes: ({ WORKGROUP_SIZE = Number.NaN, INPUTS = Number.NaN, CLASSES = Number.NaN }) => {
      const vectors = Math.ceil(CLASSES / 4);
      const slices = Math.min(Math.floor(WORKGROUP_SIZE / vectors), Math.ceil(INPUTS / 4));
      return 64 * slices * vectors + 128 * vectors + 48;
    },
  },
  dense_input_gradient: {
    code: denseInputGradient,
    parts: ['lanes', 'layer', 'tiles'],
    bindings: INPUT_GRADIENT,
    workgroupBytes: tiles,
  },
  dense_update: {
    code: denseUpdate,
    parts: ['step', 'rates', 'lanes', 'layer', 'update', 'tiles', 'pixels'],
    bindings: DENSE_UPDATE,
    workgroupBytes: tiles,
  },
  dense_matrix: {
    code: denseMatrix,
    parts: ['step', 'lanes', 'layer', 'matrix'],
    bindings: DENSE,
    workgroupBytes: matrices((tile, chunk) => tile * (chunk + 8) + chunk * (tile + 8)),
  },
  dense_input_gradient_matrix: {
    code: denseInputGradientMatrix,
    parts: ['lanes', 'layer', 'matrix', 'scale'],
    bindings: INPUT_GRADIENT,
    workgroupBytes: matrices((tile, chunk) => 2 * tile * (chunk + 8)),
  },
  dense_update_matrix: {
    code: denseUpdateMatrix,
    parts: ['step', 'rates', 'lanes', 'layer', 'update', 'matrix', 'scale'],
    bindings: DENSE_UPDATE,
    workgroupBytes: matrices((tile, chunk) => 2 * chunk * (tile + 8)),
  },
  floor_empty: {
    code: floorEmpty,
    parts: [],
    bindings: { counter: 'read-write' },
  },
  floor_copy: {
    code: floorCopy,
    parts: [],
    bindings: { source: 'read', destination: 'read-write' },
  },
  floor_fma: {
    code: floorFma,
    parts: ['fma_rounds'],
    bindings: { coefficients: 'read', start: 'read', y: 'read-write' },
  },
  floor_fma_half: {
    code: floorFmaHalf,
    parts: ['fma_rounds'],
    bindings: { coefficients: 'read', start: 'read', y: 'read-write' },
  },
  floor_fma_shared: {
    code: floorFmaShared,
    parts: [],
    bindings: { x: 'read', start: 'read', y: 'read-write' },
  },
  dense_quads: {
    code: denseQuads,
    parts: ['lanes', 'layer', 'quad_sums'],
    bindings: DENSE_OF_FLOATS,
  },
  dense_bytes_quads: {
    code: denseBytesQuads,
    parts: ['step', 'lanes', 'layer'],
    bindings: DENSE,
  },
  head_quads: {
    code: headQuads,
    parts: ['step', 'lanes', 'labels', 'class_rows'],
    bindings: HEAD,
  },
  dense_input_gradient_quads: {
    code: denseInputGradientQuads,
    parts: ['lanes', 'layer', 'quad_sums'],
    bindings: INPUT_GRADIENT,
  },
  dense_update_quads: {
    code: denseUpdateQuads,
    parts: ['step', 'rates', 'layer', 'update', 'quad_sums'],
    bindings: DENSE_UPDATE,
  },
  dense_bytes_lanes: {
    code: denseBytesLanes,
    parts: ['step', 'lanes', 'layer', 'subgroup'],
    bindings: DENSE,
  },
  head_lanes: {
    code: headLanes,
    parts: ['step', 'lanes', 'labels', 'class_rows', 'subgroup'],
    bindings: HEAD,
  },
  dense_update_lanes: {
    code: denseUpdateLanes,
    parts: ['step', 'rates', 'lanes', 'layer', 'update', 'subgroup'],
    bindings: DENSE_UPDATE,
  },
  dense_lanes: {
    code: denseLanes,
    parts: ['lanes', 'layer', 'subgroup', 'lane_sums'],
    bindings: DENSE_OF_FLOATS,
  },
  dense_input_gradient_lanes: {
    code: denseInputGradientLanes,
    parts: ['lanes', 'layer', 'subgroup', 'lane_sums'],
    bindings: INPUT_GRADIENT,
  },
  fused_step: {
    code: fusedStep,
    parts: ['step', 'rates', 'lanes', 'labels', 'adam'],
    bindings: {
      step: 'step',
      samples: 'read',
      order: 'read',
      rates: 'read',
      columns: 'read-write',
      head: 'read-write',
      moments: 'read-write',
      hidden: 'read-write',
      metrics: 'read-write',
    },
    // The stage, and for every sample of a tile: two indices, deltas of all classes and of all units, those units'
    // outputs, and loss and hits.
    workgroupBytes: ({ CLASSES = Number.NaN, UNITS = Number.NaN, STAGE = Number.NaN }) =>
      constantIn(fusedStep, 'TILE') * (8 + 16 * Math.ceil(CLASSES / 4) + 8 * UNITS + 8) + 16 * STAGE,
  },
  fused_layout: {
    code: fusedLayout,
    parts: ['step'],
    bindings: {
      step: 'step',
      parameters0: 'read-write',
      moments0: 'read-write',
      parameters1: 'read-write',
      columns: 'read-write',
      head: 'read-write',
    },
  },
} as const satisfies Record<string, Kernel>;

export type KernelName = keyof typeof KERNELS;

/** The names of a kernel's bindings. */
export type BindingName<K extends KernelName> = keyof (typeof KERNELS)[K]['bindings'] & string;

/**
 * A kernel's whole source: its parts, then its own code.
 * @param update the optimizer's parts, for a kernel with `update` among its parts
 * @param matrix the matrix units' shape, for a kernel with `matrix` among its parts
 * @throws RangeError if the kernel needs `update` or `matrix` and it is missing, or the other way round
 */
export function kernelSource(kernel: KernelName, update?: UpdatePart, matrix?: MatrixShape): ShaderSource {
  const { code, parts }: Kernel = KERNELS[kernel];
  if (parts.includes('update') !== (update !== undefined)) {
    throw new RangeError(`${kernel} ${update ? `has no place for ${update}` : 'needs an optimizer'}`);
  }
  if (parts.includes('matrix') !== (matrix !== undefined)) {
    throw new RangeError(`${kernel} ${matrix ? 'does not run on' : 'needs the shape of'} matrix units`);
  }
  return assembled({ file: `${kernel}.wgsl`, code }, partsOf(parts, update, matrix));
}

function partsOf(parts: Kernel['parts'], update?: UpdatePart, matrix?: MatrixShape): ShaderFile[] {
  const names = parts.flatMap((part): readonly PartName[] => {
    if (part === 'update') return update ? UPDATES[update] : [];
    if (part === 'matrix') return matrix ? matrixParts(matrix) : [];
    return [part];
  });
  return names.map((name) => {
    const code = name === 'matrix_shape' && matrix ? withShape(PARTS[name], matrix) : PARTS[name];
    return { file: `parts/${name}.wgsl`, code };
  });
}

/** WGSL's types take no overrides, so these three numbers are written into the text; its lines stay where they are. */
function withShape(code: string, { M, N, K }: MatrixShape): string {
  return Object.entries({ M, N, K }).reduce(
    (text, [name, side]) =>
      text.replace(new RegExp(`^const ${name} = \\d+u;$`, 'm'), `const ${name} = ${side}u;`),
    code,
  );
}

/**
 * The value of `const NAME = <n>u;` in a kernel's shader or its parts. A register tile is written out in the shader, so
 * its size is defined there too.
 *
 * @param matrix the matrix units' shape, for a kernel with `matrix` among its parts
 */
export function shaderConstant(kernel: KernelName, name: string, matrix?: MatrixShape): number {
  const { code, parts }: Kernel = KERNELS[kernel];
  const codes = [code, ...partsOf(parts, undefined, matrix).map((part) => part.code)];
  const value = codes.map((text) => constantIn(text, name)).find((number) => !Number.isNaN(number));
  if (value === undefined) throw new Error(`${kernel}.wgsl has no "const ${name} = <n>u;"`);
  return value;
}

/** NaN where there is none. */
function constantIn(code: string, name: string): number {
  const [, value] = code.match(new RegExp(`^const ${name} = (\\d+)u;$`, 'm')) ?? [];
  return Number(value);
}
