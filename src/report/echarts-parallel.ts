import { ParallelChart, type ParallelSeriesOption } from 'echarts/charts';
import {
  ParallelComponent,
  type ParallelComponentOption,
  type TitleComponentOption,
  type TooltipComponentOption,
} from 'echarts/components';
import type { ComposeOption } from 'echarts/core';

/** What parallel coordinates need beside `chartParts`, apart from them because no page has such a chart. */
export const parallelParts = [ParallelChart, ParallelComponent];

/** An ECharts option that `chartParts` and `parallelParts` can draw together. */
export type ParallelOption = ComposeOption<
  ParallelSeriesOption | ParallelComponentOption | TitleComponentOption | TooltipComponentOption
>;
