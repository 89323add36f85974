import { createReadStream } from 'node:fs';
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { makeFolder } from './files.ts';

/**
 * Makes sure that `folder` holds `files`. They are made in a folder beside it, which is renamed once it is complete.
 *
 * @param files paths inside the folder; where it holds them all, nothing is done
 * @param fill makes the files in the empty folder that it is given
 */
export async function unpackOnce(
  folder: string,
  files: readonly string[],
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  if (await holds(folder, files)) return;
  await makeFolder(dirname(folder));
  const temporary = await mkdtemp(`${folder}.`);
  try {
    await fill(temporary);
    await moveInto(folder, temporary, files);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/**
 * Unpacks a Brotli-compressed tar archive.
 *
 * @param only paths inside the archive to unpack; default all
 */
export async function extractTar(archive: string, folder: string, only?: readonly string[]): Promise<void> {
  // Only who has no GPU needs it.
  const { unpackTar } = await import('modern-tar/fs');
  await pipeline(
    createReadStream(archive),
    createBrotliDecompress(),
    unpackTar(folder, { filter: ({ name }) => !only || only.includes(posix.normalize(name)) }),
  );
}

/** Renames the finished folder to its place; another process may have been first, and its copy is as good. */
async function moveInto(folder: string, temporary: string, files: readonly string[]): Promise<void> {
  try {
    await rename(temporary, folder);
  } catch (error) {
    if (await holds(folder, files)) return;
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder).catch(() => {
      throw error;
    });
  }
}

/** An empty file counts as missing: a machine that went down may have left it. */
async function holds(folder: string, files: readonly string[]): Promise<boolean> {
  const found = await Promise.allSettled(files.map((file) => stat(join(folder, file))));
  return found.every((file) => file.status === 'fulfilled' && file.value.size > 0);
}
