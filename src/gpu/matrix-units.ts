import { ShadegradError } from '../errors.ts';

/** Features that shaders with matrix units need. Dawn offers the last one with its toggle `allow_unsafe_apis`. */
export const MATRIX_FEATURES: readonly GPUFeatureName[] = [
  'shader-f16',
  'subgroups',
  // Not in WebGPU yet, and so not in its type of feature names.
  'chromium-experimental-subgroup-matrix' as GPUFeatureName,
];

/** What matrix units multiply, halves of M x K by K x N, and in what they add up. Plain data. */
export interface MatrixShape {
  /** Rows of the first factor. */
  readonly M: number;
  /** Columns of the second factor. */
  readonly N: number;
  /** Columns of the first factor, rows of the second. */
  readonly K: number;
  /** The type of the sums, in WGSL. */
  readonly sums: 'f32' | 'f16';
}

/** Matrix units that shaders are made for. */
export interface MatrixUnits {
  readonly shape: MatrixShape;
  /** Invocations of a subgroup, the most where that differs. */
  readonly subgroup: number;
}

/** A shape as Dawn's `GPUAdapterInfo` lists it, M x K by K x N. */
export interface MatrixConfig {
  /** The type of the factors, as WebGPU names it: "f16". */
  readonly componentType: string;
  /** The type of the sums. */
  readonly resultComponentType: string;
  /** Rows of the first factor. */
  readonly M: number;
  /** Columns of the second factor. */
  readonly N: number;
  /** Columns of the first factor, rows of the second. */
  readonly K: number;
}

/** The most common ones: for what is planned before there is a device. */
export const USUAL_UNITS: MatrixUnits = { shape: { M: 16, N: 16, K: 16, sums: 'f32' }, subgroup: 32 };

/** Rows and columns that the shaders take: whole vec4s, and whole parts of a tile's quarter and of a chunk. */
const SIDES = [4, 8, 16];

/** A workgroup divides its work among four subgroups, and has no more invocations than any device allows. */
const WIDEST_SUBGROUP = 64;

/** The matrix units that shaders can use best; undefined where {@link missingForMatrices} says why there are none. */
export function matrixUnits(device: GPUDevice): MatrixUnits | undefined {
  if (missingForMatrices(device) !== undefined) return undefined;
  const { adapterInfo } = device;
  const [shape] = usableShapes(adapterInfo);
  return shape && { shape, subgroup: adapterInfo.subgroupMaxSize };
}

/**
 * The shapes that shaders can use, the best first: sums in float32 before those in float16, since they are more exact,
 * and then the shape that does the most with one instruction.
 */
export function usableShapes(info: GPUAdapterInfo): MatrixShape[] {
  const work = ({ M, N, K }: MatrixShape) => M * N * K;
  return configsOf(info)
    .flatMap(usable)
    .sort((a, b) => b.sums.localeCompare(a.sums) || work(b) - work(a));
}

/** The shape of matrix units, where the shaders can use it. */
function usable({ componentType, resultComponentType: sums, M, N, K }: MatrixConfig): MatrixShape[] {
  const fits = componentType === 'f16' && [M, N, K].every((side) => SIDES.includes(side));
  return fits && (sums === 'f32' || sums === 'f16') ? [{ M, N, K, sums }] : [];
}

/** Browsers and Dawn list shapes only where the feature is offered, other implementations do not know of them. */
function configsOf(info: GPUAdapterInfo): MatrixConfig[] {
  const { subgroupMatrixConfigs = [] } = info as { subgroupMatrixConfigs?: Iterable<MatrixConfig> };
  return [...subgroupMatrixConfigs];
}

/** Shapes that matrix units have, used by shaders or not, in words; "none" where there are none. */
export function shapesInWords(shapes: readonly MatrixConfig[]): string {
  const words = shapes.map((shape) => inWords(shape, shape.componentType, shape.resultComponentType));
  return words.join(', ') || 'none';
}

/** What a plan's products are made on, in words: "8 x 8 x 8 of f16 into f32". */
export const shapeInWords = (shape: MatrixShape) => inWords(shape, 'f16', shape.sums);

const inWords = ({ M, N, K }: { M: number; N: number; K: number }, from: string, into: string) =>
  `${M} x ${N} x ${K} of ${from} into ${into}`;

/** What a device lacks to run the shaders that use matrix units, in words; undefined if it lacks nothing. */
export function missingForMatrices({ features, adapterInfo }: GPUDevice): string | undefined {
  const feature = MATRIX_FEATURES.find((name) => !features.has(name));
  if (feature) return `the feature ${feature}`;
  if (usableShapes(adapterInfo).length === 0) {
    return `matrix units that multiply f16 with sides of ${SIDES.join(', ')} (it has ${shapesInWords(configsOf(adapterInfo))})`;
  }
  const { subgroupMaxSize } = adapterInfo;
  if (subgroupMaxSize <= WIDEST_SUBGROUP) return undefined;
  return `subgroups of at most ${WIDEST_SUBGROUP} invocations (they have up to ${subgroupMaxSize})`;
}

/**
 * @param what the thing that needs matrix units, in words
 * @throws ShadegradError `usage` if the device has none, or none of a shape that the shaders can use
 */
export function assertMatrixUnits(device: GPUDevice, what: string): void {
  const missing = missingForMatrices(device);
  if (missing === undefined) return;
  throw new ShadegradError(
    'usage',
    `${what} runs on matrix units, and this device lacks ${missing}.`,
    'Use the plan "layered", or a GPU with such units; a program opens its device with MATRIX_DEVICE.',
  );
}
