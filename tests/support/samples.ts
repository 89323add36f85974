import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A sample of the documentation's, and where it is from. */
export interface Sample {
  /** Unique, and a file's name. */
  readonly name: string;
  readonly code: string;
}

/**
 * The samples in a source's docstrings: what is fenced as `ts`.
 * @param path of the source, from `src/` on
 */
export async function samplesOf(path: string): Promise<Sample[]> {
  const source = await readFile(join(root, 'src', path), 'utf8');
  const docstrings = source.match(/\/\*\*[\s\S]*?\*\//g) ?? [];
  const text = docstrings.map((docstring) => docstring.replace(/^\s*\* ?/gm, '')).join('\n');
  const stem = path.replace(/\.ts$/, '').replaceAll(/[\\/]/g, '-');
  return Array.from(text.matchAll(/^```ts\n([\s\S]*?)^```$/gm), ([, code = ''], i) => ({
    name: `${stem}-${i + 1}`,
    code,
  }));
}

/** A new folder for `use`, inside the package, so that Node finds "shadegrad/node" there as it would for a user. */
export async function inPackage<T>(use: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(join(root, 'runs'), { recursive: true });
  const folder = await mkdtemp(join(root, 'runs', 'samples-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
