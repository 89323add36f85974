// An entry of its own: ECharts takes longer to load than all the rest of the library, and training needs none of it.
export { type ChartOption, chartParts } from './report/echarts-parts.ts';
export { renderSvg } from './report/svg.ts';
