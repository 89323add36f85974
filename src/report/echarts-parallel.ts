import type { EChartsOption } from 'echarts';
import { ParallelChart } from 'echarts/charts';
import { ParallelComponent } from 'echarts/components';

/** What parallel coordinates need beside `chartParts`, apart from them because no page has such a chart. */
export const parallelParts = [ParallelChart, ParallelComponent];

/** An ECharts option that `chartParts` and `parallelParts` can draw together. */
export type ParallelOption = Pick<
  EChartsOption,
  'animation' | 'backgroundColor' | 'parallel' | 'parallelAxis' | 'series' | 'textStyle' | 'title' | 'tooltip'
>;
