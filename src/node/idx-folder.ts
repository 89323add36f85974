import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DatasetFiles, mapFiles, type NamedBytes } from '../data/idx.ts';
import { ShadegradError } from '../errors.ts';

/**
 * Reads the four files of `names` from `folder`: under these names, with `.idx` for `-idx` as some archives have them,
 * or either with `.gz` added.
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
  const missing: string[] = [];
  const paths = await mapFiles(names, async ({ name }) => {
    const found = idxFileName(listed, name);
    if (found === undefined) missing.push(name);
    return join(folder, found ?? name);
  });
  if (missing.length > 0) {
    throw new ShadegradError(
      'bad-data',
      `The folder ${folder} lacks ${missing.join(', ')}.`,
      'A dataset is four IDX files under these names, with or without .gz.',
    );
  }
  return mapFiles(paths, readNamed);
}

/** Which of the `listed` files is `name`, if any. */
export function idxFileName(listed: readonly string[], name: string): string | undefined {
  const dotted = name.replace('-idx', '.idx');
  return [name, dotted, `${name}.gz`, `${dotted}.gz`].find((candidate) => listed.includes(candidate));
}

/** @throws ShadegradError `bad-data` where the file cannot be read */
export async function readNamed(path: string): Promise<NamedBytes> {
  try {
    const content = await readFile(path);
    return { name: path, bytes: new Uint8Array(content.buffer, content.byteOffset, content.length) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ShadegradError('bad-data', `${path} cannot be read: ${reason}.`, 'Check the file.', cause);
  }
}
