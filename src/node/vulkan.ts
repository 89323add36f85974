import { readFileSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { reasonOf } from '../errors.ts';
import { dawnLibrary } from './dawn.ts';
import { deno, loadInBun } from './environment.ts';

const loaderName = 'libvulkan.so.1';

/** glibc's flag to keep a library in the process even when the handle that loaded it is closed. */
const RTLD_NODELETE = 0x1000;

/**
 * Keeps a Vulkan loader in the process: the one that Dawn would find, or else `bundled`. Dawn asks for
 * "libvulkan.so.1" and gets whichever library of that name is loaded already, so no library path has to be set and
 * nothing installed.
 *
 * @returns False on Linux without any Vulkan loader: Dawn would find no adapter and print a warning on stderr.
 */
export function keepVulkanLoader(bundled: string | undefined): boolean {
  if (hasVulkanLoader()) return true;
  return bundled !== undefined && keepingError(bundled) === null;
}

/** Whether Dawn finds a Vulkan loader by itself. Other platforms than Linux need none. */
export function hasVulkanLoader(): boolean {
  if (process.platform !== 'linux') return true;
  const besideNode = join(dirname(process.execPath), loaderName);
  return [...besideDawn(), besideNode, loaderName].some((library) => keepingError(library) === null);
}

/** Empty where there is no Dawn. */
function besideDawn(): string[] {
  try {
    return [join(dirname(dawnLibrary()), loaderName)];
  } catch {
    return [];
  }
}

/**
 * Whether Dawn, on Linux, uses the loader from npm, since the system has none. In this process the one from npm may be loaded
 * already, and then answers to the system's name.
 */
export function needsLoader(bundled: string): boolean {
  return readFileSync('/proc/self/maps', 'utf8').includes(realpathSync(bundled)) || !hasVulkanLoader();
}

/**
 * Loads a driver's library as the Vulkan loader does: its names are seen by nobody else. Why it does not load, in the system's
 * words; null where it does.
 */
export function driverError(library: string): string | null {
  return loadingError(library, constants.dlopen.RTLD_LAZY | constants.dlopen.RTLD_LOCAL);
}

/** Keeps a Vulkan loader in the process, for Dawn to find. Why it does not load, as {@link driverError}. */
function keepingError(library: string): string | null {
  return loadingError(library, constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | RTLD_NODELETE);
}

function loadingError(library: string, flags: number): string | null {
  const inBun = loadInBun(library, flags);
  if (inBun !== undefined) return inBun;
  try {
    if (deno) deno.dlopen(library, {});
    else process.dlopen({ exports: {} }, library, flags);
    return null;
  } catch (error) {
    const reason = reasonOf(error);
    // This is expected: Node loads the library and then complains that it is no add-on.
    return /did not self-register/.test(reason) ? null : reason;
  }
}
