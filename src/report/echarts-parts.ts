// Namespaces: where ECharts is not installed, Vite makes modules without exports of these, from which no name can be
// imported, and which throw when they are run.
import * as charts from 'echarts/charts';
import * as components from 'echarts/components';
import * as core from 'echarts/core';

// Taken by name, one by one: of what a pattern takes apart, bundlers keep all.
export const init = core.init;
export const use = core.use;

export const parts = [
  charts.HeatmapChart,
  charts.LineChart,
  charts.ScatterChart,
  components.GridComponent,
  components.LegendComponent,
  components.TitleComponent,
  components.TooltipComponent,
  components.VisualMapContinuousComponent,
];
