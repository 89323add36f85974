import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip as gunzipCallback } from 'node:zlib';
import { isGzip } from '../data/gzip.ts';
import { type DatasetFiles, mapFiles, type NamedBytes } from '../data/idx.ts';
import { pickIdxFiles } from '../data/idx-names.ts';
import { reasonOf, ShadegradError } from '../errors.ts';

const gunzip = promisify(gunzipCallback);

/**
 * Reads the four files of `names` from `folder`, as `pickIdxFiles` finds them.
 *
 * @throws ShadegradError `bad-data` where any is missing or cannot be read
 */
export async function readIdxFiles(
  folder: string,
  names: DatasetFiles<{ readonly name: string }>,
): Promise<DatasetFiles<NamedBytes>> {
  const listed = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    const problem = cause.code === 'ENOENT' ? 'does not exist' : `cannot be listed: ${cause.message}`;
    throw new ShadegradError('bad-data', `The folder ${folder} ${problem}.`, 'Check the path.', cause);
  });
  const found = await pickIdxFiles(
    listed.map((name) => ({ name })),
    names,
    `The folder ${folder}`,
  );
  return mapFiles(found, ({ name }) => readNamed(join(folder, name)));
}

/** Of a file that states more, only what is really there is worth memory. */
const MOST_AT_ONCE = 2 ** 30;

/**
 * What a gzip file holds. Node's zlib does it beside JavaScript's thread, and in one piece where it is told the size.
 * A file that is no gzip file, or a damaged one, is left for those who say what is wrong with it.
 */
async function unpacked(file: Buffer): Promise<Uint8Array> {
  if (isGzip(file) && file.length >= 18) {
    // RFC 1952, section 2.3.1: the last four bytes are the length modulo 2^32.
    const size = file.readUInt32LE(file.length - 4);
    const chunkSize = Math.min(Math.max(64, size), MOST_AT_ONCE);
    const content = await gunzip(file, { chunkSize }).catch(() => undefined);
    if (content?.length === size) return content;
  }
  return file;
}

/** @throws ShadegradError `bad-data` where the file cannot be read */
export async function readNamed(path: string): Promise<NamedBytes> {
  try {
    const content = await readFile(path);
    return { name: path, bytes: await unpacked(content) };
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new ShadegradError('bad-data', `${path} cannot be read: ${reason}.`, 'Check the file.', cause);
  }
}
