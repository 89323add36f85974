import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Versions } from '../versions.ts';
import { platform, runtime } from './environment.ts';

/** Versions of this package, of Dawn, and of Node or the runtime in its place. */
export async function nodeVersions(): Promise<Versions> {
  return {
    shadegrad: await ownVersion(),
    webgpu: await webgpuVersion(),
    runtime: `${runtime()}, ${platform()}`,
  };
}

/** Version of the npm package "webgpu", which holds Dawn; null where it is not installed. */
export async function webgpuVersion(): Promise<string | null> {
  try {
    const entry = createRequire(import.meta.url).resolve('webgpu');
    return (await readPackage(dirname(entry))).version;
  } catch {
    return null;
  }
}

async function ownVersion(): Promise<string> {
  return (await ownPackage())?.version ?? 'unknown';
}

/**
 * Whether `file`, by default this one, is of a clone of the repository. What npm installs has no sources, and a program that this
 * was bundled into is another package.
 *
 * @param file its address
 */
export async function isClone(file = import.meta.url): Promise<boolean> {
  const own = await ownPackage(file);
  if (!own) return false;
  return stat(join(own.folder, 'src', 'node.ts')).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** This package's nearest package.json above `file`, which may be the source or a bundle of it. */
async function ownPackage(
  file = import.meta.url,
): Promise<(Package & { readonly folder: string }) | undefined> {
  for (let folder = dirname(fileURLToPath(file)); ; folder = dirname(folder)) {
    const found = await readPackage(folder).catch(() => undefined);
    if (found?.name === 'shadegrad') return { ...found, folder };
    if (folder === dirname(folder)) return undefined;
  }
}

interface Package {
  readonly name: string;
  readonly version: string;
}

async function readPackage(folder: string): Promise<Package> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
}
