import { ShadegradError } from '../errors.ts';
import { type AdapterChoice, type AdapterReport, OPTIONAL_FEATURES, reportAdapter } from '../gpu/adapter.ts';
import { MATRIX_FEATURES } from '../gpu/matrix-units.ts';
import { platform } from './environment.ts';
import { noAdapter } from './install-steps.ts';
import { easePolling } from './polling.ts';
import { type SwiftShader, swiftShader } from './swiftshader.ts';
import { checkToggles, dawnFlags, type Toggles, toggleNames } from './toggles.ts';
import { keepVulkanLoader } from './vulkan.ts';

export interface OpenDeviceOptions {
  /** Default `auto`. */
  readonly adapter?: AdapterChoice;
  readonly requiredLimits?: Readonly<Record<string, number>>;
  /** Limits to ask for as far as the adapter gives them, beside `requiredLimits`, which win. Default: none. */
  readonly optionalLimits?: Readonly<Record<string, number>>;
  readonly requiredFeatures?: readonly GPUFeatureName[];
  /** Features to ask for where the adapter offers them. Default: what the shaders use, `OPTIONAL_FEATURES`. */
  readonly optionalFeatures?: readonly GPUFeatureName[];
  /**
   * False leaves out the bounds checks that Dawn adds to shaders on a software adapter, where they cost a third to
   * two thirds of the speed. Only for shaders that never index beyond their buffers, such as this package's own:
   * any other could then read or write foreign memory. Default true; without effect on hardware.
   */
  readonly robustness?: boolean;
  /**
   * Dawn's toggles, on hardware and software, to measure what each is worth. They override `robustness`. Some take away
   * what keeps wrong programs harmless.
   */
  readonly toggles?: Toggles;
}

export interface OpenedDevice {
  readonly device: GPUDevice;
  readonly adapter: GPUAdapter;
  readonly info: AdapterReport;
  /** The toggles that were set, as reports name them: `skip_validation`, `timestamp_quantization=off`. */
  readonly toggles: readonly string[];
}

/** For the plan `layered-matrix`: Dawn offers matrix units only with the toggle for features that are not safe yet. */
export const MATRIX_DEVICE: Pick<OpenDeviceOptions, 'optionalFeatures' | 'toggles'> = {
  optionalFeatures: MATRIX_FEATURES,
  toggles: { allow_unsafe_apis: true },
};

/**
 * SwiftShader compiles the zeroing of workgroup memory word by word, which takes seconds for 16 KiB. Without the
 * extension that leaves it to the driver, Dawn zeroes the memory in a loop.
 */
const SOFTWARE_TOGGLES: Toggles = { use_vulkan_zero_initialize_workgroup_memory_extension: false };

/** Dawn's instances, one per kind and settings. Dawn crashes the process once an instance is garbage-collected. */
const instances = new Map<string, GPU>();

/**
 * Opens a WebGPU device through Dawn and, where they are missing, defines WebGPU's globals (`GPUBufferUsage`, ...).
 * The software adapter is SwiftShader where `@sparticuz/chromium` is installed (see {@link swiftShader}). In a worker
 * thread it is found only if the thread shares the environment of the process (`env: SHARE_ENV`), and in Bun only if
 * the environment in which Bun was started says where it is; the error tells how.
 *
 * @throws ShadegradError `no-adapter` where there is none of that kind, `usage` where it lacks a limit or a feature
 *   or Dawn a toggle, `gpu` where it gives no device
 */
export async function openDevice(options: OpenDeviceOptions = {}): Promise<OpenedDevice> {
  const {
    adapter: choice = 'auto',
    requiredLimits = {},
    optionalLimits = {},
    requiredFeatures = [],
    optionalFeatures = OPTIONAL_FEATURES,
  } = options;
  await checkToggles(options.toggles ?? {});
  const { adapter, toggles } = await chooseAdapter(choice, options);
  const info = reportAdapter(adapter);
  checkSupport(adapter, info, requiredLimits, requiredFeatures);
  try {
    const device = await adapter.requestDevice({
      requiredLimits: { ...withinReach(optionalLimits, adapter), ...requiredLimits },
      requiredFeatures: [
        ...requiredFeatures,
        ...optionalFeatures.filter((feature) => adapter.features.has(feature)),
      ],
    });
    // WebGPU says that it is the adapter's. Dawn's Node binding leaves the shapes of matrix units out of it.
    Object.defineProperty(device, 'adapterInfo', { value: adapter.info });
    return { device, adapter, info, toggles: toggleNames(toggles) };
  } catch (error) {
    throw new ShadegradError(
      'gpu',
      `The adapter "${info.description}" gives no device: ${error instanceof Error ? error.message.trim() : error}`,
      'Run again; if it stays, update the GPU driver.',
      error,
    );
  }
}

function limitsOf({ limits }: GPUAdapter): Readonly<Record<string, number | undefined>> {
  return limits as unknown as Readonly<Record<string, number | undefined>>;
}

function withinReach(limits: Readonly<Record<string, number>>, adapter: GPUAdapter): Record<string, number> {
  const offered = limitsOf(adapter);
  return Object.fromEntries(
    Object.entries(limits).flatMap(([name, value]) => {
      const limit = offered[name];
      return limit === undefined ? [] : [[name, Math.min(value, limit)]];
    }),
  );
}

function checkSupport(
  adapter: GPUAdapter,
  { description }: AdapterReport,
  limits: Readonly<Record<string, number>>,
  features: readonly GPUFeatureName[],
): void {
  const offered = limitsOf(adapter);
  for (const [name, value] of Object.entries(limits)) {
    const limit = offered[name];
    if (limit !== undefined && value <= limit) continue;
    throw new ShadegradError(
      'usage',
      `This needs ${name} = ${value}, and the adapter "${description}" gives ${limit ?? 'no such limit'}.`,
      'Use a smaller batch, network or dataset, or another adapter.',
    );
  }
  const missing = features.filter((feature) => !adapter.features.has(feature));
  if (missing.length > 0) {
    throw new ShadegradError(
      'usage',
      `The adapter "${description}" lacks the feature ${missing.join(', ')}.`,
      'Use another adapter, or do without.',
    );
  }
}

async function chooseAdapter(
  choice: AdapterChoice,
  { robustness = true, toggles = {} }: OpenDeviceOptions,
): Promise<{ adapter: GPUAdapter; toggles: Toggles }> {
  const hardware = choice === 'software' ? null : await findHardware(toggles);
  if (hardware) return { adapter: hardware, toggles };
  const checks = robustness ? {} : { disable_robustness: true };
  const all = { ...SOFTWARE_TOGGLES, ...checks, ...toggles };
  const software = choice === 'hardware' ? null : await findSoftware(all);
  if (software) return { adapter: software, toggles: all };
  throw await noAdapter(choice);
}

/**
 * The fastest adapter that is not software; null where there is none.
 *
 * SwiftShader is added to the drivers that the loader finds, and lavapipe taken out, because the loader and Dawn print
 * warnings on stderr where there is no driver at all, or one that Dawn cannot use.
 */
export async function findHardware(toggles: Toggles = {}): Promise<GPUAdapter | null> {
  const bundled = await swiftShader().catch(() => undefined);
  const environment = bundled
    ? {
        VK_ADD_DRIVER_FILES: appended('VK_ADD_DRIVER_FILES', ':', bundled.manifest),
        VK_LOADER_DRIVERS_DISABLE: appended('VK_LOADER_DRIVERS_DISABLE', ',', '*lvp_icd*'),
      }
    : {};
  const options = { powerPreference: 'high-performance' } as const;
  const adapter = await request('hardware', bundled, environment, options, toggles);
  return adapter && !adapter.info.isFallbackAdapter ? adapter : null;
}

/** SwiftShader, or else the platform's own software GPU (Windows's WARP, Mesa's lavapipe); null for neither. */
export async function findSoftware(toggles: Toggles = {}): Promise<GPUAdapter | null> {
  const bundled = await swiftShader();
  const environment = bundled
    ? { VK_DRIVER_FILES: bundled.manifest, VK_ICD_FILENAMES: bundled.manifest }
    : {};
  easePolling();
  return request('software', bundled, environment, { forceFallbackAdapter: true }, toggles);
}

async function request(
  kind: 'hardware' | 'software',
  bundled: SwiftShader | undefined,
  environment: Readonly<Record<string, string>>,
  options: GPURequestAdapterOptions,
  toggles: Toggles,
): Promise<GPUAdapter | null> {
  const { create, globals } = await loadDawn();
  for (const [name, value] of Object.entries(globals)) {
    if (!(name in globalThis))
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  if (!keepVulkanLoader(bundled?.loader)) return null;
  // Mesa complains on stderr where this is not set. The folder need not exist.
  const runtime = { XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR || '/nonexistent' };
  return withEnvironment({ ...runtime, ...environment }, () => {
    const flags = dawnFlags(toggles);
    const key = [kind, ...flags].join(' ');
    const instance = instances.get(key) ?? create(flags);
    instances.set(key, instance);
    return instance.requestAdapter(options);
  });
}

/** Runs `action` with the variables set. Dawn and the Vulkan loader read them before `requestAdapter` returns. */
function withEnvironment<T>(variables: Readonly<Record<string, string>>, action: () => T): T {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    return action();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** A list from the environment with one more item. */
function appended(name: string, separator: string, item: string): string {
  const before = process.env[name];
  return before ? `${before}${separator}${item}` : item;
}

async function loadDawn(): Promise<typeof import('webgpu')> {
  try {
    return await import('webgpu');
  } catch (error) {
    throw new ShadegradError(
      'no-adapter',
      `Dawn, the WebGPU implementation in the npm package "webgpu", does not load on ${platform()}: ${String(error)}`,
      'Run "npm ci" again. It needs Linux with glibc, macOS or Windows, on x64 or arm64.',
      error,
    );
  }
}
