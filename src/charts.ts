// An entry of its own: ECharts takes longer to load than the rest of the library, and training does not need it.
export { benchPage } from './bench/page.ts';
export { type ChartOption, chartParts } from './report/echarts-parts.ts';
export { renderSvg } from './report/svg.ts';
