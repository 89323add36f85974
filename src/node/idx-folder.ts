import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DatasetFiles, mapFiles, type NamedBytes } from '../data/idx.ts';
import { pickIdxFiles } from '../data/idx-names.ts';
import { reasonOf, ShadegradError } from '../errors.ts';

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

/** @throws ShadegradError `bad-data` where the file cannot be read */
export async function readNamed(path: string): Promise<NamedBytes> {
  try {
    const content = await readFile(path);
    return { name: path, bytes: new Uint8Array(content.buffer, content.byteOffset, content.length) };
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new ShadegradError('bad-data', `${path} cannot be read: ${reason}.`, 'Check the file.', cause);
  }
}
