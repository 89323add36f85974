type NumberArray = Uint8Array | Uint32Array | Float32Array | Float64Array;

/** The bytes of arrays, one after the other. Numbers are little-endian, as on every machine that this runs on. */
export function joinedBytes(parts: readonly NumberArray[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let position = 0;
  for (const { buffer, byteOffset, byteLength } of parts) {
    all.set(new Uint8Array(buffer, byteOffset, byteLength), position);
    position += byteLength;
  }
  return all;
}
