import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackPackages } from './apt.mjs';
import { NotRun } from './part.mjs';
import { run } from './process.mjs';

/** What programs need to run in it; packages' scripts never run, and none of these needs them. */
const PACKAGES = [
  'base-files',
  'bash',
  'dash',
  'coreutils',
  'libc-bin',
  'libstdc++6',
  'mesa-vulkan-drivers',
  'libvulkan1',
  'fontconfig-config',
  'fonts-dejavu-core',
  'firefox',
];

/** Where the project is in it. */
const PROJECT = '/srv/shadegrad';

/** Mounts that only the command sees: they end with it. */
const ENTER = `
set -e
root=$1 project=$2 node=$3
shift 3
for folder in dev proc; do mount --rbind /$folder "$root/$folder"; done
mount --bind "$project" "$root${PROJECT}"
mount --bind "$node" "$root/usr/local/bin/node"
PATH=$PATH:/usr/sbin
exec chroot "$root" /usr/bin/env -i -C ${PROJECT} "$@"
`;

/** The environment of programs in it. */
const ENVIRONMENT = {
  HOME: '/tmp/home',
  PATH: '/usr/local/bin:/usr/bin:/bin',
  XDG_RUNTIME_DIR: '/tmp',
  XDG_CACHE_HOME: '/tmp/cache',
  VK_DRIVER_FILES: '/usr/share/vulkan/icd.d/lvp_icd.json',
};

/**
 * Debian's development release, with the newest Mesa and Firefox, unpacked to run programs in.
 *
 * @param {{ folder: string, project: string, log: string }} setting
 * @throws {NotRun} where nobody here may change the root folder of a program
 */
export async function debianSid({ folder, project, log }) {
  const isolated = await isolation(log);
  const own = join(folder, 'debian-sid');
  const root = await unpackPackages({
    folder: own,
    releases: () => ['sid'],
    packages: PACKAGES,
    whole: true,
    log,
  });
  for (const path of ['dev', 'proc', 'tmp/home', `.${PROJECT}`, 'usr/local/bin'])
    await mkdir(join(root, path), { recursive: true });
  await writeFile(join(root, 'usr/local/bin/node'), '', { flag: 'a' });
  return {
    folder: own,
    root,
    /**
     * @param {readonly string[]} command
     * @param {Record<string, string>} [environment]
     */
    command: (command, environment = {}) => [
      ...isolated,
      ...['sh', '-c', ENTER, 'sh', root, project, process.execPath],
      ...Object.entries({ ...ENVIRONMENT, ...environment }).map(([name, value]) => `${name}=${value}`),
      ...command,
    ],
  };
}

/** @param {string} log */
async function isolation(log) {
  for (const flags of [['--mount'], ['--mount', '--map-root-user']]) {
    const command = ['unshare', ...flags];
    const works = await run([...command, 'mount', '--rbind', '/proc', '/proc'], { log }).then(
      () => true,
      () => false,
    );
    if (works) return command;
  }
  throw new NotRun('needs root, or user namespaces');
}
