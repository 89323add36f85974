import { type MatrixUnits, matrixUnits } from './matrix-units.ts';

/** What of a device shaders are made for: plain data, so that plans can be made and tested without a GPU. */
export interface Target {
  /** True if the CPU does the work. */
  readonly software: boolean;
  /**
   * Invocations of a subgroup, on software the lanes of a processor's register, where every subgroup has as many; null
   * where subgroups may not be used or differ.
   */
  readonly lanes: number | null;
  /** The matrix units to use; null where shaders can use none. */
  readonly matrix: MatrixUnits | null;
}

/** What a device is, for shaders. */
export function targetOf(device: GPUDevice): Target {
  const { features, adapterInfo } = device;
  const { subgroupMinSize, subgroupMaxSize, isFallbackAdapter } = adapterInfo;
  return {
    software: isFallbackAdapter,
    lanes: features.has('subgroups') && subgroupMinSize === subgroupMaxSize ? subgroupMaxSize : null,
    matrix: matrixUnits(device) ?? null,
  };
}

/** For what is planned before there is a device: a GPU of which nothing is known. */
export const ANY_TARGET: Target = { software: false, lanes: null, matrix: null };
