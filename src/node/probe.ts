import { type ExecFileException, execFile } from 'node:child_process';
import { reasonOf } from '../errors.ts';
import type { MatrixConfig } from '../gpu/matrix-units.ts';
import { dawnLibrary } from './dawn.ts';
import type { Variables } from './environment.ts';

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
  /** How many adapters have this name, with it. Dawn gives the first of them. */
  readonly alike: number;
}

/** A card that Dawn never gives: it takes the first one whose name contains the name that is asked for. */
export interface HiddenAdapter {
  readonly name: string;
  /** The name of the one that Dawn gives instead. */
  readonly by: string;
}

export interface Probe {
  /** In Dawn's order: the first is what it gives to whoever asks for high performance. */
  readonly adapters: readonly ProbedAdapter[];
  readonly hidden: readonly HiddenAdapter[];
  /** What Dawn, the Vulkan loader and the drivers print, line by line. */
  readonly complaints: readonly string[];
  /** Why there is no answer; null where there is one. */
  readonly failure: Failure | null;
}

/** What kept a process from an answer. */
export interface Failure {
  /** The driver's library or Dawn's, which did not load, or the end of the process. */
  readonly of: 'driver' | 'dawn' | 'process';
  readonly reason: string;
}

/** What the other process answers. */
type Answer = Pick<Probe, 'adapters' | 'hidden' | 'failure'>;

/** A driver that takes longer than this, in milliseconds, hangs. */
const PATIENCE = 30_000;

/** Begins the line with the answer: whatever else is loaded into the process may print, too. */
const MARK = 'shadegrad-adapters:';

/**
 * Asks Dawn for all adapters in a process of its own: what drivers print is kept from the user's terminal, and one that
 * crashes ends that process alone.
 *
 * @param environment of that process
 * @param driver the library of the driver that is alone there, to be loaded first, or null
 */
export function probe(environment: Variables, driver: string | null): Promise<Probe> {
  return ask(environment, driver, false);
}

/** Whether Dawn lists any adapter in a process with this environment; by environment. */
const answered = new Map<string, Promise<boolean>>();

/**
 * Whether Dawn finds any adapter with these variables set. Where it finds none, it prints why: in another process, which opens
 * no device. It is asked once for each environment.
 */
export function isAnswered(variables: Readonly<Record<string, string>>): Promise<boolean> {
  const environment = { ...process.env, ...variables };
  const key = JSON.stringify(environment);
  const answer =
    answered.get(key) ?? ask(environment, null, true).then(({ adapters }) => adapters.length > 0);
  answered.set(key, answer);
  return answer;
}

function ask(environment: Variables, driver: string | null, namesOnly: boolean): Promise<Probe> {
  let script: string;
  try {
    script = scriptFor(dawnLibrary(), driver, namesOnly);
  } catch (error) {
    return Promise.resolve({ ...failed('dawn', reasonOf(error)), complaints: [] });
  }
  return new Promise((resolve) => {
    const options = { env: environment, timeout: PATIENCE, maxBuffer: 2 ** 26 };
    execFile(process.execPath, ['-e', script], options, (error, stdout, stderr) => {
      const complaints = stderr.split('\n').filter((line) => line !== '');
      resolve({ ...(error ? failed('process', endOf(error)) : answerIn(stdout)), complaints });
    });
  });
}

function failed(of: Failure['of'], reason: string): Answer {
  return { adapters: [], hidden: [], failure: { of, reason } };
}

/** The answer in what the other process printed. */
export function answerIn(stdout: string): Answer {
  const line = stdout.split('\n').findLast((text) => text.startsWith(MARK));
  try {
    if (line !== undefined) return JSON.parse(line.slice(MARK.length)) as Answer;
  } catch {
    // Cut off, or mixed with what another thread printed.
  }
  return failed('process', 'The process that asked it printed no answer.');
}

/** @param library Dawn's file, by its whole path: `require` must begin somewhere, on Windows in a folder with a drive */
export function scriptFor(library: string, driver: string | null, namesOnly: boolean): string {
  const path = JSON.stringify(library);
  const values = JSON.stringify({ library, driver, namesOnly, mark: MARK });
  return `(${look})(process.getBuiltinModule('node:module').createRequire(${path}), ${values})`;
}

function endOf(error: ExecFileException): string {
  // E.g. that there is no such program, or that it printed without an end.
  if (typeof error.code === 'string') return reasonOf(error);
  if (error.killed) return `It gave no answer within ${PATIENCE / 1000} s.`;
  return `It ended the process that asked it (${error.signal ?? `exit code ${error.code}`}).`;
}

/** What {@link look} is told. */
interface Task {
  readonly library: string;
  readonly driver: string | null;
  /** Leaves out what the adapters offer and whether they give a device. */
  readonly namesOnly: boolean;
  readonly mark: string;
}

/**
 * Runs in the other process, as a script, so all that it uses is in it. Dawn's list of adapters is found in the
 * message with which it refuses a name that no adapter has.
 */
async function look(require: NodeJS.Require, { library, driver, namesOnly, mark }: Task): Promise<void> {
  const { writeSync } = require('node:fs') as typeof import('node:fs');
  const answer = (adapters: unknown[], hidden: unknown[], failure: Failure | null) => {
    // On a line of its own, whatever was printed before.
    writeSync(1, `\n${mark}${JSON.stringify({ adapters, hidden, failure })}\n`);
    process.exit();
  };
  const { Deno } = globalThis as { Deno?: { dlopen(file: string, symbols: object): unknown } };
  try {
    if (driver !== null && Deno) Deno.dlopen(driver, {});
    else if (driver !== null) process.dlopen({ exports: {} }, driver);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // Node and Bun load the library and then complain that it is no add-on.
    if (!/did not self-register|napi_register_module/.test(reason))
      return answer([], [], { of: 'driver', reason });
  }
  let dawn: typeof import('webgpu');
  try {
    dawn = require(library) as typeof import('webgpu');
  } catch (error) {
    return answer([], [], { of: 'dawn', reason: error instanceof Error ? error.message : String(error) });
  }
  // Dawn crashes once an instance is garbage-collected.
  const kept: GPU[] = [];
  Object.assign(globalThis, { kept });
  const request = (name: string) => {
    const instance = dawn.create([`adapter=${name}`, 'enable-dawn-features=allow_unsafe_apis']);
    kept.push(instance);
    return instance.requestAdapter({ powerPreference: 'high-performance' });
  };
  const refusal = await request('\u0001').then(
    () => '',
    (error: unknown) => String(error),
  );
  const listed = [...refusal.matchAll(/^ \* backend: '(.*?)', name: '(.*)'$/gm)];
  const found = listed.map(([, backend = '', name = '']) => ({ backend, name, alike: 0 }));
  if (namesOnly) return answer(found, [], null);
  const hidden: HiddenAdapter[] = [];
  for (const { name } of found) {
    const given = found.find((other) => other.name.includes(name));
    if (!given) continue;
    if (given.name === name) given.alike++;
    else hidden.push({ name, by: given.name });
  }
  const adapters: unknown[] = [];
  for (const one of found.filter(({ alike }) => alike > 0)) {
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
  answer(adapters, hidden, null);
}
