import type { MatrixShape } from './matrix-units.ts';
import { assembled, type Family, loadShader, type ShaderSource } from './shaders.ts';

/** `const NAME = <value>u;` in a shader. Plans are made before its code is there, so these stand in the table as well. */
type Constants = Readonly<Record<string, number>>;

/** How a kernel uses a buffer; `step` is the uniform with the current step's numbers. */
export type Access = 'read' | 'read-write' | 'step';

/** A file of shaders/. */
interface Part {
  readonly family: Family;
  /** Those of its constants that sizes are planned with: how large a tile is that is written out in it. */
  readonly constants?: Constants;
}

/** WGSL that several kernels share: shaders/parts/NAME.wgsl. */
const PARTS = {
  adam: { family: 'common' },
  adam_in_place: { family: 'common' },
  class_rows: { family: 'common' },
  fma_rounds: { family: 'floor' },
  labels: { family: 'common' },
  lane_sums: { family: 'lanes' },
  lanes: { family: 'common' },
  layer: { family: 'common' },
  matrix_f16: { family: 'matrix', constants: { TILE: 32, CHUNK: 16 } },
  matrix_f32: { family: 'matrix', constants: { TILE: 64, CHUNK: 32 } },
  matrix_shape: { family: 'matrix' },
  matrix_tile: { family: 'matrix', constants: { STORED: 256 } },
  pixels: { family: 'tiled' },
  quad_sums: { family: 'quads' },
  rates: { family: 'common' },
  scale: { family: 'matrix' },
  sgd: { family: 'common' },
  step: { family: 'common' },
  subgroup: { family: 'lanes' },
  tiles: { family: 'tiled' },
} as const satisfies Record<string, Part>;

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

export interface Kernel extends Part {
  /**
   * The parts in front of its own code, in order; `update` is replaced by the optimizer's, `matrix` by the matrix units'.
   */
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
/* @__NO_SIDE_EFFECTS__ */
function matrices(staged: (tile: number, chunk: number) => number): NonNullable<Kernel['workgroupBytes']> {
  return (_, matrix) => {
    if (!matrix) return Number.NaN;
    const { TILE, CHUNK } = PARTS[`matrix_${matrix.sums}`].constants;
    const halves = 2 * staged(TILE, CHUNK);
    // Of four quarters, and of subgroups whose work nobody needs.
    const stored = 5 * PARTS.matrix_tile.constants.STORED;
    return halves + (matrix.sums === 'f32' ? 4 * stored : 2 * stored + 4 * TILE ** 2);
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

const FUSED_STEP = { TILE: 32, SLOTS: 4 } as const;

/** Every kernel, whose code is shaders/NAME.wgsl: what it is put together from, and its explicit bind group layout. */
export const KERNELS = {
  gather: {
    family: 'plain',
    parts: ['step'],
    bindings: { step: 'step', samples: 'read', order: 'read', x: 'read-write' },
  },
  matmul: {
    family: 'plain',
    parts: [],
    bindings: { a: 'read', b: 'read', c: 'read-write' },
    constants: { TILE: 4 },
  },
  bias: {
    family: 'plain',
    parts: ['layer'],
    bindings: { parameters: 'read', y: 'read-write' },
  },
  relu: {
    family: 'plain',
    parts: [],
    bindings: { y: 'read-write' },
  },
  relu_gradient: {
    family: 'plain',
    parts: [],
    bindings: { y: 'read', gradient: 'read-write' },
  },
  bias_gradient: {
    family: 'plain',
    parts: ['layer'],
    bindings: { delta: 'read', gradient: 'read-write' },
  },
  softmax: {
    family: 'common',
    parts: ['step'],
    bindings: { step: 'step', logits: 'read', probabilities: 'read-write' },
  },
  softmax_cross_entropy: {
    family: 'common',
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
    family: 'plain',
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
    family: 'tiled',
    parts: ['step', 'lanes', 'layer', 'tiles', 'pixels'],
    bindings: DENSE,
    workgroupBytes: tiles,
  },
  head: {
    family: 'tiled',
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
    family: 'tiled',
    parts: ['lanes', 'layer', 'tiles'],
    bindings: INPUT_GRADIENT,
    workgroupBytes: tiles,
  },
  dense_update: {
    family: 'tiled',
    parts: ['step', 'rates', 'lanes', 'layer', 'update', 'tiles', 'pixels'],
    bindings: DENSE_UPDATE,
    workgroupBytes: tiles,
  },
  dense_matrix: {
    family: 'matrix',
    parts: ['step', 'lanes', 'layer', 'matrix'],
    bindings: DENSE,
    workgroupBytes: matrices((tile, chunk) => tile * (chunk + 8) + chunk * (tile + 8)),
  },
  dense_input_gradient_matrix: {
    family: 'matrix',
    parts: ['lanes', 'layer', 'matrix', 'scale'],
    bindings: INPUT_GRADIENT,
    workgroupBytes: matrices((tile, chunk) => 2 * tile * (chunk + 8)),
  },
  dense_update_matrix: {
    family: 'matrix',
    parts: ['step', 'rates', 'lanes', 'layer', 'update', 'matrix', 'scale'],
    bindings: DENSE_UPDATE,
    workgroupBytes: matrices((tile, chunk) => 2 * chunk * (tile + 8)),
  },
  floor_empty: {
    family: 'floor',
    parts: [],
    bindings: { counter: 'read-write' },
  },
  floor_copy: {
    family: 'floor',
    parts: [],
    bindings: { source: 'read', destination: 'read-write' },
  },
  floor_fma: {
    family: 'floor',
    parts: ['fma_rounds'],
    bindings: { coefficients: 'read', start: 'read', y: 'read-write' },
  },
  floor_fma_half: {
    family: 'floor',
    parts: ['fma_rounds'],
    bindings: { coefficients: 'read', start: 'read', y: 'read-write' },
  },
  floor_fma_shared: {
    family: 'floor',
    parts: [],
    bindings: { x: 'read', start: 'read', y: 'read-write' },
  },
  dense_quads: {
    family: 'quads',
    parts: ['lanes', 'layer', 'quad_sums'],
    bindings: DENSE_OF_FLOATS,
    constants: { TILE_VECTORS: 4 },
  },
  dense_bytes_quads: {
    family: 'quads',
    parts: ['step', 'lanes', 'layer'],
    bindings: DENSE,
    constants: { TILE_ROWS: 16, TILE_VECTORS: 4 },
  },
  head_quads: {
    family: 'quads',
    parts: ['step', 'lanes', 'labels', 'class_rows'],
    bindings: HEAD,
    constants: { TILE_ROWS: 16 },
  },
  dense_input_gradient_quads: {
    family: 'quads',
    parts: ['lanes', 'layer', 'quad_sums'],
    bindings: INPUT_GRADIENT,
    constants: { TILE_VECTORS: 4 },
  },
  dense_update_quads: {
    family: 'quads',
    parts: ['step', 'rates', 'layer', 'update', 'quad_sums'],
    bindings: DENSE_UPDATE,
    constants: { TILE_VECTORS: 4, BLOCK_ROWS: 112 },
  },
  dense_bytes_lanes: {
    family: 'lanes',
    parts: ['step', 'lanes', 'layer', 'subgroup'],
    bindings: DENSE,
    constants: { TILE_ROWS: 32 },
  },
  head_lanes: {
    family: 'lanes',
    parts: ['step', 'lanes', 'labels', 'class_rows', 'subgroup'],
    bindings: HEAD,
    constants: { LANE_ROWS: 2 },
  },
  dense_update_lanes: {
    family: 'lanes',
    parts: ['step', 'rates', 'lanes', 'layer', 'update', 'subgroup'],
    bindings: DENSE_UPDATE,
    constants: { BLOCK_VECTORS: 32 },
  },
  dense_lanes: {
    family: 'lanes',
    parts: ['lanes', 'layer', 'subgroup', 'lane_sums'],
    bindings: DENSE_OF_FLOATS,
  },
  dense_input_gradient_lanes: {
    family: 'lanes',
    parts: ['lanes', 'layer', 'subgroup', 'lane_sums'],
    bindings: INPUT_GRADIENT,
  },
  fused_step: {
    family: 'fused',
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
    constants: FUSED_STEP,
    // The stage, and for every sample of a tile: two indices, deltas of all classes and of all units, those units'
    // outputs, and loss and hits.
    workgroupBytes: ({ CLASSES = Number.NaN, UNITS = Number.NaN, STAGE = Number.NaN }) =>
      FUSED_STEP.TILE * (8 + 16 * Math.ceil(CLASSES / 4) + 8 * UNITS + 8) + 16 * STAGE,
  },
  fused_layout: {
    family: 'fused',
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
 * A kernel's whole source: its parts, then its own code, all loaded at once.
 *
 * @param update the optimizer's parts, for a kernel with `update` among its parts
 * @param matrix the matrix units' shape, for a kernel with `matrix` among its parts
 * @throws RangeError if the kernel needs `update` or `matrix` and it is missing, or the other way round
 * @throws ShadegradError `io` where a file cannot be loaded
 */
export async function kernelSource(
  kernel: KernelName,
  update?: UpdatePart,
  matrix?: MatrixShape,
): Promise<ShaderSource> {
  const { family }: Kernel = KERNELS[kernel];
  assertParts(kernel, update, matrix);
  const [own, ...others] = await Promise.all([
    loadShader(family, ownFile(kernel)),
    ...partsOf(kernel, update, matrix).map(async (name) => {
      const part = await loadShader(PARTS[name].family, partFile(name));
      return name === 'matrix_shape' && matrix ? { ...part, code: withShape(part.code, matrix) } : part;
    }),
  ]);
  return assembled(own, others);
}

/**
 * The files of a kernel's source, in its order: its parts, then its own. As {@link kernelSource} loads them.
 * @throws RangeError as {@link kernelSource}
 */
export function sourceFiles(kernel: KernelName, update?: UpdatePart, matrix?: MatrixShape): string[] {
  assertParts(kernel, update, matrix);
  return [...partsOf(kernel, update, matrix).map(partFile), ownFile(kernel)];
}

const ownFile = (kernel: KernelName) => `${kernel}.wgsl`;
const partFile = (part: PartName) => `parts/${part}.wgsl`;

function assertParts(kernel: KernelName, update?: UpdatePart, matrix?: MatrixShape): void {
  const { parts }: Kernel = KERNELS[kernel];
  if (parts.includes('update') !== (update !== undefined)) {
    throw new RangeError(`${kernel} ${update ? `has no place for ${update}` : 'needs an optimizer'}`);
  }
  if (parts.includes('matrix') !== (matrix !== undefined)) {
    throw new RangeError(`${kernel} ${matrix ? 'does not run on' : 'needs the shape of'} matrix units`);
  }
}

function partsOf(kernel: KernelName, update?: UpdatePart, matrix?: MatrixShape): PartName[] {
  const { parts }: Kernel = KERNELS[kernel];
  return parts.flatMap((part): readonly PartName[] => {
    if (part === 'update') return update ? UPDATES[update] : [];
    if (part === 'matrix') return matrix ? matrixParts(matrix) : [];
    return [part];
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
 * its size is defined there; a test compares the table with it.
 *
 * @param matrix the matrix units' shape, for a kernel with `matrix` among its parts
 * @throws RangeError where the table has none of that name
 */
export function shaderConstant(kernel: KernelName, name: string, matrix?: MatrixShape): number {
  const value = plannedConstants(kernel, matrix)[name];
  if (value === undefined) throw new RangeError(`${kernel} has no constant ${name} in the table of kernels`);
  return value;
}

/** What the table says of the constants in a kernel's code and its parts. */
export function plannedConstants(kernel: KernelName, matrix?: MatrixShape): Constants {
  const { constants }: Kernel = KERNELS[kernel];
  const ofParts = partsOf(kernel, undefined, matrix).map((name): Part => PARTS[name]);
  return Object.assign({}, ...ofParts.map((part) => part.constants), constants);
}
