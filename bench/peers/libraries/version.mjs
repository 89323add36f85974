import { readFile } from 'node:fs/promises';

/**
 * The version that a package.json names.
 * @param {string | URL} path
 * @param {string} base what `path` is relative to
 * @returns {Promise<string>}
 */
export async function versionOf(path, base) {
  return JSON.parse(await readFile(new URL(path, base), 'utf8')).version;
}
