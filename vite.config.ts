import { chmod } from 'node:fs/promises';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import packageJson from './package.json' with { type: 'json' };

const external = [
  /^node:/,
  ...[...Object.keys(packageJson.dependencies), ...Object.keys(packageJson.optionalDependencies)].map(
    (name) => new RegExp(`^${name}(/|$)`),
  ),
];

const executableCli: Plugin = {
  name: 'executable-cli',
  writeBundle: () => chmod('dist/cli.js', 0o755),
};

export default defineConfig({
  plugins: [executableCli],
  build: {
    target: 'es2023',
    minify: false,
    sourcemap: true,
    emptyOutDir: true,
    lib: {
      entry: { index: 'src/index.ts', node: 'src/node.ts', cli: 'src/cli/main.ts' },
      formats: ['es'],
    },
    rolldownOptions: { external },
  },
  test: {
    globalSetup: ['tests/support/build.ts'],
    projects: [
      { extends: true, test: { name: 'tests', include: ['tests/{unit,gpu,browser}/**/*.test.ts'] } },
      { extends: true, test: { name: 'acceptance', include: ['tests/acceptance/*.test.ts'] } },
    ],
    testTimeout: 120_000,
    maxWorkers: 2,
  },
});
