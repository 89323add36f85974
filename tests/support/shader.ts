import { readFileSync } from 'node:fs';
import { KERNELS, type Kernel, type KernelName, kernelSource } from '../../src/gpu/kernels.ts';
import type { ShaderFile, ShaderSource } from '../../src/gpu/shaders.ts';

/** A file of `shaders/`, as it is on disk. */
export const shader = (file: string): ShaderFile => ({
  file,
  code: readFileSync(new URL(`../../shaders/${file}`, import.meta.url), 'utf8'),
});

/** A kernel's source with all that may fill the places among its parts. */
export function kernelSources(kernel: KernelName): Promise<ShaderSource[]> {
  const { parts }: Kernel = KERNELS[kernel];
  const updates = parts.includes('update') ? (['adam', 'sgd'] as const) : [undefined];
  const sides = { M: 8, N: 16, K: 4 };
  const shapes = parts.includes('matrix')
    ? ([
        { ...sides, sums: 'f32' },
        { ...sides, sums: 'f16' },
      ] as const)
    : [undefined];
  return Promise.all(updates.flatMap((update) => shapes.map((shape) => kernelSource(kernel, update, shape))));
}
