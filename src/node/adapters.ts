import { dirname } from 'node:path';
import { ShadegradError } from '../errors.ts';
import { type AdapterReport, reportAdapter } from '../gpu/adapter.ts';
import type { MatrixConfig } from '../gpu/matrix-units.ts';
import { allDrivers, driversOnly, softwareCandidates } from './candidates.ts';
import { checkLibrary, refusedDriver, type Trouble, type VulkanDriver } from './drivers.ts';
import { type Probe, type ProbedAdapter, probe } from './probe.ts';
import { type SwiftShader, swiftShader } from './swiftshader.ts';
import { hasVulkanLoader } from './vulkan.ts';

/** An adapter of this machine, and what it offers. */
export interface ListedAdapter extends AdapterReport {
  /** E.g. "vulkan", "metal" or "d3d12". */
  readonly backend: string;
  /** The device's name, e.g. "llvmpipe (LLVM 15.0.6, 256 bits)". */
  readonly name: string;
  /** The driver's name and version. */
  readonly driver: string;
  /** The Vulkan driver's manifest; null on platforms without such. */
  readonly manifest: string | null;
  /** The narrowest and widest subgroups. */
  readonly subgroupSizes: readonly [least: number, most: number];
  /** What its matrix units multiply; empty where there are none. */
  readonly matrices: readonly MatrixConfig[];
  /** In alphabetical order. */
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  /** Why it gives no device; null where it does. */
  readonly problem: string | null;
  /** How many adapters Dawn cannot tell apart from this one, with it. Dawn gives the first of them. */
  readonly alike: number;
}

/** All that was found out about a machine's adapters. */
export interface Survey {
  /** Those of one driver in the order of Dawn's preference; hardware comes first. */
  readonly adapters: readonly ListedAdapter[];
  /** What is wrong with drivers that give none. */
  readonly troubles: readonly Trouble[];
}

/** A place to look for adapters: the environment of a process that asks Dawn, and the driver that is alone there. */
export interface Place {
  readonly environment: NodeJS.ProcessEnv;
  readonly driver: VulkanDriver | null;
}

/**
 * All adapters of this machine, on the platform's own backend: Vulkan on Linux, Metal on macOS, Direct3D 12 on Windows, or the
 * one that `DAWNNODE_BACKEND` names. Each driver is asked in a process of its own, so what one prints is not seen, and one that
 * crashes does no harm.
 *
 * @throws ShadegradError `no-adapter` where Dawn or the software adapter from npm cannot be unpacked or loaded
 */
export async function listAdapters(): Promise<readonly ListedAdapter[]> {
  return (await survey()).adapters;
}

/** As {@link listAdapters}, with what is wrong with drivers that give none. */
export async function survey(): Promise<Survey> {
  const { places, troubles } = await whereToLook();
  const { adapters, troubles: others } = await askAll(places);
  return { adapters, troubles: [...troubles, ...others] };
}

/** @param ask default: in processes of their own */
export async function askAll(places: readonly Place[], ask = probe): Promise<Survey> {
  const found = await Promise.all(
    places.map(async ({ environment, driver }) => ({ driver, ...(await ask(environment)) })),
  );
  const adapters = found.flatMap(({ driver, adapters }) => adapters.map((one) => listed(one, driver)));
  return {
    adapters: [
      ...adapters.filter(({ software }) => !software),
      ...adapters.filter(({ software }) => software),
    ],
    troubles: found.flatMap(refusals),
  };
}

async function whereToLook(): Promise<{ places: Place[]; troubles: Trouble[] }> {
  if (process.platform !== 'linux')
    return { places: [{ environment: process.env, driver: null }], troubles: [] };
  const bundled = await swiftShader();
  // Without a Vulkan loader no driver can be asked.
  if (!bundled && !hasVulkanLoader()) return { places: [], troubles: [] };
  const drivers = (await allDrivers(bundled)).flatMap((driver) => checkLibrary(driver) ?? []);
  const usable = drivers.filter(({ problem }) => problem === null);
  return {
    places: usable.map((driver) => ({ environment: environmentFor([driver.manifest], bundled), driver })),
    troubles: drivers.flatMap(({ problem }) => problem ?? []),
  };
}

/**
 * The adapter that `auto` takes to train with; undefined where there is none. Between cards of several drivers it is Dawn
 * that chooses, so it is asked again, with all of them.
 */
export async function preferred(adapters: readonly ListedAdapter[]): Promise<ListedAdapter | undefined> {
  const hardware = adapters.filter(({ software }) => !software);
  const manifests = new Set(hardware.flatMap(({ manifest }) => manifest ?? []));
  if (manifests.size > 1) {
    const bundled = await swiftShader().catch(() => undefined);
    const [first] = (await probe(environmentFor([...manifests], bundled))).adapters;
    const { name, info } = first ?? {};
    const same = hardware.find((one) => one.name === name && one.driver === info?.description);
    if (same) return same;
  }
  return hardware[0] ?? (await preferredSoftware(adapters));
}

async function preferredSoftware(adapters: readonly ListedAdapter[]): Promise<ListedAdapter | undefined> {
  const candidates = process.platform === 'linux' && adapters.length > 1 ? await softwareCandidates() : [];
  const inOrder = candidates.flatMap(({ manifest }) => adapters.filter((one) => one.manifest === manifest));
  return inOrder[0] ?? adapters[0];
}

/** The environment of another process that is to see these drivers only. */
function environmentFor(manifests: readonly string[], bundled: SwiftShader | undefined): NodeJS.ProcessEnv {
  const { LD_LIBRARY_PATH = '' } = process.env;
  const loader = bundled &&
    !hasVulkanLoader() && { LD_LIBRARY_PATH: joined(LD_LIBRARY_PATH, dirname(bundled.loader)) };
  return { ...process.env, ...loader, ...driversOnly(manifests) };
}

function joined(before: string, item: string): string {
  return before === '' ? item : `${before}:${item}`;
}

function listed(probed: ProbedAdapter, driver: VulkanDriver | null): ListedAdapter {
  const { backend, name, info, matrices, features, limits, problem, alike } = probed;
  return {
    ...reportAdapter({ info }),
    backend,
    name,
    driver: info.description,
    manifest: driver?.manifest ?? null,
    subgroupSizes: [info.subgroupMinSize, info.subgroupMaxSize],
    matrices,
    features,
    limits,
    problem,
    alike: alike.length,
  };
}

/** What is printed where a driver works and has no card. */
const NO_CARD = /Failed to detect any valid GPUs|vkEnumeratePhysicalDevices/;

function refusals({ driver, adapters, complaints }: Probe & Pick<Place, 'driver'>): Trouble[] {
  if (adapters.length > 0 || complaints.some((line) => NO_CARD.test(line))) return [];
  // Later lines tell where in Dawn it was.
  const [reason = 'it says nothing'] = complaints.map((line) => line.replace(/^(Warning|Error): /, ''));
  if (driver) return [refusedDriver(driver, reason)];
  return [{ what: `Dawn gives no adapter: ${reason}`, remedy: 'Run "npm ci" again.' }];
}

/**
 * The adapter whose name, driver or driver's file has `part` in it, or is `part`: names may begin with others'.
 *
 * @throws ShadegradError `usage` where there is none, or several
 */
export function pick(part: string, adapters: readonly ListedAdapter[]): ListedAdapter {
  const wanted = part.toLowerCase();
  const texts = ({ name, driver, manifest, description }: ListedAdapter) =>
    [name, driver, manifest ?? '', description].map((text) => text.toLowerCase());
  const matching = adapters.filter((one) => texts(one).some((text) => text.includes(wanted)));
  const exact = matching.filter((one) => texts(one).includes(wanted));
  const [only, ...others] = exact.length > 0 ? exact : matching;
  if (only && others.length === 0) return only;
  throw new ShadegradError(
    'usage',
    only
      ? `The adapter "${part}" may be any of several: ${inWords(matching)}.`
      : `No adapter has "${part}" in its name or driver. ${adapters.length === 0 ? 'This machine has none' : `This machine has: ${inWords(adapters)}`}.`,
    `Use ${only ? 'more' : 'a part'} of a name or driver${only ? '' : ' that is there'}, or auto, hardware or software.`,
  );
}

function inWords(adapters: readonly ListedAdapter[]): string {
  return adapters
    .map(
      ({ name, driver, manifest }) => `"${name}" (${[driver, manifest].filter((text) => text).join(', ')})`,
    )
    .join('; ');
}
