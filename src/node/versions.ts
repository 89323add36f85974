import { readFile } from 'node:fs/promises';
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

/** From the nearest package.json above this file, which may be the source or a bundle of it. */
async function ownVersion(): Promise<string> {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const { name, version } = await readPackage(folder).catch(() => ({ name: '', version: 'unknown' }));
    if (name === 'shadegrad' || folder === dirname(folder)) return version;
  }
}

async function readPackage(folder: string): Promise<{ name: string; version: string }> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
}
