import { reasonOf, ShadegradError } from '../errors.ts';

/**
 * ECharts, as far as reports need it. Only who draws has it installed, and it takes longer to load than all the rest.
 *
 * @throws ShadegradError `usage` where it is not installed
 */
export async function loadECharts(): Promise<typeof import('./echarts-parts.ts')> {
  try {
    return await import('./echarts-parts.ts');
  } catch (error) {
    throw missingECharts(error);
  }
}

/** That charts cannot be drawn without ECharts, and how to get it. */
export function missingECharts(cause?: unknown): ShadegradError {
  const reason = cause === undefined ? 'it is not installed' : reasonOf(cause);
  return new ShadegradError(
    'usage',
    `Charts are drawn by the package "echarts", and it cannot be loaded: ${reason}.`,
    'Install it: "npm install echarts@6".',
    cause,
  );
}

/**
 * What a report's charts are made of: pass it to `use` of "echarts/core", with the renderer of your choice. Who takes all
 * of ECharts (`import * as echarts from 'echarts'`) does not need it.
 *
 * @throws ShadegradError `usage` where ECharts is not installed
 */
export async function chartParts(): Promise<Parts> {
  return (await loadECharts()).parts;
}

/**
 * What `use` of "echarts/core" takes.
 * @useDeclaredType
 */
export type Parts = typeof import('./echarts-parts.ts')['parts'];
