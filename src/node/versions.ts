import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
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

/** What npm installs for a package that this one can do without: "echarts@^6.1.0"; its name alone where that is not known. */
export async function optionalPackage(name: string): Promise<string> {
  const range = (await ownPackage())?.peerDependencies?.[name];
  return range === undefined ? name : `${name}@${range}`;
}

/** Whether this package stands in a clone of its repository, and not among the packages of another one. */
export function isClone(): boolean {
  return !fileURLToPath(import.meta.url)
    .split(sep)
    .includes('node_modules');
}

/** The nearest package.json above this file, which may be the source or a bundle of it. */
async function ownPackage(): Promise<Package | undefined> {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const found = await readPackage(folder).catch(() => undefined);
    if (found?.name === 'shadegrad' || folder === dirname(folder)) return found;
  }
}

interface Package {
  readonly name: string;
  readonly version: string;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

async function readPackage(folder: string): Promise<Package> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
}
