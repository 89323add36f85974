// Namespaces, as in echarts-parts.ts.
import * as charts from 'echarts/charts';
import * as components from 'echarts/components';
import * as core from 'echarts/core';

export const use = core.use;

/** What parallel coordinates need beside the parts of every report, apart from them because no page has such a chart. */
export const parallelParts = [charts.ParallelChart, components.ParallelComponent];
