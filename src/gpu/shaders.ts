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
