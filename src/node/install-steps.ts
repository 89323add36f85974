import { ShadegradError } from '../errors.ts';
import type { AdapterKind } from '../gpu/adapter.ts';
import { failedSurvey, survey } from './adapters.ts';
import { remediesOf, type Trouble, troubleOf } from './drivers.ts';
import { environmentIsShared, platform } from './environment.ts';
import { swiftShader } from './swiftshader.ts';
import { troubles } from './troubles.ts';
import { isClone } from './versions.ts';

/**
 * Why there is no adapter of the kind, and what to do to get one.
 *
 * @param known what is wrong, if that has been told already: the message leaves it out
 */
export async function noAdapter(kind: AdapterKind, known?: readonly Trouble[]): Promise<ShadegradError> {
  const message = `No ${kind === 'auto' ? '' : `${kind} `}WebGPU adapter was found on this machine (${platform()}).`;
  const software = kind === 'hardware' ? 'of no use' : await bundledSoftware();
  if (software === 'there' && !environmentIsShared()) {
    const why = `The software GPU is installed, but ${THREAD_WITHOUT_ENVIRONMENT}`;
    return new ShadegradError('no-adapter', `${message} ${why}`, SHARE_ENVIRONMENT);
  }
  const found = known ?? (await allTroubles());
  return new ShadegradError(
    'no-adapter',
    [
      message,
      ...(known ? [] : found.map(({ what }) => what)),
      ...(software === 'missing' ? missingSoftware() : []),
    ].join(' '),
    [...remediesOf(found), await installSteps(kind, software)].join(' '),
  );
}

type Software = 'there' | 'missing' | 'not unpacked' | 'of no use';

function bundledSoftware(): Promise<Software> {
  return swiftShader().then(
    (found) => (found ? 'there' : 'missing'),
    () => 'not unpacked',
  );
}

async function allTroubles(): Promise<Trouble[]> {
  const { troubles: ofDrivers, libraries } = await survey().catch(failedSurvey);
  return [...ofDrivers, ...(await troubles(libraries).catch((error: unknown) => [troubleOf(error)]))];
}

/** Why an adapter that another process found is not to be had in this one. */
export function notThere(description: string): ShadegradError {
  const message = `The adapter "${description}" is there, but Dawn does not find it in this process.`;
  return environmentIsShared()
    ? new ShadegradError('no-adapter', message, 'Run "npx shadegrad doctor".')
    : new ShadegradError('no-adapter', `${message} Perhaps ${THREAD_WITHOUT_ENVIRONMENT}`, SHARE_ENVIRONMENT);
}

/** What npm installs for SwiftShader: the package, in the version of `peerDependencies`. */
export const SWIFT_SHADER = '@sparticuz/chromium@147';

const THREAD_WITHOUT_ENVIRONMENT =
  'this worker thread has a copy of the environment, in which the Vulkan loader does not see where.';

const SHARE_ENVIRONMENT =
  'Start the thread with new Worker(file, { env: SHARE_ENV }), both from node:worker_threads.';

/** What to install on this platform for an adapter of the kind. */
async function installSteps(kind: AdapterKind, software: Software): Promise<string> {
  const steps: string[] = [];
  if (kind !== 'software') steps.push(hardwareSteps());
  if (kind !== 'hardware') steps.push(...(software === 'not unpacked' ? [] : [await softwareSteps()]));
  else steps.push('Or run with "--adapter software".');
  return steps.join(' ');
}

/** What to install for a GPU. */
export function hardwareSteps(): string {
  switch (process.platform) {
    case 'linux':
      return (
        'For a GPU, install its Vulkan driver and loader ("apt install libvulkan1 mesa-vulkan-drivers" on Debian and ' +
        'Ubuntu for AMD and Intel; the NVIDIA driver brings its own; in a container, pass the GPU in with its ' +
        'graphics capability).'
      );
    case 'darwin':
      return 'For a GPU, use macOS 13 or newer on a machine with Metal (virtual machines may have none).';
    case 'win32':
      return "For a GPU, install its maker's current driver (Direct3D 12).";
    default:
      return 'Dawn runs on Linux, macOS and Windows.';
  }
}

/** Why SwiftShader is not there, on the platform that npm has it for. */
function missingSoftware(): string[] {
  return hasBundle() ? ['The software GPU, SwiftShader, is not installed.'] : [];
}

function hasBundle(): boolean {
  return process.platform === 'linux' && process.arch === 'x64';
}

async function softwareSteps(): Promise<string> {
  if (hasBundle()) {
    const command = (await isClone())
      ? '"npm ci --include=dev"'
      : `"npm install ${SWIFT_SHADER}", with -g if Shadegrad is installed so, or "npx -p shadegrad -p ${SWIFT_SHADER} shadegrad"`;
    return `For the software GPU, install it where Shadegrad is installed (73 MB): ${command}.`;
  }
  if (process.platform === 'linux') {
    return 'For a software GPU, install Mesa\'s lavapipe ("apt install libvulkan1 mesa-vulkan-drivers", Mesa 25 or newer).';
  }
  if (process.platform === 'win32') return "Windows's software GPU, WARP, comes with Windows 10 and newer.";
  return 'There is no software GPU on this platform.';
}
