import { rmSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShadegradError } from '../errors.ts';
import { cacheDirectory } from './cache.ts';
import { extractTar, unpackOnce } from './unpack.ts';

/** Google's Vulkan driver that runs on the CPU, unpacked, with a Vulkan loader beside it. */
export interface SwiftShader {
  /** Version of the npm package it came from. */
  readonly version: string;
  /** The Vulkan loader that comes with it, for machines that have none. */
  readonly loader: string;
  /** The driver's manifest, for the loader's `VK_DRIVER_FILES`. */
  readonly manifest: string;
}

/** The optional npm package `@sparticuz/chromium`, as installed. */
export interface ChromiumPackage {
  readonly version: string;
  /** The folder of its archives. */
  readonly archives: string;
}

/** The npm package that has SwiftShader. */
const CHROMIUM_PACKAGE = '@sparticuz/chromium';
const loader = 'libvulkan.so.1';
const manifest = 'vk_swiftshader_icd.json';
const files = [loader, manifest, 'libvk_swiftshader.so'];

let unpacked: Promise<SwiftShader | undefined> | undefined;

/**
 * SwiftShader out of the optional npm package `@sparticuz/chromium`, unpacked once into the cache folder, or, where
 * that cannot be written, into a temporary folder for the life of this process. Undefined where the package is not
 * installed or holds nothing for this platform: it is built for Linux on x64.
 *
 * @throws ShadegradError `no-adapter` where neither folder can take it.
 */
export function swiftShader(): Promise<SwiftShader | undefined> {
  unpacked ??= find();
  return unpacked;
}

/** Undefined where the package is not installed or not for this platform. */
export async function chromiumPackage(): Promise<ChromiumPackage | undefined> {
  const root = packageRoot();
  if (root === undefined) return undefined;
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return { version, archives: join(root, 'bin') };
}

async function find(): Promise<SwiftShader | undefined> {
  const bundle = await chromiumPackage();
  if (bundle === undefined) return undefined;
  const { version, archives } = bundle;
  const folder = await unpack(join(archives, 'swiftshader.tar.br'), version);
  return { version, loader: join(folder, loader), manifest: join(folder, manifest) };
}

function packageRoot(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  try {
    const entry = createRequire(import.meta.url).resolve(CHROMIUM_PACKAGE);
    return entry.slice(0, entry.lastIndexOf(CHROMIUM_PACKAGE) + CHROMIUM_PACKAGE.length);
  } catch {
    return undefined;
  }
}

async function unpack(archive: string, version: string): Promise<string> {
  const folder = join(cacheDirectory(), `swiftshader-${version}`);
  try {
    await unpackOnce(folder, files, (temporary) => extractTar(archive, temporary, files));
    return folder;
  } catch (cacheError) {
    return unpackForThisProcess(archive, folder, cacheError);
  }
}

/**
 * A fresh folder that only this user can enter, because libraries are loaded from it and the temporary folder may
 * be open to others.
 */
async function unpackForThisProcess(
  archive: string,
  cacheFolder: string,
  cacheError: unknown,
): Promise<string> {
  try {
    const folder = await mkdtemp(join(tmpdir(), 'shadegrad-swiftshader-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    await extractTar(archive, folder, files);
    return folder;
  } catch (error) {
    throw new ShadegradError(
      'no-adapter',
      `The software GPU cannot be unpacked, neither into ${cacheFolder} (${String(cacheError)}) nor into ` +
        `${tmpdir()} (${String(error)}).`,
      'Free 20 MB there, or set XDG_CACHE_HOME to a folder that can be written.',
      error,
    );
  }
}
