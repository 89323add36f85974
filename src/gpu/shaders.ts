import { reasonOf, ShadegradError } from '../errors.ts';

/** A file of `shaders/`. */
export interface ShaderFile {
  /** Its path in that folder. */
  readonly file: string;
  readonly code: string;
}

/** A place in a file, lines counted from 1. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
}

/** WGSL that was put together from files. */
export interface ShaderSource {
  readonly code: string;
  /** The file and line that line `line` of the code, counted from 1, comes from. */
  place(line: number): SourcePlace | undefined;
}

/**
 * Shaders that run together are loaded together: a training needs two or three of these. None of them is here before a
 * pipeline is made of one.
 */
const FAMILIES = {
  common: () => import('./families/common.ts'),
  floor: () => import('./families/floor.ts'),
  fused: () => import('./families/fused.ts'),
  lanes: () => import('./families/lanes.ts'),
  matrix: () => import('./families/matrix.ts'),
  plain: () => import('./families/plain.ts'),
  quads: () => import('./families/quads.ts'),
  tiled: () => import('./families/tiled.ts'),
} as const satisfies Record<string, () => Promise<{ readonly files: Readonly<Record<string, string>> }>>;

/** A module of `families/`. */
export type Family = keyof typeof FAMILIES;

/**
 * @param file its path in `shaders/`
 * @throws RangeError where the family has no such file
 * @throws ShadegradError `io` where it cannot be loaded
 */
export async function loadShader(family: Family, file: string): Promise<ShaderFile> {
  const { files } = await FAMILIES[family]().catch((error: unknown) => {
    throw new ShadegradError(
      'io',
      `The shader ${file} could not be loaded: ${reasonOf(error)}`,
      'Check the network, keep what was trained, and load the page again; in Node, install the package again.',
      error,
    );
  });
  const code = files[`./${file}`];
  if (code === undefined) throw new RangeError(`src/gpu/families/${family}.ts has no ${file}`);
  return { file, code };
}

/** Lines that WGSL requires before all others. */
const DIRECTIVE = /^(enable|requires|diagnostic)\b.*;$/;

/** The kernel's directives, then its parts, then the rest of the kernel; no line is changed. */
export function assembled(kernel: ShaderFile, parts: readonly ShaderFile[]): ShaderSource {
  const own = linesOf(kernel);
  const lines = [
    ...own.filter(({ text }) => DIRECTIVE.test(text)),
    ...parts.flatMap(linesOf),
    ...own.map((line) => (DIRECTIVE.test(line.text) ? { ...line, text: '' } : line)),
  ];
  return {
    code: lines.map(({ text }) => text).join('\n'),
    place: (line) => lines[line - 1],
  };
}

function linesOf({ file, code }: ShaderFile) {
  return code.split('\n').map((text, i) => ({ text, file, line: i + 1 }));
}
