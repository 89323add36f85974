import { build } from 'vite';

/** Vitest's global set-up: the tests that start the command line run what the sources say now. */
export default async function buildOnce(): Promise<void> {
  await build({ logLevel: 'warn' });
}
