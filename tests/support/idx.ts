/** An IDX file of unsigned bytes. */
export function encodeIdx(dimensions: readonly number[], data: Uint8Array): Uint8Array {
  return Uint8Array.from(Buffer.concat([header(8, dimensions), data]));
}

/** An IDX file of 32-bit integers, as QMNIST's labels are. */
export function encodeInts(dimensions: readonly number[], values: readonly number[]): Uint8Array {
  const data = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) data.writeInt32BE(value, 4 * i);
  return Uint8Array.from(Buffer.concat([header(12, dimensions), data]));
}

function header(type: number, dimensions: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 + 4 * dimensions.length);
  bytes[2] = type;
  bytes[3] = dimensions.length;
  for (const [i, dimension] of dimensions.entries()) bytes.writeUInt32BE(dimension, 4 + 4 * i);
  return bytes;
}
