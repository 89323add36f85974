import { promisify } from 'node:util';
import { gunzip as gunzipCallback } from 'node:zlib';
import { gunzipIfNeeded, isGzip } from '../data/gzip.ts';
import type { NamedBytes } from '../data/idx.ts';

const gunzip = promisify(gunzipCallback);

/** Of a file that states more, only what is really there is worth memory. */
const MOST_AT_ONCE = 2 ** 30;

/**
 * What a file holds, unpacked where it is gzip-compressed. Node's zlib does it beside JavaScript's thread, and in one
 * piece where it is told the size.
 *
 * @throws ShadegradError `bad-data` as `gunzipIfNeeded`
 */
export async function gunzipNamed({ name, bytes }: NamedBytes): Promise<Uint8Array> {
  if (isGzip(bytes) && bytes.length >= 18) {
    // RFC 1952, section 2.3.1: the last four bytes are the length modulo 2^32.
    const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(bytes.length - 4, true);
    const chunkSize = Math.min(Math.max(64, size), MOST_AT_ONCE);
    const limits = { chunkSize, maxOutputLength: Math.max(64, size) };
    const content = await gunzip(bytes, limits).catch(() => undefined);
    if (content?.length === size) return content;
  }
  // What is no gzip file is as it is; what is wrong with a damaged one is said in one place.
  return gunzipIfNeeded(bytes, name);
}
