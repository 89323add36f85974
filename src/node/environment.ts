import { homedir } from 'node:os';
import { isMainThread } from 'node:worker_threads';

/** Deno's own way to load a library, which keeps it; in Deno alone. */
interface Deno {
  dlopen(library: string, symbols: Readonly<Record<string, never>>): unknown;
}

export const deno: Deno | undefined = (globalThis as { readonly Deno?: Deno }).Deno;

/** Version of Bun, where that is what runs. */
export const bun: string | undefined = process.versions.bun;

/** As npm names platforms, e.g. "linux-x64". */
export function platform(): string {
  return `${process.platform}-${process.arch}`;
}

/** What runs this, e.g. "Node v20.20.2": Bun and Deno only say of themselves which Node they resemble. */
export function runtime(): string {
  if (bun !== undefined) return `Bun ${bun}`;
  return deno ? `Deno ${process.versions.deno}` : `Node ${process.version}`;
}

/**
 * Whether native code, as Dawn and the Vulkan loader are, sees what is written to `process.env`. In a worker thread it
 * does not unless the thread was started with `env: SHARE_ENV`, and in Bun it never does.
 */
export function environmentIsShared(): boolean {
  if (isMainThread && bun === undefined) return true;
  // Where the home is, native code looks up.
  const name = process.platform === 'win32' ? 'USERPROFILE' : 'HOME';
  const probe = process.platform === 'win32' ? 'C:\\shadegrad-probe' : '/shadegrad-probe';
  const before = process.env[name];
  process.env[name] = probe;
  try {
    return homedir() === probe;
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}
