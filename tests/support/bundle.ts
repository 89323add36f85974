import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Plugin, type Rollup } from 'vite';

const ownRoot = fileURLToPath(new URL('../..', import.meta.url));

export interface Bundle {
  /** By name; `main.js` is the script itself. */
  readonly files: ReadonlyMap<string, string>;
  /** Those that the page loads before the script begins. */
  readonly first: readonly string[];
}

/**
 * Bundles a page's script with the built package, as Vite does it for a user.
 * @param root a folder in which "shadegrad" is found; by default the package itself
 */
export async function bundled(script: string, root = ownRoot): Promise<Bundle> {
  const entry = join(root, 'bundled-by-a-test.js');
  const source: Plugin = {
    name: 'source',
    resolveId: (id) => (id === entry ? id : undefined),
    load: (id) => (id === entry ? script : undefined),
  };
  const built = await build({
    configFile: false,
    root,
    mode: 'production',
    logLevel: 'error',
    publicDir: false,
    base: './',
    plugins: [source],
    build: {
      target: 'es2023',
      write: false,
      modulePreload: false,
      rolldownOptions: { input: entry, output: { entryFileNames: 'main.js' } },
    },
  });
  const chunks = outputOf(built).output.filter((file) => file.type === 'chunk');
  const imports = new Map(chunks.map(({ fileName, imports }) => [fileName, imports]));
  const first = new Set(['main.js']);
  // A set goes on to what is added meanwhile.
  for (const name of first) for (const other of imports.get(name) ?? []) first.add(other);
  return { files: new Map(chunks.map(({ fileName, code }) => [fileName, code])), first: [...first] };
}

function outputOf(built: Awaited<ReturnType<typeof build>>): Rollup.RollupOutput {
  if (Array.isArray(built) || !('output' in built)) throw new Error('the build has no single output');
  return built;
}

/** Bytes of the files when each is compressed for transport. */
export function compressedBytes({ files }: Bundle, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + gzipSync(files.get(name) ?? '').length, 0);
}
