import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path/posix';
import { reasonOf, ShadegradError } from '../errors.ts';
import { unreadableText } from './files.ts';

/** Something that is wrong with a machine's drivers or devices, and what to do about it. */
export interface Trouble {
  readonly what: string;
  readonly remedy: string;
}

/** What to do about them, each once. */
export function remediesOf(troubles: readonly Trouble[]): string[] {
  return [...new Set(troubles.flatMap(({ remedy }) => remedy || []))];
}

/** What an error says, as one more thing that is wrong. */
export function troubleOf(error: unknown): Trouble {
  return error instanceof ShadegradError
    ? { what: error.message, remedy: error.nextStep }
    : { what: reasonOf(error), remedy: '' };
}

/** A Vulkan driver, as the Vulkan loader of Linux knows it: by a manifest, a JSON file that names a library. */
export interface VulkanDriver {
  readonly manifest: string;
  /** The library as the loader asks for it: a path, or a name that is looked up. Empty where the manifest names none. */
  readonly library: string;
  /** The version of Vulkan that the manifest states, e.g. "1.4.305". */
  readonly vulkan: string;
  /** Why the manifest is of no use; null where it is in order. */
  readonly problem: Trouble | null;
}

/** Each names the only drivers that there are, the first that is set. */
export const DRIVER_VARIABLES = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'] as const;

/** Where manifests are. */
export interface ManifestFiles {
  /** The names in a folder. Throws where there is none. */
  list(folder: string): Promise<string[]>;
  read(file: string): Promise<string>;
}

const DISK: ManifestFiles = { list: (folder) => readdir(folder), read: (file) => readFile(file, 'utf8') };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The drivers that the Vulkan loader would look at: those of `VK_DRIVER_FILES` where it is set, else those of
 * `VK_ADD_DRIVER_FILES` and of the folders `vulkan/icd.d` in the system's and the user's folders of settings and data, in
 * the loader's order. A library that several manifests name is listed once. Source: "Linux ICD Discovery" in the
 * Vulkan loader's LoaderDriverInterface.md.
 *
 * @param environment default: this process's
 */
export async function vulkanDrivers(
  environment: Environment = process.env,
  files: ManifestFiles = DISK,
): Promise<VulkanDriver[]> {
  const drivers: VulkanDriver[] = [];
  for (const manifest of await manifests(environment, files)) {
    const driver = await readManifest(manifest, files);
    const known = drivers.some(({ library }) => library !== '' && library === driver?.library);
    if (driver && !known) drivers.push(driver);
  }
  return drivers;
}

async function manifests(environment: Environment, files: ManifestFiles): Promise<string[]> {
  const only = DRIVER_VARIABLES.map((name) => environment[name]).find((value) => value);
  const places = only
    ? listedPaths(only)
    : [...listedPaths(environment.VK_ADD_DRIVER_FILES), ...folders(environment)];
  const found = await Promise.all(places.map((place) => manifestsIn(place, files)));
  return [...new Set(found.flat())];
}

function folders({ HOME, ...environment }: Environment): string[] {
  const home = HOME || homedir();
  return [
    environment.XDG_CONFIG_HOME || join(home, '.config'),
    ...listedPaths(environment.XDG_CONFIG_DIRS || '/etc/xdg'),
    '/usr/local/etc',
    '/etc',
    environment.XDG_DATA_HOME || join(home, '.local', 'share'),
    ...listedPaths(environment.XDG_DATA_DIRS || '/usr/local/share:/usr/share'),
  ].map((folder) => join(folder, 'vulkan', 'icd.d'));
}

/** The paths in a variable. */
export function listedPaths(list = ''): string[] {
  return list.split(':').filter((path) => path !== '');
}

/** All manifests in a folder, or the file itself. */
async function manifestsIn(place: string, files: ManifestFiles): Promise<string[]> {
  const names = await files.list(place).catch(() => undefined);
  if (!names) return place.endsWith('.json') ? [place] : [];
  return names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(place, name));
}

/** Undefined for a file that is not there: lists of drivers often name one that may be. */
async function readManifest(manifest: string, files: ManifestFiles): Promise<VulkanDriver | undefined> {
  const broken = (what: string) => ({
    manifest,
    library: '',
    vulkan: '',
    problem: brokenDriver(what, manifest),
  });
  let text: string;
  try {
    text = await files.read(manifest);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return isMissing ? undefined : broken(unreadableText(manifest, error));
  }
  let icd: unknown;
  try {
    icd = (JSON.parse(text) as { ICD?: unknown } | null)?.ICD;
  } catch (error) {
    return broken(`${manifest} is no JSON: ${reasonOf(error).replaceAll(/\s+/g, ' ')}`);
  }
  const { library_path: path, api_version: vulkan } = (icd ?? {}) as Record<string, unknown>;
  if (typeof path !== 'string' || path === '') return broken(`${manifest} names no library.`);
  // A path without a folder is the name of a library, which the system finds.
  const library = path.includes('/') && !isAbsolute(path) ? resolve(dirname(manifest), path) : path;
  return { manifest, library, vulkan: typeof vulkan === 'string' ? vulkan : '', problem: null };
}

/** What is wrong with a driver whose library does not load; null where it is another processor's. */
export function brokenLibrary({ library, manifest }: VulkanDriver, reason: string): Trouble | null {
  if (/wrong ELF class/.test(reason)) return null;
  // The system's words begin with the library that is missing, which may be one that the driver needs.
  return brokenDriver(`The driver ${library} (${manifest}) does not load: ${reason}`, manifest);
}

function brokenDriver(what: string, manifest: string): Trouble {
  return { what, remedy: `Reinstall the package of ${manifest}, or remove that file.` };
}

/** A driver that loads and gives Dawn nothing. @param reason in the words of Dawn, the Vulkan loader or the driver */
export function refusedDriver(driver: VulkanDriver, reason: string): Trouble {
  const what = `The driver ${driver.library} (${driver.manifest}) gives no adapter: ${reason}`;
  if (!isLavapipe(driver) || isRecent(driver))
    return { what, remedy: `Update the driver of ${driver.manifest}.` };
  return { what, remedy: `Update Mesa: Dawn takes its software driver, lavapipe, from Mesa 25 on.` };
}

/** Mesa's driver that runs on the processor. */
export function isLavapipe({ library }: VulkanDriver): boolean {
  return /\blibvulkan_lvp\b/.test(library);
}

/** Mesa 25 or later: the first whose lavapipe states Vulkan 1.4. */
export function isRecent({ vulkan }: VulkanDriver): boolean {
  const [major = 0, minor = 0] = vulkan.split('.').map(Number);
  return major > 1 || (major === 1 && minor >= 4);
}
