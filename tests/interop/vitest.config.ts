import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** What `npm run interop` runs: tests that need other programs than npm brings. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['tests/interop/*.test.ts'],
    globalSetup: ['tests/support/drivers.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
});
