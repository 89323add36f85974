import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** What `npm run test:slurm` runs: it needs a Slurm whose node is this machine, and is no part of `npm test`. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['tests/slurm/*.test.ts'],
    globalSetup: ['tests/support/build.ts', 'tests/support/drivers.ts'],
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
  },
});
