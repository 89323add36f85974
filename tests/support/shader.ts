import { readFileSync } from 'node:fs';
import type { ShaderFile } from '../../src/gpu/shaders.ts';

/** A file of `shaders/`, as it is on disk. */
export const shader = (file: string): ShaderFile => ({
  file,
  code: readFileSync(new URL(`../../shaders/${file}`, import.meta.url), 'utf8'),
});
