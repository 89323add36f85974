/** An IDX file of unsigned bytes. */
export function encodeIdx(dimensions: readonly number[], data: Uint8Array): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * dimensions.length));
  header.setUint8(2, 8);
  header.setUint8(3, dimensions.length);
  for (const [i, dimension] of dimensions.entries()) header.setUint32(4 + 4 * i, dimension);
  return Uint8Array.from([...new Uint8Array(header.buffer), ...data]);
}
