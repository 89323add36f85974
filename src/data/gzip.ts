import { ShadegradError } from '../errors.ts';

/** Whether `bytes` begin as every gzip file does (RFC 1952, section 2.3.1). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Deflate packs no tighter: at best two bits for 258 bytes (RFC 1951, section 3.2.5). */
const MAX_RATIO = 1032;

/**
 * The length of the content, modulo 2^32, as a gzip file's last four bytes state it (RFC 1952, section 2.3.1). It is
 * checked, so that it may be allocated: a damaged file of a hundred bytes can state 4 GB.
 *
 * @throws RangeError where no gzip file of this length holds so much
 */
export function statedLength(bytes: Uint8Array): number {
  // Ten bytes of header at least, eight of trailer.
  if (bytes.length < 18) throw new RangeError('shorter than any gzip file');
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(bytes.length - 4, true);
  if (length > MAX_RATIO * bytes.length) throw new RangeError(`too short for the ${length} bytes it states`);
  return length;
}

/**
 * `bytes` unpacked where they are a gzip file, else as they are. Engines differ in what they let pass after the end
 * of the compressed data, so the length that the file's last four bytes state must be met exactly.
 *
 * @param what the file's name, for messages
 * @throws ShadegradError `bad-data` where the gzip file is cut, damaged or followed by something else
 */
export async function gunzipIfNeeded(bytes: Uint8Array, what: string): Promise<Uint8Array> {
  if (!isGzip(bytes)) return bytes;
  try {
    return await gunzip(bytes);
  } catch (cause) {
    throw new ShadegradError(
      'bad-data',
      `${what} is not a whole gzip file: it is cut, damaged or followed by something else.`,
      'Get the file again.',
      cause,
    );
  }
}

async function gunzip(bytes: Uint8Array): Promise<Uint8Array> {
  const length = statedLength(bytes);
  const reader = new Blob([new Uint8Array(bytes)])
    .stream()
    .pipeThrough(new DecompressionStream('gzip'))
    .getReader();
  // Each chunk goes straight to its place: MNIST's 47 MB would otherwise be in memory twice.
  const whole = new Uint8Array(length);
  let received = 0;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    if (received + chunk.value.length > length) {
      await reader.cancel();
      throw new RangeError(`holds more than the ${length} bytes it states`);
    }
    whole.set(chunk.value, received);
    received += chunk.value.length;
  }
  if (received !== length) throw new RangeError(`states ${length} bytes, holds ${received}`);
  return whole;
}
