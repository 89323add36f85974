import { promisify } from 'node:util';
import { gunzip as gunzipCallback } from 'node:zlib';
import { gunzipIfNeeded, isGzip, statedLength } from '../data/gzip.ts';
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
  const content = isGzip(bytes) ? await unpack(bytes).catch(() => undefined) : undefined;
  // What is no gzip file is as it is; what is wrong with a damaged one is said in one place.
  return content ?? gunzipIfNeeded(bytes, name);
}

async function unpack(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const length = statedLength(bytes);
  const atLeast = Math.max(64, length);
  const content = await gunzip(bytes, {
    chunkSize: Math.min(atLeast, MOST_AT_ONCE),
    maxOutputLength: atLeast,
  });
  return content.length === length ? content : undefined;
}
