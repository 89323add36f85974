/**
 * What draws: charts as ECharts' options, and as SVG without a page.
 *
 * An entry of its own: ECharts takes longer to load than the rest of the library, and training does not need it.
 *
 * @module shadegrad/charts
 */

export { BENCH_CHART_SIZE, benchChart } from './bench/charts.ts';
export { benchPage } from './bench/page.ts';
export type { ChartOption } from './report/chart-option.ts';
export { type CurvesOptions, curvesOption, type GhostCurves, type RunningPoint } from './report/curves.ts';
export { chartParts, type Parts } from './report/echarts.ts';
export { type HeatmapOptions, heatmapOption } from './report/heatmap.ts';
export { type ColourBar, type HeatmapLayout, heatmapLayout, heatmapSize } from './report/heatmap-layout.ts';
export type { Theme } from './report/palette.ts';
export { type StripNetwork, type StripOptions, stripOption, stripSize } from './report/strip.ts';
export type { ChartSize } from './report/style.ts';
export { renderSvg } from './report/svg.ts';
