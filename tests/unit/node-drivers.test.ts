import { describe, expect, test } from 'vitest';
import {
  isLavapipe,
  isRecent,
  type ManifestFiles,
  refusedDriver,
  type VulkanDriver,
  vulkanDrivers,
} from '../../src/node/drivers.ts';

const icd = (library: string, version = '1.3.250') =>
  JSON.stringify({ file_format_version: '1.0.0', ICD: { library_path: library, api_version: version } });

/** Files by their paths; folders are what their paths begin with. */
function disk(contents: Readonly<Record<string, string>>): ManifestFiles {
  return {
    list: async (folder) => {
      const names = Object.keys(contents).flatMap((path) =>
        path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : [],
      );
      if (names.length === 0) throw Object.assign(new Error('no folder'), { code: 'ENOENT' });
      return names;
    },
    read: async (path) => {
      const text = contents[path];
      if (text === undefined) throw Object.assign(new Error('no file'), { code: 'ENOENT' });
      return text;
    },
  };
}

const manifestsOf = (drivers: readonly VulkanDriver[]) => drivers.map(({ manifest }) => manifest);
const home = { HOME: '/home/me' };

describe('the drivers that the Vulkan loader would look at', () => {
  test('are those of its folders: settings before data, the user before the system', async () => {
    const files = disk({
      '/usr/share/vulkan/icd.d/radeon.json': icd('libradeon.so'),
      '/usr/share/vulkan/icd.d/README': 'no manifest',
      '/etc/vulkan/icd.d/nvidia.json': icd('libGLX_nvidia.so.0'),
      '/home/me/.local/share/vulkan/icd.d/mine.json': icd('/home/me/mine.so'),
      '/home/me/.config/vulkan/icd.d/first.json': icd('libfirst.so'),
    });
    expect(manifestsOf(await vulkanDrivers(home, files))).toEqual([
      '/home/me/.config/vulkan/icd.d/first.json',
      '/etc/vulkan/icd.d/nvidia.json',
      '/home/me/.local/share/vulkan/icd.d/mine.json',
      '/usr/share/vulkan/icd.d/radeon.json',
    ]);
  });

  test('are in the folders that XDG variables name instead', async () => {
    const files = disk({
      '/usr/share/vulkan/icd.d/radeon.json': icd('libradeon.so'),
      '/nix/share/vulkan/icd.d/b.json': icd('libb.so'),
      '/nix/share/vulkan/icd.d/a.json': icd('liba.so'),
      '/data/vulkan/icd.d/c.json': icd('libc.so'),
    });
    const environment = { ...home, XDG_DATA_DIRS: '/nix/share:/none', XDG_DATA_HOME: '/data' };
    expect(manifestsOf(await vulkanDrivers(environment, files))).toEqual([
      '/data/vulkan/icd.d/c.json',
      '/nix/share/vulkan/icd.d/a.json',
      '/nix/share/vulkan/icd.d/b.json',
    ]);
  });

  test.each(['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'])(
    'are only those of %s, files and folders',
    async (name) => {
      const files = disk({
        '/usr/share/vulkan/icd.d/radeon.json': icd('libradeon.so'),
        '/one.json': icd('libone.so'),
        '/folder/two.json': icd('libtwo.so'),
      });
      const environment = {
        ...home,
        [name]: '/one.json:/none.json:/folder',
        VK_ADD_DRIVER_FILES: '/more.json',
      };
      expect(manifestsOf(await vulkanDrivers(environment, files))).toEqual(['/one.json', '/folder/two.json']);
    },
  );

  test('of VK_ADD_DRIVER_FILES come first', async () => {
    const files = disk({
      '/usr/share/vulkan/icd.d/radeon.json': icd('libradeon.so'),
      '/one.json': icd('libone.so'),
    });
    expect(manifestsOf(await vulkanDrivers({ ...home, VK_ADD_DRIVER_FILES: '/one.json' }, files))).toEqual([
      '/one.json',
      '/usr/share/vulkan/icd.d/radeon.json',
    ]);
  });

  test('are listed once, however many manifests name their library', async () => {
    const files = disk({
      '/etc/vulkan/icd.d/lvp_icd.json': icd('libvulkan_lvp.so'),
      '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json': icd('libvulkan_lvp.so'),
    });
    expect(manifestsOf(await vulkanDrivers(home, files))).toEqual(['/etc/vulkan/icd.d/lvp_icd.json']);
  });

  test('name libraries by path, from the manifest on, or by name', async () => {
    const files = disk({
      '/a/near.json': icd('../lib/near.so'),
      '/a/absolute.json': icd('/lib/absolute.so'),
      '/a/name.json': icd('libname.so'),
    });
    const drivers = await vulkanDrivers({ VK_DRIVER_FILES: '/a' }, files);
    expect(drivers.map(({ library }) => library)).toEqual(['/lib/absolute.so', 'libname.so', '/lib/near.so']);
  });
});

describe('a manifest that is broken', () => {
  const only = { VK_DRIVER_FILES: '/bad.json' };

  test.each([
    ['is no JSON', 'not\njson', /^\/bad\.json is no JSON: [^\n]+$/],
    ['is another kind of JSON', 'null', /names no library/],
    ['has no library', '{ "ICD": {} }', /names no library/],
    ['has a number for a library', '{ "ICD": { "library_path": 3 } }', /names no library/],
  ])('%s', async (_, text, what) => {
    const [driver, ...others] = await vulkanDrivers(only, disk({ '/bad.json': text }));
    expect(others).toEqual([]);
    expect(driver?.problem).toEqual({
      what: expect.stringMatching(what),
      remedy: 'Reinstall the package of /bad.json, or remove that file.',
    });
  });

  test('cannot be read', async () => {
    const files = { ...disk({}), read: async () => Promise.reject(new Error('EACCES: permission denied')) };
    const [driver] = await vulkanDrivers(only, files);
    expect(driver?.problem?.what).toBe('/bad.json cannot be read: EACCES: permission denied.');
  });
});

describe('lavapipe', () => {
  const lavapipe = (vulkan: string): VulkanDriver => ({
    manifest: '/lvp.json',
    library: '/usr/lib/libvulkan_lvp.so',
    vulkan,
    problem: null,
  });

  test('is known by its library', () => {
    expect(isLavapipe(lavapipe('1.4.305'))).toBe(true);
    expect(isLavapipe({ ...lavapipe('1.4.305'), library: '/usr/lib/libvulkan_radeon.so' })).toBe(false);
  });

  test.each([
    ['1.1.230', false],
    ['1.3.278', false],
    ['1.4.305', true],
    ['2.0.0', true],
    ['', false],
  ])('with Vulkan %s is recent: %s', (vulkan, recent) => {
    expect(isRecent(lavapipe(vulkan))).toBe(recent);
  });

  test('that Dawn refuses for its age is to be updated', () => {
    expect(refusedDriver(lavapipe('1.1.230'), 'something is required').remedy).toMatch(/from Mesa 25 on/);
    expect(refusedDriver(lavapipe('1.4.305'), 'something is required')).toEqual({
      what: 'The driver /usr/lib/libvulkan_lvp.so (/lvp.json) gives no adapter: something is required',
      remedy: 'Update the driver of /lvp.json.',
    });
  });
});
