import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** As if package.json did not say that modules have no effects: what has one, or may have, is kept. */
function keptOf(entry: string): Promise<string> {
  const source = `${root}imported-by-a-test.js`;
  const asked: Plugin = {
    name: 'asked',
    enforce: 'pre',
    resolveId(id) {
      if (id === source) return id;
      // Node's own modules and other packages: what they do is theirs.
      return /^[./]/.test(id) ? undefined : { id, external: true, moduleSideEffects: false };
    },
    load: (id) => (id === source ? `import './src/${entry}.ts';` : undefined),
    transform: (code) => ({ code, moduleSideEffects: true }),
  };
  return build({
    configFile: false,
    root,
    logLevel: 'error',
    publicDir: false,
    plugins: [asked],
    build: {
      target: 'es2023',
      write: false,
      minify: false,
      rolldownOptions: { input: source },
    },
  }).then((built) => {
    if (Array.isArray(built) || !('output' in built)) throw new Error('the build has no single output');
    return built.output[0].code.trim();
  });
}

// The others compute constants, of which a bundler cannot tell that nobody misses them. What they leave in the process, all
// entries, is looked at in tests/gpu/package.test.ts.
test.each(['index', 'export'])(
  'a bundle that imports "%s" and uses nothing of it is empty: no module does anything by itself',
  async (entry) => {
    expect(await keptOf(entry)).toBe('');
  },
);
