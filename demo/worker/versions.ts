import { version } from '../../package.json';
import type { Versions } from '../../src/index.ts';

/** What runs here: this package and the browser. */
export const pageVersions: Versions = { shadegrad: version, webgpu: null, runtime: navigator.userAgent };
