import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type DatasetFiles, mapFilesAtOnce, type NamedBytes } from '../data/idx.ts';
import { type IdxNaming, idxNaming, isIdxName, pickIdxFiles, plainIdxName } from '../data/idx-names.ts';
import { ShadegradError } from '../errors.ts';
import { readStored, systemReason } from './files.ts';
import { gunzipNamed } from './gzip.ts';

/** A file or a folder within one. */
export interface Entry {
  readonly name: string;
  readonly path: string;
  readonly isFolder: boolean;
}

/**
 * A folder's entries, sorted by name, without hidden ones. Links count as what they lead to; those that lead nowhere
 * are left out.
 *
 * @throws ShadegradError `bad-data` where it cannot be listed
 */
export async function listFolder(folder: string): Promise<Entry[]> {
  const listed = await readdir(folder, { withFileTypes: true }).catch((cause) => unlistable(folder, cause));
  const entries = await Promise.all(
    listed
      .filter(({ name }) => !name.startsWith('.'))
      .map(async (entry): Promise<Entry[]> => {
        const path = join(folder, entry.name);
        const found = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
        return found ? [{ name: entry.name, path, isFolder: found.isDirectory() }] : [];
      }),
  );
  return sortByCodePoints(entries.flat(), ({ name }) => name);
}

/** @throws ShadegradError `bad-data`, always */
export function unlistable(folder: string, cause: Error & { readonly code?: string | undefined }): never {
  const problems: Record<string, string> = { ENOENT: 'does not exist', ENOTDIR: 'is a file' };
  const problem = problems[cause.code ?? ''] ?? `cannot be read: ${systemReason(cause)}`;
  throw new ShadegradError('bad-data', `The folder ${folder} ${problem}.`, 'Check the path.', cause);
}

/** Sorts as Python sorts strings: by code points, which UTF-8's bytes keep in order. JavaScript's own order differs. */
export function sortByCodePoints<T>(items: readonly T[], textOf: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, key: Buffer.from(textOf(item)) }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ item }) => item);
}

/**
 * The files of `entries` that may be IDX files. Kaggle's archives unpack each file into a folder of the same name, so
 * such folders are looked into for files that are not beside them.
 */
export async function idxEntries(entries: readonly Entry[]): Promise<Entry[]> {
  const files = entries.filter(({ isFolder }) => !isFolder);
  const beside = new Set(files.map(({ name }) => plainIdxName(name)));
  const folders = entries.filter(({ name, isFolder }) => isFolder && isIdxName(name));
  const within = await Promise.all(folders.map(({ path }) => listFolder(path)));
  return [
    ...files,
    ...within.flat().filter(({ name, isFolder }) => !isFolder && !beside.has(plainIdxName(name))),
  ];
}

/**
 * Reads the four IDX files of a folder, under any of the names that `idxNaming` and `pickIdxFiles` know.
 *
 * @param entries what {@link idxEntries} found there
 * @throws ShadegradError `bad-data` where any is missing or cannot be read, or there are files of several datasets
 */
export async function readIdxFiles(
  folder: string,
  entries: readonly Entry[],
): Promise<{ files: DatasetFiles<NamedBytes>; naming: IdxNaming }> {
  const where = `The folder ${folder}`;
  const naming = idxNaming(
    entries.map(({ name }) => name),
    where,
  );
  const found = await pickIdxFiles(entries, naming.files, where);
  return { files: await mapFilesAtOnce(found, ({ path }) => readNamed(path)), naming };
}

/**
 * A file's content, unpacked where it is gzip-compressed.
 *
 * @throws ShadegradError `bad-data` where it cannot be read or is a damaged gzip file
 */
export async function readNamed(path: string): Promise<NamedBytes> {
  const stored = await readStored(path);
  return { name: path, bytes: await gunzipNamed(stored) };
}
