import { failedSurvey, type ListedAdapter, preferred, survey } from './adapters.ts';
import { remediesOf, type Trouble, troubleOf } from './drivers.ts';
import { platform, runtime } from './environment.ts';
import { hardwareSteps, noAdapter } from './install-steps.ts';
import { troubles } from './troubles.ts';
import { webgpuVersion } from './versions.ts';

/** What this machine offers, what `--adapter auto` will use of it and why, and what to do. */
export interface Diagnosis {
  /** E.g. "linux-x64". */
  readonly platform: string;
  /** By what this platform is tested, or that it is not. */
  readonly tested: string;
  /** E.g. "Node v20.20.2". */
  readonly runtime: string;
  /** Version of the npm package "webgpu", which holds Dawn; null where it is not installed. */
  readonly webgpu: string | null;
  /** All adapters. */
  readonly adapters: readonly ListedAdapter[];
  /** The description of the one that `auto` takes to train with; null where there is none. */
  readonly used: string | null;
  /** Why that one, or why none, in a sentence. */
  readonly why: string;
  /** What is wrong with drivers and devices. */
  readonly problems: readonly string[];
  /** Empty where nothing need be done. */
  readonly whatToDo: string;
}

/** Looks for adapters and opens a device on each. Never throws: what goes wrong is part of the answer. */
export async function diagnose(): Promise<Diagnosis> {
  const { adapters, troubles: ofDrivers, libraries } = await survey().catch(failedSurvey);
  // Hardware comes first among them.
  const used = await preferred(adapters).catch(() => adapters[0]);
  const found = [...ofDrivers, ...(await troubles(libraries).catch((error: unknown) => [troubleOf(error)]))];
  const problems = found.map(({ what }) => what);
  const remedies = remediesOf(found);
  return {
    platform: platform(),
    tested: testedBy(),
    runtime: runtime(),
    webgpu: await webgpuVersion(),
    adapters,
    used: used?.description ?? null,
    ...(used ? verdict(used, adapters, remedies) : await nothing(found)),
    problems,
  };
}

function verdict(
  used: ListedAdapter,
  adapters: readonly ListedAdapter[],
  remedies: readonly string[],
): Pick<Diagnosis, 'why' | 'whatToDo'> {
  const why = used.software ? whySoftware(adapters) : 'Hardware comes first.';
  const update = used.problem === null ? [] : [`It gives no device: ${used.problem} Update its driver.`];
  const steps = [...update, ...remedies, ...(used.software ? [hardwareSteps()] : []), ...apart(adapters)];
  return { why, whatToDo: steps.join(' ') };
}

function whySoftware(adapters: readonly ListedAdapter[]): string {
  const why = 'No hardware adapter was found; the software adapter does the work on the CPU, slower.';
  const kinds = adapters.filter(({ software }) => software).length;
  if (kinds < 2) return why;
  return `${why} Of several, lavapipe from Mesa 25 on is the fastest.`;
}

async function nothing(found: readonly Trouble[]): Promise<Pick<Diagnosis, 'why' | 'whatToDo'>> {
  const { message, nextStep } = await noAdapter('auto', found);
  return { why: message, whatToDo: nextStep };
}

/** What makes one of several cards that look the same the only one. */
function apart(adapters: readonly ListedAdapter[]): string[] {
  if (adapters.every(({ alike, hides }) => alike === 1 && hides.length === 0)) return [];
  const how = {
    linux:
      'Where Dawn cannot tell cards apart, leave the process one of them: a container with a single card ' +
      '("docker run --gpus device=1", or "--device /dev/dri/renderD129"), a cgroup or job scheduler that hides the others, or, where ' +
      "Mesa's device selection layer is installed, DRI_PRIME=pci-0000_02_00_0! with the PCI address of the card. " +
      'Vulkan ignores CUDA_VISIBLE_DEVICES.',
    win32: "Where Dawn cannot tell cards apart, choose one for node.exe in Windows's graphics settings.",
  } as Partial<Record<NodeJS.Platform, string>>;
  return [how[process.platform] ?? 'Where Dawn cannot tell cards apart, it takes the first.'];
}

function testedBy(): string {
  return process.platform === 'linux' && process.arch === 'x64'
    ? 'by "npm test" on SwiftShader, by "npm run portability" on Mesa\'s lavapipe; not on hardware'
    : 'not tested';
}
