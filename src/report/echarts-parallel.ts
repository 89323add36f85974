import { ParallelChart } from 'echarts/charts';
import { ParallelComponent } from 'echarts/components';

export { use } from 'echarts/core';

/** What parallel coordinates need beside the parts of every report, apart from them because no page has such a chart. */
export const parallelParts = [ParallelChart, ParallelComponent];
