import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackPackages, versionsIn } from './apt.mjs';

/** As `openDevice` takes it, for `SHADEGRAD_TEST_ADAPTER`. */
export const LAVAPIPE = 'llvmpipe';

/**
 * Mesa's lavapipe for this Debian, from its backports, unpacked and not installed.
 *
 * @param {{ folder: string, log: string }} setting
 * @returns {Promise<{ environment: Record<string, string>, mesa: string, compiler: string }>}
 */
export async function unpackLavapipe({ folder, log }) {
  const own = join(folder, 'lavapipe-25');
  const root = await unpackPackages({
    folder: own,
    releases: (release) => [`${release}-backports`, release],
    packages: ['mesa-vulkan-drivers', 'libvulkan1'],
    whole: false,
    log,
  });
  const libraries = await libraryFolder(root);
  const manifests = join(root, 'usr/share/vulkan/icd.d');
  const name = (await readdir(manifests)).find((file) => file.startsWith('lvp_icd'));
  if (name === undefined) throw new Error(`Mesa's packages have no lavapipe in ${manifests}.`);
  const manifest = JSON.parse(await readFile(join(manifests, name), 'utf8'));
  manifest.ICD.library_path = join(libraries, 'libvulkan_lvp.so');
  const moved = join(own, 'lvp_icd.json');
  await writeFile(moved, JSON.stringify(manifest));
  return {
    environment: {
      VK_DRIVER_FILES: moved,
      LD_LIBRARY_PATH: libraries,
      XDG_RUNTIME_DIR: own,
      MESA_SHADER_CACHE_DIR: join(own, 'shaders'),
    },
    ...(await lavapipeVersions(own)),
  };
}

/**
 * @param {string} folder as for `unpackPackages`
 * @returns {Promise<{ mesa: string, compiler: string }>} Mesa's version as its adapters' descriptions have it, and LLVM's
 */
export async function lavapipeVersions(folder) {
  const packages = await versionsIn(folder);
  const version = (/** @type {string} */ of = '') => /^(?:\d+:)?([\d.]+)/.exec(of)?.[1] ?? '';
  // Missing where the machine has it already.
  const llvm = Object.keys(packages).find((name) => /^libllvm\d/.test(name)) ?? '';
  return {
    mesa: `Mesa ${version(packages['mesa-vulkan-drivers'])}`,
    compiler: `LLVM ${version(packages[llvm])}`,
  };
}

/** @param {string} root */
async function libraryFolder(root) {
  const parent = join(root, 'usr/lib');
  for (const triplet of await readdir(parent)) {
    if (existsSync(join(parent, triplet, 'libvulkan_lvp.so'))) return join(parent, triplet);
  }
  throw new Error(`Mesa's packages have no libvulkan_lvp.so in ${parent}.`);
}
