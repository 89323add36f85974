import { sha256 } from '../data/checksum.ts';
import type { Model } from './model.ts';

/** The model whose weights a training started from. */
export interface InitialWeights {
  /** The path that it was read from. */
  readonly file: string;
  /** See {@link modelChecksum}. */
  readonly sha256: string;
}

/**
 * The SHA-256 of a model's weights, hexadecimal: of its float32 tensors' bytes, little-endian, in the order of the
 * network's layers, each layer's weight before its bias. In a file made by `encodeModel` these are all bytes after the
 * header, so the checksum does not change where only the file's notes do. Weights of half precision count as the float32
 * that they are read as.
 *
 * @param model whose weights count
 */
export async function modelChecksum({ tensors }: Model): Promise<string> {
  const bytes = new Uint8Array(tensors.reduce((sum, { data }) => sum + data.byteLength, 0));
  let position = 0;
  for (const { data } of tensors) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return sha256(bytes);
}
