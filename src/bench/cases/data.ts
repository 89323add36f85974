import { padded } from '../../model/layout.ts';

/**
 * Benchmark inputs, the same in every run and fast to make: the number at an index is the index and the seed, hashed
 * with Wellons's "lowbias32" (https://nullprogram.com/blog/2018/07/31/).
 */
function hash(index: number, seed: number): number {
  let x = (index + Math.imul(seed, 0x9e3779b9)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Floats in [-scale, scale). */
export function floats(length: number, seed: number, scale = 1): Float32Array<ArrayBuffer> {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = scale * ((hash(i, seed) >>> 8) / 2 ** 23 - 1);
  return values;
}

/** Whole numbers from 0 to `below` - 1. */
export function indices(length: number, seed: number, below: number): Uint32Array<ArrayBuffer> {
  const values = new Uint32Array(length);
  for (let i = 0; i < length; i++) values[i] = hash(i, seed) % below;
  return values;
}

/** Whole numbers from 0 to `below` - 1, at most 255. */
export function bytes(length: number, seed: number, below = 256): Uint8Array<ArrayBuffer> {
  const values = new Uint8Array(length);
  for (let i = 0; i < length; i++) values[i] = hash(i, seed) % below;
  return values;
}

/** Twins do about ten million multiply-adds in a tenth of a second. */
const TWIN_OPERATIONS = 1e7;

/**
 * Which of `count` rows to check: all, or as many as the twin can do in a moment, evenly spread, with the first and the
 * last.
 *
 * @param cost multiply-adds of the twin for one row
 */
export function sample(count: number, cost: number): number[] {
  const most = Math.max(2, Math.floor(TWIN_OPERATIONS / cost));
  if (count <= most) return all(count);
  return Array.from({ length: most }, (_, i) => Math.floor((i * (count - 1)) / (most - 1)));
}

/** Elementwise kernels are checked vec4 by vec4. */
export const VECTOR = 4;

/** Like {@link sample}, but for the vec4s of a buffer of `length` floats, a multiple of 4. */
export function sampleVectors(length: number): { readonly rows: number[]; readonly of: number } {
  const of = length / VECTOR;
  return { rows: sample(of, 10 * VECTOR), of };
}

/** Every row. */
export function all(count: number): number[] {
  return Array.from({ length: count }, (_, row) => row);
}

/** Some rows of a matrix of `columns` columns, one after the other. */
export function pickRows(
  matrix: Float32Array,
  columns: number,
  rows: readonly number[],
): Float32Array<ArrayBuffer> {
  const picked = new Float32Array(rows.length * columns);
  // Value by value: a view for each of a quarter of a million short rows keeps the garbage collector busy.
  for (const [i, row] of rows.entries()) {
    for (let column = 0; column < columns; column++) {
      picked[i * columns + column] = matrix[row * columns + column] ?? Number.NaN;
    }
  }
  return picked;
}

/** Some columns of a matrix of `columns` columns. */
export function pickColumns(
  matrix: Float32Array,
  columns: number,
  picks: readonly number[],
): Float32Array<ArrayBuffer> {
  const rows = matrix.length / columns;
  const picked = new Float32Array(rows * picks.length);
  for (let row = 0; row < rows; row++) {
    for (const [i, column] of picks.entries()) {
      picked[row * picks.length + i] = matrix[row * columns + column] ?? Number.NaN;
    }
  }
  return picked;
}

/** `first`, followed by `second`. */
export function joined(first: Float32Array, second: Float32Array): Float32Array<ArrayBuffer> {
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** Rows as the kernels lay them out, each padded to whole vec4s with NaN, which no kernel may take for a value. */
export function padRows(matrix: Float32Array<ArrayBuffer>, columns: number): Float32Array<ArrayBuffer> {
  const stride = padded(columns);
  if (stride === columns) return matrix;
  const rows = matrix.length / columns;
  const result = new Float32Array(rows * stride).fill(Number.NaN);
  for (let row = 0; row < rows; row++) {
    result.set(matrix.subarray(row * columns, (row + 1) * columns), row * stride);
  }
  return result;
}

/** The same for bytes, with 255 as padding. */
export function padRowsOfBytes(matrix: Uint8Array<ArrayBuffer>, columns: number): Uint8Array<ArrayBuffer> {
  const stride = padded(columns);
  if (stride === columns) return matrix;
  const rows = matrix.length / columns;
  const result = new Uint8Array(rows * stride).fill(255);
  for (let row = 0; row < rows; row++) {
    result.set(matrix.subarray(row * columns, (row + 1) * columns), row * stride);
  }
  return result;
}
