import { promisify } from 'node:util';
import { gunzip as gunzipCallback } from 'node:zlib';
import { gunzipIfNeeded, isGzip, statedLength } from '../data/gzip.ts';
import type { NamedBytes } from '../data/idx.ts';

const gunzip = promisify(gunzipCallback);

/** Most bytes to allocate at once: a file that states more gets memory as its content really comes. */
const MOST_AT_ONCE = 2 ** 30;

/**
 * A file's content, unpacked where it is gzip-compressed. Node's zlib works on another thread than JavaScript, and in
 * one piece where it is told the size.
 *
 * @throws ShadegradError `bad-data` as `gunzipIfNeeded`
 */
export async function gunzipNamed({ name, bytes }: NamedBytes): Promise<Uint8Array> {
  const content = isGzip(bytes) ? await unpack(bytes).catch(() => undefined) : undefined;
  // Returns what is no gzip file as it is, and throws the error for a damaged one.
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
