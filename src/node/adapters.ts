import { dirname } from 'node:path';
import { ShadegradError } from '../errors.ts';
import { type AdapterChoice, type AdapterReport, reportAdapter } from '../gpu/adapter.ts';
import type { MatrixConfig } from '../gpu/matrix-units.ts';
import { allDrivers, driversOnly, softwareCandidates } from './candidates.ts';
import { noDawn } from './dawn.ts';
import {
  brokenLibrary,
  refusedDriver,
  remediesOf,
  type Trouble,
  troubleOf,
  type VulkanDriver,
} from './drivers.ts';
import type { Variables } from './environment.ts';
import { type Probe, type ProbedAdapter, probe } from './probe.ts';
import { type SwiftShader, swiftShader } from './swiftshader.ts';
import { hasVulkanLoader, needsLoader } from './vulkan.ts';

/** An adapter of this machine, and what it offers. */
export interface ListedAdapter extends AdapterReport {
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
  /** The adapter's limits, by WebGPU's names for them. */
  readonly limits: Readonly<Record<string, number>>;
  /** Why it gives no device; null where it does. */
  readonly problem: string | null;
  /** How many adapters have this name, with it. Dawn gives the first of them. */
  readonly alike: number;
  /** Names of adapters that Dawn never gives, but this one in their place: its name contains theirs. */
  readonly hides: readonly string[];
}

/** All that was found out about a machine's adapters. */
export interface Survey {
  /** Those of one driver in the order of Dawn's preference; hardware comes first. */
  readonly adapters: readonly ListedAdapter[];
  /** What is wrong with drivers that give none. */
  readonly troubles: readonly Trouble[];
  /** The libraries of Vulkan drivers that load. */
  readonly libraries: readonly string[];
}

/** A place to look for adapters: the environment of a process that asks Dawn, and the driver that is alone there. */
export interface Place {
  readonly environment: Variables;
  readonly driver: VulkanDriver | null;
  /** Whether the driver is the one from npm. */
  readonly isBundled: boolean;
}

/**
 * All adapters of this machine, on the platform's own backend: Vulkan on Linux, Metal on macOS, Direct3D 12 on Windows, or the
 * one that `DAWNNODE_BACKEND` names. Each driver is asked in a process of its own, so what one prints is not seen, and one that
 * crashes does no harm.
 *
 * @throws ShadegradError `no-adapter` where Dawn does not load
 */
export async function listAdapters(): Promise<readonly ListedAdapter[]> {
  return (await survey()).adapters;
}

/** As {@link listAdapters}, with what is wrong with drivers that give none. */
export async function survey(): Promise<Survey> {
  const { places, troubles } = await whereToLook();
  const survey = await askAll(places);
  return { ...survey, troubles: [...troubles, ...survey.troubles] };
}

/** What is known where {@link survey} threw. */
export function failedSurvey(error: unknown): Survey {
  return { adapters: [], troubles: [troubleOf(error)], libraries: [] };
}

/**
 * @param ask default: in processes of their own
 * @throws ShadegradError `no-adapter` where Dawn loads nowhere
 */
export async function askAll(places: readonly Place[], ask = probe): Promise<Survey> {
  const found = await Promise.all(
    places.map(async (place) => ({
      ...place,
      ...(await ask(place.environment, place.driver?.library ?? null)),
    })),
  );
  const withoutDawn = found.flatMap(({ failure }) => (failure?.of === 'dawn' ? failure.reason : []));
  const [reason] = withoutDawn;
  if (reason !== undefined && withoutDawn.length === found.length) throw noDawn(reason);
  const adapters = found.flatMap(({ driver, ...answer }) =>
    answer.adapters.map((one) => listed(one, driver, answer)),
  );
  return {
    adapters: [
      ...adapters.filter(({ software }) => !software),
      ...adapters.filter(({ software }) => software),
    ],
    troubles: found.flatMap(refusals),
    libraries: found.flatMap(({ driver, failure }) =>
      driver && failure?.of !== 'driver' ? [driver.library] : [],
    ),
  };
}

async function whereToLook(): Promise<{ places: Place[]; troubles: Trouble[] }> {
  if (process.platform !== 'linux')
    return { places: [{ environment: process.env, driver: null, isBundled: false }], troubles: [] };
  const troubles: Trouble[] = [];
  const bundled = await swiftShader().catch((error: unknown) => {
    troubles.push(troubleOf(error));
    return undefined;
  });
  // Without a Vulkan loader no driver can be asked.
  if (!bundled && !hasVulkanLoader()) return { places: [], troubles };
  const drivers = await allDrivers(bundled);
  const usable = drivers.filter(({ problem }) => problem === null);
  return {
    places: usable.map((driver) => ({
      environment: environmentFor([driver.manifest], bundled),
      driver,
      isBundled: driver.manifest === bundled?.manifest,
    })),
    troubles: [...troubles, ...drivers.flatMap(({ problem }) => problem ?? [])],
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
    const [first] = (await probe(environmentFor([...manifests], bundled), null)).adapters;
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
function environmentFor(manifests: readonly string[], bundled: SwiftShader | undefined): Variables {
  const { LD_LIBRARY_PATH = '' } = process.env;
  const loader = bundled &&
    needsLoader(bundled.loader) && { LD_LIBRARY_PATH: joined(LD_LIBRARY_PATH, dirname(bundled.loader)) };
  return { ...process.env, ...loader, ...driversOnly(manifests) };
}

function joined(before: string, item: string): string {
  return before === '' ? item : `${before}:${item}`;
}

function listed(
  probed: ProbedAdapter,
  driver: VulkanDriver | null,
  { hidden }: Pick<Probe, 'hidden'>,
): ListedAdapter {
  const { backend, name, info, matrices, features, limits, problem, alike } = probed;
  return {
    ...reportAdapter({ info }, backend),
    name,
    driver: info.description,
    manifest: driver?.manifest ?? null,
    subgroupSizes: [info.subgroupMinSize, info.subgroupMaxSize],
    matrices,
    features,
    limits,
    problem,
    alike,
    hides: hidden.flatMap((one) => (one.by === name ? [one.name] : [])),
  };
}

/** What is printed where a driver works and has no card. */
const NO_CARD = /Failed to detect any valid GPUs|vkEnumeratePhysicalDevices/;

function refusals(answer: Probe & Pick<Place, 'driver' | 'isBundled'>): Trouble[] {
  const trouble = refusal(answer);
  if (!trouble) return [];
  const { driver, isBundled } = answer;
  if (!driver || !isBundled) return [trouble];
  const remedy = `Remove the folder ${dirname(driver.manifest)}: it is unpacked again. If that does not help, run "npm ci" again.`;
  return [{ ...trouble, remedy }];
}

function refusal({ driver, adapters, complaints, failure }: Probe & Pick<Place, 'driver'>): Trouble | null {
  if (adapters.length > 0) return null;
  if (driver && failure?.of === 'driver') return brokenLibrary(driver, failure.reason);
  // Later lines tell where in Dawn it was.
  const [printed] = complaints.map((line) => line.replace(/^(Warning|Error): /, ''));
  if (failure) {
    const reason =
      printed === undefined ? failure.reason : `${failure.reason} Before, it printed: ${printed}`;
    if (driver) return refusedDriver(driver, reason);
    return {
      what: `Dawn gives no adapter: ${reason}`,
      remedy: 'Update the system or its graphics driver.',
    };
  }
  if (!driver || printed === undefined || complaints.some((line) => NO_CARD.test(line))) return null;
  return refusedDriver(driver, printed);
}

/** A name to choose an adapter by. */
interface Named {
  readonly texts: readonly string[];
  readonly adapter: ListedAdapter;
  /** The name of the one that is meant, where Dawn gives `adapter` in its place; null where `adapter` is meant. */
  readonly hidden: string | null;
}

function namesOf(adapter: ListedAdapter): Named[] {
  const { name, driver, manifest, description, hides } = adapter;
  const lower = (...texts: string[]) => texts.map((text) => text.toLowerCase());
  return [
    { texts: lower(name, driver, manifest ?? '', description), adapter, hidden: null },
    ...hides.map((hidden) => ({ texts: lower(hidden, manifest ?? ''), adapter, hidden })),
  ];
}

/**
 * The adapter whose name, driver or driver's file has `part` in it, or is `part`: names may begin with others'.
 *
 * @throws ShadegradError `usage` where there is none, or several, or Dawn gives another in its place
 */
export function pick(
  part: string,
  { adapters, troubles }: Pick<Survey, 'adapters' | 'troubles'>,
): ListedAdapter {
  const wanted = part.toLowerCase();
  const named = adapters.flatMap(namesOf);
  const matching = named.filter(({ texts }) => texts.some((text) => text.includes(wanted)));
  const exact = matching.filter(({ texts }) => texts.includes(wanted));
  const [only, ...others] = exact.length > 0 ? exact : matching;
  if (!only) throw noneNamed(part, named, troubles);
  if (others.length > 0) {
    throw new ShadegradError(
      'usage',
      `The adapter "${part}" may be any of several: ${inWords(matching)}.`,
      'Use more of a name or driver, or auto, hardware or software.',
    );
  }
  const { adapter, hidden } = only;
  if (hidden === null) return adapter;
  throw new ShadegradError(
    'usage',
    `Dawn gives "${adapter.name}" to whoever asks for "${hidden}", since the first name contains the second.`,
    'Run "npx shadegrad doctor": it says how to leave a process one card.',
  );
}

/**
 * What pins the adapter that a report names, driver and all, for `openDevice`; undefined where this machine has none such, or
 * none that can be told from others.
 *
 * @throws ShadegradError `no-adapter` where Dawn does not load
 */
export async function adapterNamedBy({
  description,
}: Pick<AdapterReport, 'description'>): Promise<AdapterChoice | undefined> {
  const found = await survey();
  const same = found.adapters.find((one) => one.description === description && one.problem === null);
  if (!same) return undefined;
  return [same.name, same.driver, same.manifest ?? ''].find((part) => {
    try {
      return part !== '' && pick(part, found) === same;
    } catch (error) {
      if (error instanceof ShadegradError) return false;
      throw error;
    }
  });
}

function noneNamed(part: string, named: readonly Named[], troubles: readonly Trouble[]): ShadegradError {
  const there = named.length === 0 ? 'This machine has none' : `This machine has: ${inWords(named)}`;
  return new ShadegradError(
    'usage',
    [`No adapter has "${part}" in its name or driver. ${there}.`, ...troubles.map(({ what }) => what)].join(
      ' ',
    ),
    [
      'Use a part of a name or driver that is there, or auto, hardware or software.',
      ...remediesOf(troubles),
    ].join(' '),
  );
}

function inWords(named: readonly Named[]): string {
  return named
    .map(({ adapter, hidden }) =>
      hidden === null
        ? `"${adapter.name}" (${[adapter.driver, adapter.manifest].filter((text) => text).join(', ')})`
        : `"${hidden}" (Dawn gives "${adapter.name}" in its place)`,
    )
    .join('; ');
}
