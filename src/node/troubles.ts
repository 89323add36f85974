import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { DRIVER_VARIABLES, listedPaths, type Trouble } from './drivers.ts';
import { swiftShader } from './swiftshader.ts';
import { hasVulkanLoader } from './vulkan.ts';

/** What is looked at to find out. */
export interface Machine {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether there is a Vulkan loader of the system's or from npm. */
  readonly hasLoader: boolean;
  /** The libraries of the drivers that load. */
  readonly drivers: readonly string[];
  readonly exists: (path: string) => boolean;
  /** The names in a folder; empty where there is none, or it cannot be read. */
  readonly list: (folder: string) => readonly string[];
  /** Whether this process may read and write the file. */
  readonly isOpen: (path: string) => boolean;
}

/**
 * What is wrong with this machine beside its drivers, as far as files tell.
 *
 * @param drivers the libraries of those that load
 */
export async function troubles(drivers: readonly string[]): Promise<Trouble[]> {
  return process.platform === 'linux' ? troublesOf(await thisMachine(drivers)) : [];
}

async function thisMachine(drivers: readonly string[]): Promise<Machine> {
  const bundled = await swiftShader().catch(() => undefined);
  return {
    environment: process.env,
    hasLoader: bundled !== undefined || hasVulkanLoader(),
    drivers,
    exists: existsSync,
    list: namesIn,
    isOpen,
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param machine Linux */
export function troublesOf(machine: Machine): Trouble[] {
  const loader: Trouble = {
    what: 'There is no Vulkan loader (libvulkan.so.1).',
    remedy:
      'Install that loader ("apt install libvulkan1" on Debian and Ubuntu, "dnf install vulkan-loader" on Fedora).',
  };
  return [
    ...(machine.hasLoader ? [] : [loader]),
    ...misled(machine),
    ...withoutGraphics(machine),
    ...forbidden(machine),
  ];
}

/** A variable that keeps the Vulkan loader from all drivers but some that are not there. Lists may name more than there is. */
function misled({ environment, exists }: Machine): Trouble[] {
  const variable = DRIVER_VARIABLES.find((name) => environment[name]);
  const places = listedPaths(variable && environment[variable]);
  if (variable === undefined || places.some(exists)) return [];
  return [
    {
      what: `${variable} is set, and hides all other drivers, but there is no ${places.join(' and no ')}.`,
      remedy: `Unset ${variable}, or set it to the manifest of a driver that is there.`,
    },
  ];
}

/** NVIDIA's container tools give a container the card without the part of the driver that is Vulkan's, unless told to. */
function withoutGraphics({ environment, drivers, exists }: Machine): Trouble[] {
  const isThere = exists('/dev/nvidiactl');
  const hasDriver = drivers.some((library) => /nvidia/i.test(library));
  if (!isThere || hasDriver) return [];
  const { NVIDIA_DRIVER_CAPABILITIES: capabilities, NVIDIA_VISIBLE_DEVICES: visible } = environment;
  const isContainer =
    capabilities !== undefined ||
    visible !== undefined ||
    exists('/.dockerenv') ||
    exists('/run/.containerenv');
  if (!isContainer) {
    return [
      {
        what: "An NVIDIA card is there (/dev/nvidiactl), but not the Vulkan part of NVIDIA's driver.",
        remedy: 'Install it ("nvidia-vulkan-icd" on Debian, "libnvidia-gl-VERSION" on Ubuntu).',
      },
    ];
  }
  const has = capabilities ? ` (NVIDIA_DRIVER_CAPABILITIES is "${capabilities}")` : '';
  return [
    {
      what: `This container has an NVIDIA card without its graphics capability${has}, which Vulkan needs.`,
      remedy:
        'Start it with NVIDIA_DRIVER_CAPABILITIES=all (docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=all ...).',
    },
  ];
}

/** Cards that this user may not use. */
function forbidden({ list, isOpen }: Machine): Trouble[] {
  const nodes = list('/dev/dri')
    .filter((name) => name.startsWith('renderD'))
    .map((name) => `/dev/dri/${name}`);
  const closed = nodes.filter((node) => !isOpen(node));
  if (closed.length === 0) return [];
  return [
    {
      what: `This user has no permission on ${closed.join(', ')}.`,
      remedy:
        'Add the user to the group that owns it ("sudo usermod -aG render $USER") and log in again; in a container, ' +
        "pass that group's number with --group-add.",
    },
  ];
}
