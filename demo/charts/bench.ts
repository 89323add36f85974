import { benchChart, type ChartOption } from '../../src/charts.ts';
import type { Ground, PicturedReport } from './protocol.ts';

/** From this width on, the legend stands beside the plot. */
const WIDE = 700;
const LEGEND_WIDTH = 230;
/** Height of a name in the legend. */
const LINE = 19;
const PLOT = { wide: 440, narrow: 300 };
/** Height of the axis below the plot, with its name. */
const AXIS = 50;
const MARGIN = 14;

/** The height, in pixels, that a report's picture of this width needs for its legend. */
export function benchHeight(report: PicturedReport, width: number): number {
  const legend = LINE * legendOf(benchChart(report)).names + 2 * MARGIN;
  return width >= WIDE ? Math.max(PLOT.wide, legend) : PLOT.narrow + legend;
}

/** The report's picture for a page that has a heading of its own, with the legend where there is room. */
export function benchOption(report: PicturedReport, { width, height, theme }: Ground): ChartOption {
  const option = benchChart(report, theme) ?? {};
  const { legend, names } = legendOf(option);
  const wide = width >= WIDE;
  const bottom = wide ? AXIS : AXIS + LINE * names + MARGIN;
  return {
    ...option,
    title: [],
    grid: {
      left: 98,
      right: wide ? LEGEND_WIDTH + MARGIN : MARGIN,
      top: MARGIN,
      bottom,
      outerBoundsMode: 'none',
    },
    legend: wide
      ? { ...legend, left: width - LEGEND_WIDTH, top: MARGIN }
      : { ...legend, left: 0, top: height - bottom + AXIS },
  };
}

function legendOf({ legend: given }: ChartOption = {}) {
  const [legend] = [given ?? []].flat();
  return { legend, names: legend?.data?.length ?? 0 };
}
