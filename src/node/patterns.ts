import { readdir, stat } from 'node:fs/promises';
import { join, parse } from 'node:path';

/**
 * Replaces paths that have `*` or `?` in their last part by the files that match, sorted by name: Windows' shells do not
 * do it. A path stays as it is where a file of that very name exists, or none matches.
 */
export async function expandPatterns(paths: readonly string[]): Promise<string[]> {
  const expanded: string[] = [];
  for (const path of paths) {
    const found = await matchesOf(path);
    expanded.push(...(found.length > 0 ? found : [path]));
  }
  return expanded;
}

async function matchesOf(path: string): Promise<string[]> {
  const { dir, base } = parse(path);
  if (!/[*?]/.test(base) || (await exists(path))) return [];
  const pattern = base
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${pattern}$`, process.platform === 'win32' ? 'isu' : 'su');
  const entries = await readdir(dir || '.', { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory() && expression.test(entry.name))
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('.') || base.startsWith('.'))
    .sort()
    .map((name) => join(dir, name));
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
