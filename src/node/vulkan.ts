import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { bun, deno } from './environment.ts';

const loaderName = 'libvulkan.so.1';

/** glibc's flag to keep a library in the process even when the handle that loaded it is closed. */
const RTLD_NODELETE = 0x1000;

/**
 * Keeps a Vulkan loader in the process: the one that Dawn would find, or else `bundled`. Dawn asks for
 * "libvulkan.so.1" and gets whichever library of that name is loaded already, so no library path has to be set and
 * nothing installed. Bun unloads the library again, so there Dawn has to find one by itself.
 *
 * @returns False on Linux without any Vulkan loader: Dawn would find no adapter and print a warning on stderr.
 */
export function keepVulkanLoader(bundled: string | undefined): boolean {
  if (process.platform !== 'linux') return true;
  const besideDawn = join(
    dirname(createRequire(import.meta.url).resolve('webgpu')),
    'dist',
    `linux-${process.arch}`,
    loaderName,
  );
  const besideNode = join(dirname(process.execPath), loaderName);
  if ([besideDawn, besideNode, loaderName].some(keepLoaded)) return true;
  return bundled !== undefined && bun === undefined && keepLoaded(bundled);
}

/** False where there is no such library. */
function keepLoaded(library: string): boolean {
  const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen;
  try {
    if (deno) deno.dlopen(library, {});
    else process.dlopen({ exports: {} }, library, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
    return true;
  } catch (error) {
    // This is expected: Node or Bun loads the library and then complains that it is no add-on.
    return error instanceof Error && /did not self-register|napi_register_module/.test(error.message);
  }
}
