/** Whose code computed something. */
export interface Versions {
  /** Of this package, e.g. "0.1.0". */
  readonly shadegrad: string;
  /** Of the npm package "webgpu", which holds Dawn; null in a browser. */
  readonly webgpu: string | null;
  /** E.g. "Node v20.20.2, linux-x64", or a browser's `navigator.userAgent`. */
  readonly runtime: string;
}
