import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ShadegradError } from '../errors.ts';
import { platform } from './environment.ts';

/** Dawn itself, in the npm package "webgpu". */
export function dawnLibrary(): string {
  const { platform, arch } = process;
  const entry = createRequire(import.meta.url).resolve('webgpu');
  return join(
    dirname(entry),
    'dist',
    `${platform}-${platform === 'darwin' ? 'universal' : arch}`,
    'dawn.node',
  );
}

const BACKENDS: Partial<Record<NodeJS.Platform, string>> = { win32: 'd3d12', darwin: 'metal' };

/** What Dawn runs on here: the platform's own, or what its variable names. */
export function dawnBackend(): string {
  return process.env.DAWNNODE_BACKEND?.toLowerCase() || (BACKENDS[process.platform] ?? 'vulkan');
}

/** @throws ShadegradError `no-adapter` where it does not load */
export async function loadDawn(): Promise<typeof import('webgpu')> {
  try {
    return await import('webgpu');
  } catch (error) {
    throw noDawn(String(error), error);
  }
}

/** @param reason why Dawn does not load */
export function noDawn(reason: string, cause?: unknown): ShadegradError {
  return new ShadegradError(
    'no-adapter',
    `Dawn, the WebGPU implementation in the npm package "webgpu", does not load on ${platform()}: ${reason}`,
    'Run "npm ci" again. It needs Linux with glibc, macOS or Windows, on x64 or arm64.',
    cause,
  );
}
