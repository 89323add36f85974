import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** Bundles the tests for engines that are not Node. The folder that it is written to is given on the command line. */
export default defineConfig({
  root: here('.'),
  base: './',
  publicDir: false,
  define: { 'process.env.SHADEGRAD_TEST_ADAPTER': 'undefined', 'process.env.SHADEGRAD_TEST_BOUNDS': '"off"' },
  resolve: {
    alias: [
      { find: /^vitest$/, replacement: here('vitest.ts') },
      { find: /^.*\/src\/node\/gpu\.ts$/, replacement: here('gpu.ts') },
      { find: /^.*\/src\/node\/datasets\.ts$/, replacement: here('datasets.ts') },
    ],
  },
  build: {
    target: 'esnext',
    minify: false,
    modulePreload: false,
    emptyOutDir: true,
    rolldownOptions: {
      input: here('main.ts'),
      output: { entryFileNames: 'main.js' },
      // The package has modules without effects; tests are nothing else.
      treeshake: false,
    },
  },
});
