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
    resolveId: (id) => (id === source ? id : undefined),
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

test('a bundle that imports the root and uses nothing of it is empty: no module does anything by itself', async () => {
  expect(await keptOf('index')).toBe('');
});
