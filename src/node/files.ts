import { randomUUID } from 'node:crypto';
import { constants, readFileSync, rmdirSync } from 'node:fs';
import {
  copyFile,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { NamedBytes } from '../data/idx.ts';
import { reasonOf, ShadegradError } from '../errors.ts';

/** The most that Node reads at once. */
const LARGEST_READ = 2 ** 30;

/**
 * A file as it is stored.
 *
 * @throws ShadegradError `bad-data` where it cannot be read
 */
export async function readStored(path: string): Promise<NamedBytes> {
  try {
    return { name: path, bytes: await readFile(path) };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** As {@link readStored}, synchronously: for a small file that is an eighth of the work. */
export function readStoredSync(path: string): NamedBytes {
  try {
    return { name: path, bytes: readFileSync(path) };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): ShadegradError {
  return new ShadegradError('bad-data', unreadableText(path, cause), 'Check the file.', cause);
}

/** That a file or folder cannot be read, and why, as a sentence that names it once. */
export function unreadableText(path: string, cause: unknown): string {
  return `${path} cannot be read: ${systemReason(cause)}.`;
}

/** In place of the system's words, which speak of other things. */
const PLAINLY: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'it is a folder',
};

/** Why the system refused a file: in words, without the code, call and path that Node wraps them in. */
export function systemReason(cause: unknown): string {
  const { code = '' } = cause as NodeJS.ErrnoException;
  return PLAINLY[code] ?? reasonOf(cause).replace(/^E[A-Z0-9]+: (.+?), \w+(?: '.*)?$/s, '$1');
}

/**
 * Writes a file whole or not at all: under a temporary name in the same folder, flushed and renamed. Folders on
 * the way are made. (npm's write-file-atomic takes the partial write that a full disk causes for a whole one.)
 *
 * @param before done once all of it is on the disk, just before it takes the place of what was there
 * @throws ShadegradError `io` where that fails; a file that was there before stays as it was
 */
export async function writeWhole(
  path: string,
  content: string | Uint8Array,
  before?: () => Promise<void>,
): Promise<void> {
  await writing(path, content, async (temporary) => {
    await before?.();
    await rename(temporary, path);
  });
}

/**
 * As {@link writeWhole}, but never over a file that is there: of several processes that try at once, one makes it.
 * @returns whether it was this one
 * @throws ShadegradError `io`
 */
export async function createWhole(path: string, content: string | Uint8Array): Promise<boolean> {
  let isOurs = true;
  await writing(path, content, async (temporary) => {
    try {
      await linkFile(temporary, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      isOurs = false;
    }
    await rm(temporary, { force: true });
  });
  return isOurs;
}

/** @param place brings the file from its temporary name, under which it is written, to its own */
async function writing(
  path: string,
  content: string | Uint8Array,
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await makeFolder(dirname(path));
    await writeFile(temporary, content, { flag: 'wx', flush: true });
    await place(temporary);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    if (cause instanceof ShadegradError) throw cause;
    const reason = systemReason(cause);
    throw new ShadegradError(
      'io',
      `${path} could not be written: ${reason}.`,
      'Check that the folder is writable and the disk not full.',
      cause,
    );
  }
}

/** Gives a file a second name, which nothing has: a copy where the file system knows no hard links, as exFAT. */
export async function linkFile(path: string, second: string): Promise<void> {
  await link(path, second).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw error;
    return copyFile(path, second, constants.COPYFILE_EXCL);
  });
}

/** As Node's `readFile`, which refuses files of 2 GiB: many networks side by side take more. */
export async function readLarge(path: string): Promise<Uint8Array> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    if (size <= LARGEST_READ) return await handle.readFile();
    const bytes = new Uint8Array(size);
    for (let offset = 0; offset < bytes.length; ) {
      const length = Math.min(LARGEST_READ, bytes.length - offset);
      const { bytesRead } = await handle.read(bytes, { offset, length });
      if (bytesRead === 0) return bytes.subarray(0, offset);
      offset += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

/** What a file, or a folder, is called that is not whole yet. */
export function temporaryName(path: string): string {
  return `${path}.${randomUUID()}.tmp`;
}

/** Of such a name: what is behind the file's own. */
const TEMPORARY = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/** Removes what a killed process left half written of a file or folder. Nobody must be writing it. */
export async function removeLeftovers(path: string): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)];
  // Where there is no such folder, or a file cannot be removed, it is no worse than that it stays.
  const found = await readdir(folder).catch(() => []);
  const leftovers = found.filter((each) => isTemporary(each) && each.replace(TEMPORARY, '') === name);
  await Promise.allSettled(leftovers.map((each) => rm(join(folder, each), { recursive: true })));
}

/**
 * Makes a folder and those above it, one after the other: Node's own recursive `mkdir` never returns below /proc.
 * @param made gets each folder that was made, outer ones first, even if making the next one fails
 */
export async function makeFolder(path: string, made: string[] = []): Promise<void> {
  const folder = resolve(path);
  if (await isFolder(folder)) return;
  if (dirname(folder) !== folder) await makeFolder(dirname(folder), made);
  try {
    await mkdir(folder);
    made.push(folder);
  } catch (error) {
    if (!(await isFolder(folder))) throw error;
  }
}

/** Removes the folders that are empty, the last one first. */
export function removeEmptyFolders(folders: readonly string[]): void {
  for (const folder of folders.toReversed()) {
    // Whatever the reason that a folder cannot be removed, the worst is that it stays.
    try {
      rmdirSync(folder);
    } catch {}
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
