import update from '../../shaders/update.wgsl?raw';
import bias from '../../shaders/bias.wgsl?raw';
import biasGradient from '../../shaders/bias_gradient.wgsl?raw';
import dense from '../../shaders/dense.wgsl?raw';
import denseUpdate from '../../shaders/dense_update.wgsl?raw';
import denseUpdateMatrix from '../../shaders/dense_update_matrix.wgsl?raw';
import denseUpdateQuads from '../../shaders/dense_update_quads.wgsl?raw';
import denseBytesQuads from '../../shaders/dense_bytes_quads.wgsl?raw';
import denseInputGradient from '../../shaders/dense_input_gradient.wgsl?raw';
import denseInputGradientMatrix from '../../shaders/dense_input_gradient_matrix.wgsl?raw';
import denseInputGradientQuads from '../../shaders/dense_input_gradient_quads.wgsl?raw';
import denseMatrix from '../../shaders/dense_matrix.wgsl?raw';
import denseQuads from '../../shaders/dense_quads.wgsl?raw';
import floorCopy from '../../shaders/floor_copy.wgsl?raw';
import floorEmpty from '../../shaders/floor_empty.wgsl?raw';
import floorFma from '../../shaders/floor_fma.wgsl?raw';
import fusedLayout from '../../shaders/fused_layout.wgsl?raw';
import fusedStep from '../../shaders/fused_step.wgsl?raw';
import gather from '../../shaders/gather.wgsl?raw';
import head from '../../shaders/head.wgsl?raw';
import headQuads from '../../shaders/head_quads.wgsl?raw';
import matmul from '../../shaders/matmul.wgsl?raw';
import relu from '../../shaders/relu.wgsl?raw';
import reluGradient from '../../shaders/relu_gradient.wgsl?raw';
import softmax from '../../shaders/softmax.wgsl?raw';
import softmaxCrossEntropy from '../../shaders/softmax_cross_entropy.wgsl?raw';

/** How a kernel uses a buffer; `step` is the uniform with the running step's numbers, at a dynamic offset. */
export type Access = 'read' | 'read-write' | 'step';

/** Parts that hold an optimizer's lines, of which one stands before a kernel that updates parameters. */
export type UpdatePart = 'adam' | 'sgd';

export interface Kernel {
  readonly code: string;
  /** Every binding of group 0, in the shader's order. */
  readonly bindings: Readonly<Record<string, Access>>;
  /** Bytes of workgroup memory that it takes with these override constants; absent where it has none. */
  readonly workgroupBytes?: (constants: Readonly<Record<string, number>>) => number;
}

/** Of the tiled matrix products: four vec4fs for each invocation. */
const tiles: Kernel['workgroupBytes'] = ({ WORKGROUP_SIZE = Number.NaN }) => 64 * WORKGROUP_SIZE;

/** Of the products on matrix units: two chunks of halves, and five fragments of 16 x 16 floats. */
const fragments = (halves: number) => () => 2 * halves + 4 * 5 * 16 * 16;

/** Every kernel: its shader and its explicit bind group layout. */
export const KERNELS = {
  gather: {
    code: gather,
    bindings: { step: 'step', samples: 'read', order: 'read', x: 'read-write' },
  },
  matmul: {
    code: matmul,
    bindings: { a: 'read', b: 'read', c: 'read-write' },
  },
  bias: {
    code: bias,
    bindings: { parameters: 'read', y: 'read-write' },
  },
  relu: {
    code: relu,
    bindings: { y: 'read-write' },
  },
  relu_gradient: {
    code: reluGradient,
    bindings: { y: 'read', gradient: 'read-write' },
  },
  bias_gradient: {
    code: biasGradient,
    bindings: { delta: 'read', gradient: 'read-write' },
  },
  softmax: {
    code: softmax,
    bindings: { step: 'step', logits: 'read', probabilities: 'read-write' },
  },
  softmax_cross_entropy: {
    code: softmaxCrossEntropy,
    bindings: {
      step: 'step',
      samples: 'read',
      order: 'read',
      logits: 'read',
      delta: 'read-write',
      metrics: 'read-write',
    },
    // A vec2f for each invocation.
    workgroupBytes: ({ WORKGROUP_SIZE = Number.NaN }) => 8 * WORKGROUP_SIZE,
  },
  update: {
    code: update,
    bindings: {
      step: 'step',
      gradient: 'read',
      parameters: 'read-write',
      moments: 'read-write',
    },
  },
  dense: {
    code: dense,
    bindings: { step: 'step', x: 'read', order: 'read', parameters: 'read', y: 'read-write' },
    workgroupBytes: tiles,
  },
  head: {
    code: head,
    bindings: {
      step: 'step',
      samples: 'read',
      order: 'read',
      x: 'read',
      parameters: 'read',
      delta: 'read-write',
      delta_x: 'read-write',
      metrics: 'read-write',
    },
    // Four vec4fs for each invocation, two for each vector of classes of four rows, and those rows' labels and losses.
    workgroupBytes: ({ WORKGROUP_SIZE = Number.NaN, CLASSES = Number.NaN }) =>
      64 * WORKGROUP_SIZE + 128 * Math.ceil(CLASSES / 4) + 48,
  },
  dense_input_gradient: {
    code: denseInputGradient,
    bindings: { delta_y: 'read', parameters: 'read', x: 'read', delta_x: 'read-write' },
    workgroupBytes: tiles,
  },
  dense_update: {
    code: denseUpdate,
    bindings: {
      step: 'step',
      x: 'read',
      order: 'read',
      delta: 'read',
      parameters: 'read-write',
      moments: 'read-write',
    },
    workgroupBytes: tiles,
  },
  dense_matrix: {
    code: denseMatrix,
    bindings: { step: 'step', x: 'read', order: 'read', parameters: 'read', y: 'read-write' },
    workgroupBytes: fragments(64 * 40 + 32 * 72),
  },
  dense_input_gradient_matrix: {
    code: denseInputGradientMatrix,
    bindings: { delta_y: 'read', parameters: 'read', x: 'read', delta_x: 'read-write' },
    workgroupBytes: fragments(2 * 64 * 40),
  },
  dense_update_matrix: {
    code: denseUpdateMatrix,
    bindings: {
      step: 'step',
      x: 'read',
      order: 'read',
      delta: 'read',
      parameters: 'read-write',
      moments: 'read-write',
    },
    workgroupBytes: fragments(2 * 32 * 72),
  },
  floor_empty: {
    code: floorEmpty,
    bindings: { counter: 'read-write' },
  },
  floor_copy: {
    code: floorCopy,
    bindings: { source: 'read', destination: 'read-write' },
  },
  floor_fma: {
    code: floorFma,
    bindings: { coefficients: 'read', start: 'read', y: 'read-write' },
  },
  dense_quads: {
    code: denseQuads,
    bindings: { x: 'read', parameters: 'read', y: 'read-write' },
  },
  dense_bytes_quads: {
    code: denseBytesQuads,
    bindings: { step: 'step', x: 'read', order: 'read', parameters: 'read', y: 'read-write' },
  },
  head_quads: {
    code: headQuads,
    bindings: {
      step: 'step',
      samples: 'read',
      order: 'read',
      x: 'read',
      parameters: 'read',
      delta: 'read-write',
      delta_x: 'read-write',
      metrics: 'read-write',
    },
  },
  dense_input_gradient_quads: {
    code: denseInputGradientQuads,
    bindings: { delta_y: 'read', parameters: 'read', x: 'read', delta_x: 'read-write' },
  },
  dense_update_quads: {
    code: denseUpdateQuads,
    bindings: {
      step: 'step',
      x: 'read',
      order: 'read',
      delta: 'read',
      parameters: 'read-write',
      moments: 'read-write',
    },
  },
  fused_step: {
    code: fusedStep,
    bindings: {
      step: 'step',
      samples: 'read',
      order: 'read',
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
 * The value of `const NAME = <n>u;` in a kernel's shader: a register tile is written out in the shader, so its size
 * has its home there.
 */
export function shaderConstant(kernel: KernelName, name: string): number {
  const value = constantIn(KERNELS[kernel].code, name);
  if (Number.isNaN(value)) {
    throw new Error(`${kernel}.wgsl has no "const ${name} = <n>u;"`);
  }
  return value;
}

/** NaN where there is none. */
function constantIn(code: string, name: string): number {
  const [, value] = code.match(new RegExp(`^const ${name} = (\\d+)u;$`, 'm')) ?? [];
  return Number(value);
}
