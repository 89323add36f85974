import { build } from 'vite';

/** Vitest loads this module once per project, so what projects share is kept in the process. */
const vitest = globalThis as { shadegradBuild?: Promise<void> };

/** Vitest's global set-up: builds, so that tests of the command line and of the demo page run the current sources. */
export default function buildOnce(): Promise<void> {
  vitest.shadegradBuild ??= buildAll();
  return vitest.shadegradBuild;
}

async function buildAll(): Promise<void> {
  const { NODE_ENV = 'test' } = process.env;
  // With Vitest's "test" the page would not be the one that visitors get.
  process.env.NODE_ENV = 'production';
  try {
    await build({ logLevel: 'warn' });
    await build({ mode: 'demo', logLevel: 'warn' });
  } finally {
    process.env.NODE_ENV = NODE_ENV;
  }
}
