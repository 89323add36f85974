import { joinedBytes } from './bytes.ts';

/** NumPy's names of the types, little-endian. */
const TYPES = { uint8: '|u1', uint32: '<u4', float64: '<f8' } as const;

/** The data begin at a multiple of this. */
const ALIGNMENT = 64;

/**
 * An array in NumPy's own format, version 1.0 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), for
 * `numpy.load`.
 *
 * @param parts the numbers, row by row, in one piece or several
 */
export function encodeNpy(
  type: keyof typeof TYPES,
  shape: readonly number[],
  parts: readonly (Uint8Array | Uint32Array | Float64Array)[],
): Uint8Array<ArrayBuffer> {
  const sizes = shape.map((size) => `${size},`).join(' ');
  const description = `{'descr': '${TYPES[type]}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const before = '\x93NUMPY\x01\x00'.length + 2;
  const length = Math.ceil((before + description.length + 1) / ALIGNMENT) * ALIGNMENT - before;
  const text = `${description.padEnd(length - 1)}\n`;
  const header = `\x93NUMPY\x01\x00${String.fromCharCode(length & 255, length >> 8)}${text}`;
  return joinedBytes([Uint8Array.from(header, (character) => character.charCodeAt(0)), ...parts]);
}
