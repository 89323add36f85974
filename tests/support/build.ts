import { build } from 'vite';

/** Vitest loads and calls this module once for each project: what they share is the process. */
const vitest = globalThis as { shadegradBuild?: Promise<void> };

/** Vitest's global set-up: the tests of the command line and of the demo page run what the sources say now. */
export default function buildOnce(): Promise<void> {
  vitest.shadegradBuild ??= buildAll();
  return vitest.shadegradBuild;
}

async function buildAll(): Promise<void> {
  const { NODE_ENV = 'test' } = process.env;
  // Vitest's "test" would build another page than visitors get.
  process.env.NODE_ENV = 'production';
  try {
    await build({ logLevel: 'warn' });
    await build({ mode: 'demo', logLevel: 'warn' });
  } finally {
    process.env.NODE_ENV = NODE_ENV;
  }
}
