import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ShadegradError } from '../errors.ts';

/**
 * Writes a file whole or not at all: under a temporary name in the same folder, flushed and renamed. Folders on
 * the way are made. (npm's write-file-atomic takes a partial write for a whole one, as a full disk makes them.)
 *
 * @throws ShadegradError `io` where that fails; a file that was there before is still there then
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, content, { flag: 'wx', flush: true });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ShadegradError(
      'io',
      `${path} could not be written: ${reason}.`,
      'Check that the folder is writable and the disk not full.',
      cause,
    );
  }
}
