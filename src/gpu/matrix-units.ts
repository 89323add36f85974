import { ShadegradError } from '../errors.ts';

/** Features that shaders with matrix units need. Dawn offers the last one with its toggle `allow_unsafe_apis`. */
export const MATRIX_FEATURES: readonly GPUFeatureName[] = [
  'shader-f16',
  'subgroups',
  // Not in WebGPU yet, and so not in its type of feature names.
  'chromium-experimental-subgroup-matrix' as GPUFeatureName,
];

/** Workgroups have 128 invocations and divide their work among four subgroups. */
const WIDEST_SUBGROUP = 32;

/** A shape that matrix units multiply, M x K by K x N, as listed in Dawn's `GPUAdapterInfo`. */
export interface MatrixShape {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** What a device's matrix units multiply that the shaders can use, the best first; none where a feature is missing. */
export function matrixShapes(device: GPUDevice): MatrixShape[] {
  if (missingForMatrices(device) !== undefined) return [];
  return listedShapes(device).filter((shape) => inWords(shape) === NEEDED);
}

const NEEDED = '16 x 16 x 16 of f16 into f32';

function listedShapes({ adapterInfo }: GPUDevice): MatrixShape[] {
  const { subgroupMatrixConfigs = [] } = adapterInfo as { subgroupMatrixConfigs?: Iterable<MatrixShape> };
  return [...subgroupMatrixConfigs];
}

const inWords = ({ M, N, K, componentType, resultComponentType }: MatrixShape) =>
  `${M} x ${N} x ${K} of ${componentType} into ${resultComponentType}`;

/** What a device lacks to run the shaders that use matrix units, in words; undefined if it lacks nothing. */
export function missingForMatrices(device: GPUDevice): string | undefined {
  const { features, adapterInfo } = device;
  const feature = MATRIX_FEATURES.find((name) => !features.has(name));
  if (feature) return `the feature ${feature}`;
  const shapes = listedShapes(device).map(inWords);
  if (!shapes.includes(NEEDED)) {
    return `matrix units for ${NEEDED} (it has ${shapes.join(', ') || 'none'})`;
  }
  const { subgroupMaxSize } = adapterInfo;
  if (subgroupMaxSize <= WIDEST_SUBGROUP) return undefined;
  return `subgroups of at most ${WIDEST_SUBGROUP} invocations (they have up to ${subgroupMaxSize})`;
}

/**
 * @param what the thing that needs matrix units, in words
 * @throws ShadegradError `usage` if the device has none, or none of the shape that the shaders are written for
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
