import { createRequire } from 'node:module';
import { cpus, homedir } from 'node:os';
import { isMainThread } from 'node:worker_threads';

/**
 * A process's environment: Node's own type would be in this package's declarations, for those who lack Node's types too.
 */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Deno's own way to load a library, which stays loaded. Only Deno has it. */
interface Deno {
  dlopen(library: string, symbols: Readonly<Record<string, never>>): unknown;
}

export const deno: Deno | undefined = (globalThis as { readonly Deno?: Deno }).Deno;

/** Version of Bun; undefined in other runtimes. */
export const bun: string | undefined = process.versions.bun;

/** What Bun is asked to call of the C library. */
interface CLibrary {
  setenv(name: Uint8Array, value: Uint8Array, overwrites: number): number;
  unsetenv(name: Uint8Array): number;
  /** The library's handle; null or 0 where it does not load. */
  dlopen(library: Uint8Array, flags: number): unknown;
  dlerror(): unknown;
}

let cLibrary: CLibrary | undefined;

/**
 * The C library, for Bun on Linux: there `process.env` is a copy that native code does not see, and a library that is loaded as
 * an add-on is unloaded again. Undefined elsewhere, where neither is so.
 */
function bunsCLibrary(): CLibrary | undefined {
  if (bun === undefined || process.platform !== 'linux') return undefined;
  cLibrary ??= openCLibrary();
  return cLibrary;
}

function openCLibrary(): CLibrary {
  const ffi = createRequire(import.meta.url)('bun:ffi') as {
    dlopen(library: string, functions: Readonly<Record<keyof CLibrary, object>>): { symbols: CLibrary };
  };
  return ffi.dlopen('libc.so.6', {
    setenv: { args: ['ptr', 'ptr', 'i32'], returns: 'i32' },
    unsetenv: { args: ['ptr'], returns: 'i32' },
    dlopen: { args: ['ptr', 'i32'], returns: 'ptr' },
    dlerror: { args: [], returns: 'cstring' },
  }).symbols;
}

/** Text as C has it. */
function cText(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

/** Sets a variable of this process for native code too, or removes it. */
export function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
  const library = bunsCLibrary();
  if (value === undefined) library?.unsetenv(cText(name));
  else library?.setenv(cText(name), cText(value), 1);
}

/**
 * Loads a library into this process, where the runtime would unload it again.
 *
 * @returns Undefined where the runtime keeps libraries; else null, or why it does not load, in the system's words
 */
export function loadInBun(file: string, flags: number): string | null | undefined {
  const library = bunsCLibrary();
  if (!library) return undefined;
  return library.dlopen(cText(file), flags) ? null : String(library.dlerror());
}

/** As npm names platforms, e.g. "linux-x64". */
export function platform(): string {
  return `${process.platform}-${process.arch}`;
}

/** The processor's name, e.g. "AMD EPYC 9R14"; null where the system does not tell. */
export function processorName(): string | null {
  return cpus()[0]?.model.trim() || null;
}

/** The runtime, e.g. "Node v20.20.2". The `process.version` of Bun and Deno is that of the Node that they imitate. */
export function runtime(): string {
  if (bun !== undefined) return `Bun ${bun}`;
  return deno ? `Deno ${process.versions.deno}` : `Node ${process.version}`;
}

/**
 * Whether native code, such as Dawn and the Vulkan loader, sees what {@link setVariable} sets. In a worker thread it does not
 * unless the thread was started with `env: SHARE_ENV`.
 */
export function environmentIsShared(): boolean {
  if (isMainThread || bunsCLibrary()) return true;
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
