import { createRequire } from 'node:module';
import type { ShadegradError } from '../errors.ts';
import { missingECharts } from '../report/echarts.ts';
import { type DrawSvg, svgRendererOf } from '../report/svg.ts';

const require = createRequire(import.meta.url);

/** Why no charts can be drawn, and what to do; undefined where they can. Loads nothing. */
export function missingCharts(): ShadegradError | undefined {
  try {
    require.resolve('echarts');
    return undefined;
  } catch {
    return missingECharts();
  }
}

/**
 * What draws a run's charts, or undefined where there are {@link missingCharts}. As `require` has it, all of ECharts is one
 * file, which Node loads in 90 ms; the 600 modules of `import` take it 570 ms.
 */
export function chartRenderer(): DrawSvg | undefined {
  if (missingCharts()) return undefined;
  const { init }: typeof import('echarts') = require('echarts');
  return svgRendererOf(init);
}
