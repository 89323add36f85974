import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NotRun } from './part.mjs';
import { has, run } from './process.mjs';

/** Written last, with the packages' versions. */
const DONE = 'unpacked.json';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Downloads Debian packages and all that they need, from the mirror that this machine's apt uses, and unpacks them into
 * `folder/root`. Nothing is installed, no script of a package runs, and apt's own state is left alone.
 *
 * @param {object} wanted
 * @param {string} wanted.folder
 * @param {(release: string) => readonly string[]} wanted.releases Debian's, the preferred one first, from this machine's
 * @param {readonly string[]} wanted.packages
 * @param {boolean} wanted.whole true: everything they need; false: what this machine lacks
 * @param {string} wanted.log
 * @returns {Promise<string>} the folder `root`
 * @throws {NotRun} where this is no Debian
 */
export async function unpackPackages({ folder, releases, packages, whole, log }) {
  const root = join(folder, 'root');
  const done = join(folder, DONE);
  if (existsSync(done)) return root;
  const { mirror, release } = await debian(log);
  const debs = join(folder, 'debs');
  const lists = join(folder, 'lists');
  // Of a set-up that broke off: other versions' files must not be among these.
  for (const path of [root, debs, lists]) await rm(path, { recursive: true, force: true });
  for (const path of [root, join(debs, 'partial'), join(lists, 'partial')])
    await mkdir(path, { recursive: true });
  const signed = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : '';
  const names = releases(release);
  const sources = join(folder, 'sources.list');
  await writeFile(sources, names.map((name) => `deb ${signed}${mirror} ${name} main\n`).join(''));
  const nothing = join(folder, 'nothing-installed');
  await writeFile(nothing, '');
  const options = {
    'Dir::Etc::SourceList': sources,
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': lists,
    'Dir::Cache': folder,
    'Dir::Cache::Archives': debs,
    'Debug::NoLocking': 'true',
    'APT::Sandbox::User': 'root',
    'APT::Install-Recommends': 'false',
    'APT::Default-Release': names[0] ?? release,
    ...(whole ? { 'Dir::State::Status': nothing } : {}),
  };
  const apt = [
    'apt-get',
    '--yes',
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
  ];
  await run([...apt, '--error-on=any', 'update'], { log });
  await run([...apt, '--download-only', '--reinstall', 'install', ...packages], { log });
  const archives = (await readdir(debs)).filter((name) => name.endsWith('.deb'));
  for (const archive of archives) await run(['dpkg', '-x', join(debs, archive), root], { log });
  // As "name_version_architecture.deb".
  const versions = archives.map((archive) => archive.split('_').slice(0, 2).map(decodeURIComponent));
  await rm(debs, { recursive: true });
  await rm(lists, { recursive: true });
  await writeFile(done, JSON.stringify(Object.fromEntries(versions)));
  return root;
}

/**
 * The versions of the packages in `folder`, by name.
 *
 * @param {string} folder as for {@link unpackPackages}, which has unpacked them
 * @returns {Promise<Record<string, string>>}
 */
export async function versionsIn(folder) {
  return JSON.parse(await readFile(join(folder, DONE), 'utf8'));
}

/**
 * The mirror of Debian that this machine's apt uses, and its release.
 *
 * @param {string} log
 * @returns {Promise<{ mirror: string, release: string }>}
 */
async function debian(log) {
  const system = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const release = /^VERSION_CODENAME=(\w+)$/m.exec(system)?.[1];
  if (!/^ID=debian$/m.test(system) || release === undefined || !(await has('apt-get'))) {
    throw new NotRun('needs Debian and its apt');
  }
  const targets = await run(
    ['apt-get', 'indextargets', '--format', '$(REPO_URI) $(RELEASE)', 'Created-By: Packages'],
    { log },
  );
  const own = targets.split('\n').map((line) => line.split(' '));
  const mirror = own.find(([, name]) => name === release)?.[0];
  if (mirror === undefined) throw new NotRun(`needs a mirror of Debian ${release} in apt's sources`);
  return { mirror, release };
}
