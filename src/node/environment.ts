import { homedir } from 'node:os';
import { isMainThread } from 'node:worker_threads';

/** Deno's own way to load a library, which stays loaded. Only Deno has it. */
interface Deno {
  dlopen(library: string, symbols: Readonly<Record<string, never>>): unknown;
}

export const deno: Deno | undefined = (globalThis as { readonly Deno?: Deno }).Deno;

/** Version of Bun; undefined in other runtimes. */
export const bun: string | undefined = process.versions.bun;

/** As npm names platforms, e.g. "linux-x64". */
export function platform(): string {
  return `${process.platform}-${process.arch}`;
}

/** The runtime, e.g. "Node v20.20.2". The `process.version` of Bun and Deno is that of the Node that they imitate. */
export function runtime(): string {
  if (bun !== undefined) return `Bun ${bun}`;
  return deno ? `Deno ${process.versions.deno}` : `Node ${process.version}`;
}

/**
 * Whether native code, such as Dawn and the Vulkan loader, sees what is written to `process.env`. In a worker thread it
 * does not unless the thread was started with `env: SHARE_ENV`, and in Bun it never does.
 */
export function environmentIsShared(): boolean {
  if (isMainThread && bun === undefined) return true;
  // Native code looks up the home folder in the environment.
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
