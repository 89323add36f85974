import type { EChartsOption } from 'echarts';
import type { HeatmapSeriesOption, LineSeriesOption, ScatterSeriesOption } from 'echarts/charts';
import type {
  GridComponentOption,
  LegendComponentOption,
  TitleComponentOption,
  TooltipComponentOption,
  VisualMapComponentOption,
} from 'echarts/components';
import type { ComposeOption } from 'echarts/core';

/** An ECharts option that `chartParts` can draw. */
export type ChartOption = ComposeOption<
  | HeatmapSeriesOption
  | LineSeriesOption
  | ScatterSeriesOption
  | GridComponentOption
  | LegendComponentOption
  | TitleComponentOption
  | TooltipComponentOption
  | VisualMapComponentOption
>;

/** An ECharts option that `chartParts` and the parts of echarts-parallel.ts can draw together. */
export type ParallelOption = Pick<
  EChartsOption,
  'animation' | 'backgroundColor' | 'parallel' | 'parallelAxis' | 'series' | 'textStyle' | 'title' | 'tooltip'
>;
