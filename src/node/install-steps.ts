import type { AdapterChoice } from './gpu.ts';

/** As npm names platforms, e.g. "linux-x64". */
export function platform(): string {
  return `${process.platform}-${process.arch}`;
}

/** What to install on this platform for an adapter of the kind. */
export function installSteps(choice: AdapterChoice): string {
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
