import { execFile } from 'node:child_process';
import { reasonOf } from '../errors.ts';
import type { MatrixConfig } from '../gpu/matrix-units.ts';
import { dawnLibrary } from './toggles.ts';

/** What Dawn says of one adapter, as plain data. */
export interface ProbedAdapter {
  /** E.g. "vulkan". */
  readonly backend: string;
  /** The device's own name, as Dawn's flag `adapter` takes it. */
  readonly name: string;
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter: boolean;
    readonly subgroupMinSize: number;
    readonly subgroupMaxSize: number;
  };
  /** What its matrix units multiply; empty where there are none. */
  readonly matrices: readonly MatrixConfig[];
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  /** Why it gives no device; null where it does. */
  readonly problem: string | null;
  /**
   * The names of all adapters for which Dawn gives this one: it takes the first whose name contains the one that is asked
   * for. More than one where cards have the same name, or one's is the beginning of another's.
   */
  readonly alike: readonly string[];
}

export interface Probe {
  /** In Dawn's order: the first is what it gives to whoever asks for high performance. */
  readonly adapters: readonly ProbedAdapter[];
  /** What Dawn, the Vulkan loader and the drivers print, line by line; and how the process ended, if not well. */
  readonly complaints: readonly string[];
}

/** A driver that takes longer than this, in milliseconds, hangs. */
const PATIENCE = 30_000;

/**
 * Asks Dawn for all adapters in a process of its own: what drivers print is kept from the user's terminal, and one that
 * crashes ends that process alone.
 *
 * @param environment of that process
 */
export function probe(environment: NodeJS.ProcessEnv): Promise<Probe> {
  const script = scriptFor(dawnLibrary());
  return new Promise((resolve) => {
    const options = { env: environment, timeout: PATIENCE, maxBuffer: 2 ** 26 };
    execFile(process.execPath, ['-e', script], options, (error, stdout, stderr) => {
      const complaints = stderr.split('\n').filter((line) => line !== '');
      if (!error) resolve({ adapters: JSON.parse(stdout) as ProbedAdapter[], complaints });
      else resolve({ adapters: [], complaints: [...complaints, endOf(error)] });
    });
  });
}

/** @param library Dawn's file, by its whole path: `require` must begin somewhere, on Windows in a folder with a drive */
export function scriptFor(library: string): string {
  const path = JSON.stringify(library);
  return `(${look})(process.getBuiltinModule('node:module').createRequire(${path}), ${path})`;
}

function endOf(error: {
  readonly killed?: boolean;
  readonly signal?: string | null;
  readonly message: string;
}): string {
  if (error.killed) return `It gave no answer within ${PATIENCE / 1000} s.`;
  return error.signal ? `It ended the process that asked it (${error.signal}).` : reasonOf(error);
}

/**
 * Runs in the other process, as a script, so all that it uses is in it. Dawn's list of adapters is found in the
 * message with which it refuses a name that no adapter has.
 */
async function look(require: NodeJS.Require, library: string): Promise<void> {
  const { create } = require(library) as typeof import('webgpu');
  const { writeSync } = require('node:fs') as typeof import('node:fs');
  // Dawn crashes once an instance is garbage-collected.
  const kept: GPU[] = [];
  Object.assign(globalThis, { kept });
  const request = (name: string) => {
    const instance = create([`adapter=${name}`, 'enable-dawn-features=allow_unsafe_apis']);
    kept.push(instance);
    return instance.requestAdapter({ powerPreference: 'high-performance' });
  };
  const refusal = await request('\u0001').then(
    () => '',
    (error: unknown) => String(error),
  );
  const listed = [...refusal.matchAll(/^ \* backend: '(.*?)', name: '(.*)'$/gm)];
  const found = listed.map(([, backend = '', name = '']) => ({ backend, name, alike: [] as string[] }));
  for (const { name } of found) found.find((other) => other.name.includes(name))?.alike.push(name);
  const adapters: unknown[] = [];
  for (const one of found.filter(({ alike }) => alike.length > 0)) {
    const adapter = await request(one.name);
    if (!adapter) continue;
    const { vendor, architecture, device, description, isFallbackAdapter, subgroupMinSize, subgroupMaxSize } =
      adapter.info;
    const info = {
      vendor,
      architecture,
      device,
      description,
      isFallbackAdapter,
      subgroupMinSize,
      subgroupMaxSize,
    };
    const { subgroupMatrixConfigs = [] } = adapter.info as { subgroupMatrixConfigs?: Iterable<MatrixConfig> };
    const matrices = Array.from(subgroupMatrixConfigs, ({ componentType, resultComponentType, M, N, K }) => {
      return { componentType, resultComponentType, M, N, K };
    });
    const limits: Record<string, number> = {};
    for (const name in adapter.limits) {
      const value: unknown = Reflect.get(adapter.limits, name);
      if (typeof value === 'number') limits[name] = value;
    }
    const features = [...adapter.features].sort();
    const problem = await adapter.requestDevice().then(
      () => null,
      (error: unknown) => String(error),
    );
    adapters.push({ ...one, info, matrices, features, limits, problem });
  }
  writeSync(1, JSON.stringify(adapters));
  process.exit();
}
