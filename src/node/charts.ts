import { createRequire } from 'node:module';
import type { ShadegradError } from '../errors.ts';
import { missingECharts } from '../report/echarts.ts';

/** Why no charts can be drawn, and what to do; undefined where they can. Loads nothing. */
export function missingCharts(): ShadegradError | undefined {
  try {
    createRequire(import.meta.url).resolve('echarts/core');
    return undefined;
  } catch {
    return missingECharts();
  }
}
