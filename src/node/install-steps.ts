import { dirname } from 'node:path';
import { ShadegradError } from '../errors.ts';
import type { AdapterChoice } from '../gpu/adapter.ts';
import { bun, environmentIsShared, platform } from './environment.ts';
import { type SwiftShader, swiftShader } from './swiftshader.ts';

/** Why there is no adapter of the kind, and what to do to get one. */
export async function noAdapter(choice: AdapterChoice): Promise<ShadegradError> {
  const kind = choice === 'auto' ? '' : `${choice} `;
  const message = `No ${kind}WebGPU adapter was found on this machine (${platform()}).`;
  // Where it cannot be unpacked, whoever asked for it has already been told why.
  const software = choice === 'hardware' ? undefined : await swiftShader().catch(() => undefined);
  if (!software || environmentIsShared()) {
    return new ShadegradError('no-adapter', message, installSteps(choice));
  }
  const { why, step } = environmentSteps(software);
  return new ShadegradError('no-adapter', `${message} The software GPU is installed, but ${why}.`, step);
}

/** For runtimes in which `process.env` cannot tell the Vulkan loader where the driver is. */
function environmentSteps({ manifest, loader }: SwiftShader): { why: string; step: string } {
  if (bun !== undefined) {
    return {
      why: `Bun shows the Vulkan loader only the environment that Bun was started with`,
      step: `Run with Node, or start Bun with VK_DRIVER_FILES=${manifest} and LD_LIBRARY_PATH=${dirname(loader)}.`,
    };
  }
  return {
    why: 'this worker thread has a copy of the environment, in which the Vulkan loader does not see where',
    step: 'Start the thread with new Worker(file, { env: SHARE_ENV }), both from node:worker_threads.',
  };
}

/** What to install on this platform for an adapter of the kind. */
function installSteps(choice: AdapterChoice): string {
  const steps: string[] = [];
  if (choice !== 'software') steps.push(hardwareSteps());
  if (choice !== 'hardware') steps.push(softwareSteps());
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

function softwareSteps(): string {
  if (process.platform === 'linux' && process.arch === 'x64') {
    return 'For the software GPU, install the optional dependencies ("npm ci --include=optional").';
  }
  if (process.platform === 'linux') {
    return 'For a software GPU, install Mesa\'s lavapipe ("apt install libvulkan1 mesa-vulkan-drivers", Mesa 23 or newer).';
  }
  if (process.platform === 'win32') return "Windows's software GPU, WARP, comes with Windows 10 and newer.";
  return 'There is no software GPU on this platform.';
}
