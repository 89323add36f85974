import type { MatrixShape } from '../../gpu/matrix-units.ts';
import { padded } from '../../model/layout.ts';
import type { Dispatch } from '../../train/plan.ts';
import type { Step } from '../../train/step.ts';

/** A buffer's contents before a kernel runs. */
export type Data = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** How far a value may be from its float64 twin: `absolute + relative |twin|`. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

/** The values that some rows of a buffer must have after one dispatch. */
export interface Check {
  readonly buffer: string;
  /** Default f32. */
  readonly words?: 'f32' | 'u32';
  /** The word at which row 0 begins. Default 0. */
  readonly start?: number;
  /** Words from one row to the next. */
  readonly stride: number;
  /** Words of a row that are checked; the rest is padding. */
  readonly columns: number;
  readonly rows: readonly number[];
  /** Rows that the kernel writes: more than `rows` where the check is a sample. */
  readonly of: number;
  /** Only each column's sum over the rows is checked: for sums that a kernel leaves in parts. Default false. */
  readonly summed?: boolean;
  /** [rows.length, columns], or [columns] with `summed`. */
  readonly expected: Float64Array;
  readonly tolerance: Tolerance;
}

/** One kernel at one size: the dispatch, its data, and the results that it must have. */
export interface KernelCase {
  /** E.g. "784-100 batch 32". */
  readonly size: string;
  readonly dispatch: Dispatch;
  /** The step's numbers, for kernels that read them. */
  readonly step?: Step;
  /** Lanes that every subgroup must have at least. Default 1. */
  readonly lanes?: number;
  /** Floating-point operations of a dispatch: a multiply-add is two, exp, log, sqrt and a division one each. */
  readonly flops: number;
  /** Bytes that a dispatch must at least read or write: each value once, without padding. */
  readonly bytes: number;
  /** Whether to cycle through copies of the buffers that are together larger than any cache. */
  readonly rotate?: boolean;
  /** Dispatches that do the same in another way, for a sweep; the keys say what is different. */
  readonly variants?: Readonly<Record<string, Dispatch>>;
  /** Makes the buffers' contents, by their names in the dispatch, and the results that the kernel must have. */
  prepare(): Prepared;
}

export interface Prepared {
  readonly data: Readonly<Record<string, Data>>;
  /** After one dispatch. */
  readonly checks: readonly Check[];
  /** After `dispatches` of them, for kernels that count. */
  after?(dispatches: number): readonly Check[];
}

/** Sums of up to 784 products of numbers below 1, as in docs/numerics.md; longer sums err in proportion. */
export function sumTolerance(terms: number): Tolerance {
  return { absolute: 2e-5 * Math.max(1, terms / 784), relative: 1e-5 };
}

/**
 * The same with every factor rounded to float16: rounding errors add up to a standard deviation of 9e-5 times the root
 * of the number of terms, or of 2.4e-4 where sixteen terms at a time are added up in float16, as docs/numerics.md
 * derives. This allows five standard deviations.
 */
export function halfSumTolerance(terms: number, sums: MatrixShape['sums']): Tolerance {
  const deviations = sums === 'f32' ? 2 ** -11 : 5 * 2 ** -12;
  return { absolute: deviations * Math.sqrt(terms), relative: 2 ** -10 };
}

/** For a few operations, each rounded to float32. */
export const ROUNDED: Tolerance = { absolute: 1e-6, relative: 1e-5 };

export const EXACT: Tolerance = { absolute: 0, relative: 0 };

/** A check of rows of floats, each padded to whole vec4s. */
export function rowsCheck(
  buffer: string,
  columns: number,
  rows: readonly number[],
  of: number,
  expected: Float64Array,
  tolerance: Tolerance,
): Check {
  return { buffer, stride: padded(columns), columns, rows, of, expected, tolerance };
}

/**
 * The same work in other workgroups, `sizes` of invocations along x and y, given as `WORKGROUP_SIZE` or as
 * `WORKGROUP_X` and `WORKGROUP_Y`. For kernels whose invocations do not work together.
 */
export function withWorkgroups(
  dispatch: Dispatch,
  sizes: readonly (readonly [number, number])[],
): Record<string, Dispatch> {
  const { constants, workgroups } = dispatch;
  const flat = constants.WORKGROUP_SIZE !== undefined;
  const [oldX, oldY] = flat
    ? [constants.WORKGROUP_SIZE ?? 1, 1]
    : [constants.WORKGROUP_X ?? 1, constants.WORKGROUP_Y ?? 1];
  const [groupsX, groupsY, groupsZ] = workgroups;
  const resized = sizes.map(([x, y]): [string, Dispatch] => [
    `workgroup ${flat ? x : `${x} x ${y}`}`,
    {
      ...dispatch,
      constants: { ...constants, ...(flat ? { WORKGROUP_SIZE: x } : { WORKGROUP_X: x, WORKGROUP_Y: y }) },
      workgroups: [Math.ceil((groupsX * oldX) / x), Math.ceil((groupsY * oldY) / y), groupsZ],
    },
  ]);
  return Object.fromEntries(resized);
}
