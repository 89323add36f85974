import { ADAPTER_CHOICES, type AdapterChoice, type AdapterKind } from '../gpu/adapter.ts';
import { type AdapterDevice, type DeviceNeeds, requestDevice } from '../gpu/device.ts';
import { MATRIX_FEATURES } from '../gpu/matrix-units.ts';
import { type ListedAdapter, pick, survey } from './adapters.ts';
import { driversOnly, hardwareEnvironment, runtimeFolder, softwareCandidates } from './candidates.ts';
import { dawnBackend, loadDawn } from './dawn.ts';
import { vulkanDrivers } from './drivers.ts';
import { environmentIsShared, setVariable } from './environment.ts';
import { noAdapter, notThere } from './install-steps.ts';
import { easePolling } from './polling.ts';
import { swiftShader } from './swiftshader.ts';
import { checkToggles, dawnFlags, type Toggles, toggleNames } from './toggles.ts';
import { keepVulkanLoader } from './vulkan.ts';

export interface OpenDeviceOptions extends DeviceNeeds {
  /** Default `auto`. */
  readonly adapter?: AdapterChoice;
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

export interface OpenedDevice extends AdapterDevice {
  /** The toggles that were set, as reports name them: `skip_validation`, `timestamp_quantization=off`. */
  readonly toggles: readonly string[];
  /** Names of software adapters that are there too and were not taken. */
  readonly passedOver: readonly string[];
}

/** For the plan `layered-matrix`: Dawn offers matrix units only with the toggle for features that are not safe yet. */
export const MATRIX_DEVICE: Pick<OpenDeviceOptions, 'optionalFeatures' | 'toggles'> = {
  optionalFeatures: MATRIX_FEATURES,
  toggles: { allow_unsafe_apis: true },
};

/**
 * SwiftShader compiles the zeroing of workgroup memory word by word, which takes seconds for 16 KiB. Without the
 * extension that leaves it to the driver, Dawn zeroes the memory in a loop. On lavapipe that compiles as fast and runs up to a
 * third faster.
 */
const SOFTWARE_TOGGLES: Toggles = { use_vulkan_zero_initialize_workgroup_memory_extension: false };

/** Dawn's instances, one per environment and flags. Dawn crashes the process once an instance is garbage-collected. */
const instances = new Map<string, GPU>();

/**
 * Opens a WebGPU device through Dawn and, where they are missing, defines WebGPU's globals (`GPUBufferUsage`, ...).
 * Software adapters are Mesa's lavapipe, where the system has it, and SwiftShader where `@sparticuz/chromium` is installed.
 * In a worker thread the latter is found only if the thread shares the environment of the process
 * (`env: SHARE_ENV`); the error tells how.
 *
 * @throws ShadegradError `no-adapter` where there is none of that kind, `usage` where `adapter` is a part of no adapter's name,
 *   or of several, or Dawn gives another in its place, where the adapter lacks a limit or a feature, or Dawn a toggle, `gpu` where it gives no device
 *
 * @example
 * ```ts
 * import { openDevice, populationLimits, syntheticDigits } from 'shadegrad/node';
 *
 * const data = syntheticDigits({ train: 1024, test: 256 });
 * // With these limits 64 networks of this shape are side by side; with WebGPU's own, fewer, in turns.
 * const optionalLimits = populationLimits(data, { hidden: [256], models: 64 });
 * const { device, info } = await openDevice({ adapter: 'auto', optionalLimits });
 * console.log(info.description, info.software ? 'on the CPU' : 'on a GPU');
 * device.destroy();
 * ```
 */
export async function openDevice(options: OpenDeviceOptions = {}): Promise<OpenedDevice> {
  await checkToggles(options.toggles ?? {});
  const { adapter, toggles, passedOver } = await chooseAdapter(options.adapter ?? 'auto', options);
  if (adapter.info.isFallbackAdapter) easePolling();
  const otherwise = 'Run again; if it stays, update the GPU driver.';
  const opened = await requestDevice(adapter, options, otherwise, dawnBackend());
  // WebGPU says that it is the adapter's. Dawn's Node binding leaves the shapes of matrix units out of it.
  Object.defineProperty(opened.device, 'adapterInfo', { value: adapter.info });
  return { ...opened, toggles: toggleNames(toggles), passedOver };
}

interface Chosen {
  readonly adapter: GPUAdapter;
  readonly toggles: Toggles;
  readonly passedOver: readonly string[];
}

async function chooseAdapter(
  choice: AdapterChoice,
  { robustness = true, toggles = {} }: OpenDeviceOptions,
): Promise<Chosen> {
  const checks = robustness ? {} : { disable_robustness: true };
  const forSoftware = { ...SOFTWARE_TOGGLES, ...checks, ...toggles };
  if (!isKind(choice)) return pinned(choice, toggles, forSoftware);
  const hardware = choice === 'software' ? null : await findHardware(toggles);
  if (hardware) return { adapter: hardware, toggles, passedOver: [] };
  const software = choice === 'hardware' ? null : await findSoftware(forSoftware);
  if (software) return { ...software, toggles: forSoftware };
  throw await noAdapter(choice);
}

function isKind(choice: AdapterChoice): choice is AdapterKind {
  return (ADAPTER_CHOICES as readonly string[]).includes(choice);
}

/** What parts of names stood for, so that drivers are asked once in a process. */
const picked = new Map<string, ListedAdapter>();

/**
 * Looks for the adapter that a part of a name stands for, before there is anything to do on it.
 *
 * @throws ShadegradError `usage` where there is none, or several
 */
export async function checkAdapter(choice: AdapterChoice): Promise<void> {
  if (!isKind(choice)) await adapterNamed(choice);
}

async function adapterNamed(part: string): Promise<ListedAdapter> {
  const one = picked.get(part) ?? pick(part, await survey());
  picked.set(part, one);
  return one;
}

async function pinned(part: string, forHardware: Toggles, forSoftware: Toggles): Promise<Chosen> {
  const { manifest, name, software, description } = await adapterNamed(part);
  const toggles = software ? forSoftware : forHardware;
  const environment = manifest === null ? {} : driversOnly([manifest]);
  const adapter = await request({ environment, name, options: HIGH_PERFORMANCE }, toggles);
  if (!adapter || adapter.info.isFallbackAdapter !== software) throw notThere(description);
  return { adapter, toggles, passedOver: [] };
}

const HIGH_PERFORMANCE: GPURequestAdapterOptions = { powerPreference: 'high-performance' };

/** How Dawn is asked for an adapter. */
interface Query {
  /** What the Vulkan loader is to see. */
  readonly environment: Readonly<Record<string, string>>;
  readonly options: GPURequestAdapterOptions;
  /** Takes the first adapter whose name has this in it. */
  readonly name?: string;
}

/** The fastest adapter that is not software; null where there is none. */
async function findHardware(toggles: Toggles): Promise<GPUAdapter | null> {
  const environment = await hardwareEnvironment();
  const adapter = environment && (await request({ environment, options: HIGH_PERFORMANCE }, toggles));
  return adapter && !adapter.info.isFallbackAdapter ? adapter : null;
}

/**
 * A software adapter; null where there is none. On Linux Mesa's lavapipe, from Mesa 25 on, and SwiftShader, the first of them
 * that is there, then an older lavapipe, if Dawn takes it. Elsewhere the platform's own.
 */
async function findSoftware(toggles: Toggles): Promise<Pick<Chosen, 'adapter' | 'passedOver'> | null> {
  const candidates = await softwareCandidates();
  for (const [index, { query, serves }] of candidates.entries()) {
    const adapter = (await serves()) ? await request(query, toggles) : null;
    if (!adapter?.info.isFallbackAdapter) continue;
    return {
      adapter,
      passedOver: candidates.slice(index + 1).flatMap(({ name, isTold }) => (isTold ? [name] : [])),
    };
  }
  return null;
}

async function request({ environment, options, name }: Query, toggles: Toggles): Promise<GPUAdapter | null> {
  const { create, globals } = await loadDawn();
  for (const [global, value] of Object.entries(globals)) {
    if (!(global in globalThis))
      Object.defineProperty(globalThis, global, { value, configurable: true, writable: true });
  }
  const bundled = await swiftShader().catch(() => undefined);
  if (!keepVulkanLoader(bundled?.loader)) return null;
  // The Vulkan loader prints errors where it finds no driver.
  const isHeard = environmentIsShared() || Object.keys(environment).length === 0;
  if (!isHeard && (await vulkanDrivers()).length === 0) return null;
  return withEnvironment({ XDG_RUNTIME_DIR: runtimeFolder(), ...environment }, () => {
    // By name, so that what reports say of it is what was asked for.
    const flags = [`backend=${dawnBackend()}`, ...dawnFlags(toggles)];
    if (name !== undefined) flags.push(`adapter=${name}`);
    const key = JSON.stringify([environment, flags]);
    const instance = instances.get(key) ?? create(flags);
    instances.set(key, instance);
    const adapter = instance.requestAdapter(options);
    // Dawn refuses a name that no adapter has, where otherwise it answers that there is none.
    return name === undefined ? adapter : adapter.catch(() => null);
  });
}

/** Runs `action` with the variables set. Dawn and the Vulkan loader read them before `requestAdapter` returns. */
function withEnvironment<T>(variables: Readonly<Record<string, string>>, action: () => T): T {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  for (const [name, value] of Object.entries(variables)) setVariable(name, value);
  try {
    return action();
  } finally {
    for (const [name, value] of before) setVariable(name, value);
  }
}
