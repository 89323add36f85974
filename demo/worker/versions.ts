import { version } from '../../package.json';
import type { Versions } from '../../src/index.ts';

/** Versions of this package and of the browser. */
export const pageVersions: Versions = { shadegrad: version, webgpu: null, runtime: navigator.userAgent };
