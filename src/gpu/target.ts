import { type MatrixShape, matrixShapes } from './matrix-units.ts';

/** What of a device shaders are made for: plain data, so that plans can be made and tested without a GPU. */
export interface Target {
  /** True if the CPU does the work. */
  readonly software: boolean;
  /**
   * Invocations of a subgroup, on software the lanes of a processor's register, where every subgroup has as many; null
   * where subgroups may not be used or differ.
   */
  readonly lanes: number | null;
  /** The matrix units' shape, the first of those that the shaders can use; null where there is none. */
  readonly matrix: MatrixShape | null;
}

/** What a device is, for shaders. */
export function targetOf(device: GPUDevice): Target {
  const { features, adapterInfo } = device;
  const { subgroupMinSize, subgroupMaxSize, isFallbackAdapter } = adapterInfo;
  const [matrix = null] = matrixShapes(device);
  return {
    software: isFallbackAdapter,
    lanes: features.has('subgroups') && subgroupMinSize === subgroupMaxSize ? subgroupMaxSize : null,
    matrix,
  };
}

/** For what is planned before there is a device: a GPU of which nothing is known. */
export const ANY_TARGET: Target = { software: false, lanes: null, matrix: null };
