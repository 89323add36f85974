import { reasonOf, ShadegradError } from '../errors.ts';

/**
 * ECharts, as far as reports need it. Only who draws has it installed, and it takes longer to load than all the rest.
 *
 * @throws ShadegradError `usage` where it is not installed, `io` where it cannot be loaded
 */
export function loadECharts(): Promise<typeof import('./echarts-parts.ts')> {
  return import('./echarts-parts.ts').catch(refuse);
}

/**
 * What {@link loadECharts} needs beside to draw SVG.
 * @throws ShadegradError as `loadECharts`
 */
export function loadSvg(): Promise<typeof import('./echarts-svg.ts')> {
  return import('./echarts-svg.ts').catch(refuse);
}

function refuse(error: unknown): never {
  throw withoutECharts(error);
}

/** Why ECharts could not be loaded: it is not installed, or a page's server or network did not give it. */
export function withoutECharts(cause: unknown): ShadegradError {
  if (isNotFound(cause)) return missingECharts(cause);
  return new ShadegradError(
    'io',
    `ECharts, which draws charts, could not be loaded: ${reasonOf(cause)}`,
    'Check the network, keep what was trained, and load the page again; in Node, install "echarts" again.',
    cause,
  );
}

/** Node, Deno and Bun give a code. What bundlers leave in the place of a missing package, and browsers, have words only. */
function isNotFound(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === 'ERR_MODULE_NOT_FOUND') || /\bresolve\b/.test(error.message);
}

/** That charts cannot be drawn without ECharts, and how to get it. */
export function missingECharts(cause?: unknown): ShadegradError {
  return new ShadegradError(
    'usage',
    'Charts are drawn by the package "echarts", which is not installed.',
    'Install it: "npm install echarts@6".',
    cause,
  );
}

/**
 * What a report's charts are made of: pass it to `use` of "echarts/core", with the renderer of your choice. Who takes all
 * of ECharts (`import * as echarts from 'echarts'`) does not need it.
 *
 * @throws ShadegradError `usage` where ECharts is not installed, `io` where it cannot be loaded
 */
export async function chartParts(): Promise<Parts> {
  return (await loadECharts()).parts;
}

/**
 * What `use` of "echarts/core" takes.
 * @useDeclaredType
 */
export type Parts = typeof import('./echarts-parts.ts')['parts'];
