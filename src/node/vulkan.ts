import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { reasonOf } from '../errors.ts';
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
  return bundled !== undefined && loadingError(bundled) === null;
}

/** Whether Dawn finds a Vulkan loader by itself. Other platforms than Linux need none. */
export function hasVulkanLoader(): boolean {
  if (process.platform !== 'linux') return true;
  const besideDawn = join(
    dirname(createRequire(import.meta.url).resolve('webgpu')),
    'dist',
    `linux-${process.arch}`,
    loaderName,
  );
  const besideNode = join(dirname(process.execPath), loaderName);
  return [besideDawn, besideNode, loaderName].some((library) => loadingError(library) === null);
}

/** Loads a library and keeps it in the process. Why it does not load, in the system's words; null where it does. */
export function loadingError(library: string): string | null {
  const flags = constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | RTLD_NODELETE;
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
