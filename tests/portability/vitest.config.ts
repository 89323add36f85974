import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/**
 * What `npm run portability` runs through Vitest, on the adapter that SHADEGRAD_TEST_ADAPTER names. Compilers of other
 * drivers take up to minutes for a shader.
 */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['tests/gpu/kernels*.test.ts', 'tests/portability/*.test.ts'],
    exclude: ['tests/gpu/kernels-*-emulated.test.ts'],
    globalSetup: ['tests/support/drivers.ts'],
    env: { SHADEGRAD_TEST_BOUNDS: 'off' },
    testTimeout: 900_000,
    hookTimeout: 900_000,
    maxWorkers: 2,
  },
});
