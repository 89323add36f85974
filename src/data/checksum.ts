import type { Dataset, Samples } from './dataset.ts';

/** The SHA-256 of `bytes`, hexadecimal. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  // Web Crypto refuses memory that threads share, so that is copied.
  const own =
    bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
  const digest = await crypto.subtle.digest('SHA-256', own);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * A dataset's SHA-256, hexadecimal. It depends neither on the files that the dataset came from nor on names. It is the
 * SHA-256 of this text, whose lines all end in LF:
 *
 *     28 28 10                    height, width, classes
 *     60000 <sha256> <sha256>     training samples, digests of their pixels and of their labels, as bytes
 *     10000 <sha256> <sha256>     test samples, the same
 *
 * A digest of digests, because Web Crypto takes only one piece of memory: this way nothing is copied together.
 *
 * @param data whose samples and sizes count
 */
export async function datasetChecksum({ shape, classes, train, test }: Dataset): Promise<string> {
  const lines = [
    `${shape.height} ${shape.width} ${classes}`,
    await samplesLine(train),
    await samplesLine(test),
  ];
  return sha256(new TextEncoder().encode(lines.map((line) => `${line}\n`).join('')));
}

async function samplesLine({ count, images, labels }: Samples): Promise<string> {
  return `${count} ${await sha256(images)} ${await sha256(labels)}`;
}
