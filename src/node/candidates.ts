import { isLavapipe, isRecent, type VulkanDriver, vulkanDrivers } from './drivers.ts';
import { isAnswered } from './probe.ts';
import { type SwiftShader, swiftShader } from './swiftshader.ts';
import { driverError } from './vulkan.ts';

/** The system's Vulkan drivers, and the one from npm. */
export async function allDrivers(bundled: SwiftShader | undefined): Promise<VulkanDriver[]> {
  const drivers = await vulkanDrivers();
  if (!bundled) return drivers;
  const own = await vulkanDrivers({ VK_DRIVER_FILES: bundled.manifest });
  return [...drivers, ...own.filter(({ library }) => drivers.every((other) => other.library !== library))];
}

/** The variables that show the Vulkan loader these drivers only, whatever its version. */
export function driversOnly(manifests: readonly string[]): Record<string, string> {
  const files = manifests.join(':');
  return { VK_DRIVER_FILES: files, VK_ICD_FILENAMES: files, XDG_RUNTIME_DIR: runtimeFolder() };
}

/** Mesa complains on stderr where this is not set. The folder need not exist. */
export function runtimeFolder(): string {
  return process.env.XDG_RUNTIME_DIR || '/nonexistent';
}

/**
 * The environment in which Dawn finds hardware; undefined where it would find none.
 *
 * It names the drivers, because one that is broken makes the Vulkan loader print errors, and a manifest that is no JSON
 * makes some loaders give up. Lavapipe is left out, as Dawn prints warnings about it, and SwiftShader added, because the loader
 * and Dawn print errors where no driver has a device; where there is no SwiftShader, another process asks first. Where no driver
 * is in the known places, the loader looks itself.
 */
export async function hardwareEnvironment(): Promise<Record<string, string> | undefined> {
  if (process.platform !== 'linux') return {};
  const bundled = await swiftShader().catch(() => undefined);
  const drivers = await vulkanDrivers();
  const usable = drivers.filter((driver) => !isLavapipe(driver)).filter(isUsable);
  const manifests = [...usable, ...(bundled ? [bundled] : [])].map(({ manifest }) => manifest);
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES } = process.env;
  const isOpen = drivers.length === 0 && !VK_DRIVER_FILES && !VK_ICD_FILENAMES;
  const environment = isOpen ? { VK_ADD_DRIVER_FILES: manifests.join(':') } : driversOnly(manifests);
  return bundled || (await isAnswered(environment)) ? environment : undefined;
}

function isUsable({ problem, library }: VulkanDriver): boolean {
  return problem === null && driverError(library) === null;
}

/** A software adapter that may be there. */
export interface SoftwareCandidate {
  readonly name: string;
  /** The manifest of its Vulkan driver; null where it is not known. */
  readonly manifest: string | null;
  readonly query: {
    readonly environment: Readonly<Record<string, string>>;
    readonly options: GPURequestAdapterOptions;
  };
  /** Whether Dawn takes it. Asking Dawn where it does not would print warnings. */
  readonly serves: () => boolean | Promise<boolean>;
  /** Whether it is told of where another one is taken. */
  readonly isTold: boolean;
}

/**
 * The software adapters to try, one after the other. Lavapipe from Mesa 25 on comes before SwiftShader: it trains faster
 * (docs/benchmarks.md). Its compiler takes longer for shaders that it sees for the first time, but Mesa keeps what was compiled.
 */
export async function softwareCandidates(): Promise<SoftwareCandidate[]> {
  if (process.platform !== 'linux') return [FALLBACK];
  // Where it cannot be unpacked, another one may do; if none does, the error that tells of it says why.
  const bundled = await swiftShader().catch(() => undefined);
  const swift = bundled && {
    name: 'SwiftShader',
    manifest: bundled.manifest,
    query: { ...FALLBACK.query, environment: driversOnly([bundled.manifest]) },
    serves: () => true,
    isTold: true,
  };
  const driver = (await vulkanDrivers()).find(isLavapipe);
  const lavapipe = driver && {
    name: "Mesa's lavapipe",
    manifest: driver.manifest,
    query: { environment: driversOnly([driver.manifest]), options: {} },
    serves: () => isUsable(driver) && (isRecent(driver) || isAnswered(driversOnly([driver.manifest]))),
    isTold: isRecent(driver),
  };
  const known = driver && isRecent(driver) ? [lavapipe, swift] : [swift, lavapipe];
  return [...known.filter((one) => one !== undefined), ...(bundled ? [] : [FALLBACK])];
}

/** Dawn's own search, which finds Windows's WARP, and SwiftShader where the system has it. */
const FALLBACK: SoftwareCandidate = {
  name: "the system's own",
  manifest: null,
  query: { environment: {}, options: { forceFallbackAdapter: true } },
  serves: () => process.platform !== 'linux' || isAnswered({}),
  isTold: false,
};
