import type { ChartOption } from '../report/chart-option.ts';
import { colors, SERIES_COLORS, SYMBOLS, type Theme } from '../report/palette.ts';
import { chartStyle, textWidth } from '../report/style.ts';
import type { AdapterColumn } from './columns.ts';

/** Widths in pixels that the chart is drawn for: with names beside the plot, and above each row. */
export const SHARES_WIDTHS = { wide: 1000, narrow: 350 } as const;
export type SharesWidth = keyof typeof SHARES_WIDTHS;

const ROW = { wide: 22, narrow: 36 };
const FONT = { wide: 12, narrow: 11 };
/** Height of the axis above the plot, with its name, and below. */
const AXIS = 46;
const MARGIN = 14;
const LEGEND_LINE = 17;

/** A chart and its height in pixels. */
export interface SharesChart {
  readonly option: ChartOption;
  readonly height: number;
}

/** Each row's share of its adapter's floor as a point, a colour and a symbol for each adapter. */
export function sharesChart(
  title: string,
  columns: readonly AdapterColumn[],
  names: readonly string[],
  width: SharesWidth,
  theme: Theme,
): SharesChart {
  const { ink, muted, line } = colors(theme);
  const fontSize = FONT[width];
  const room = SHARES_WIDTHS[width];
  const legends = columns.map(({ label }) => wrapped(label, fontSize, room - 60));
  const legendHeight = legends.reduce((sum, text) => sum + LEGEND_LINE * text.split('\n').length + 4, 0);
  const top = MARGIN + legendHeight + AXIS;
  const isWide = width === 'wide';
  const nameWidth = Math.max(0, ...names.map((name) => textWidth(name, fontSize)));
  const shares = columns.map(({ rows }) => names.map((name) => rows.get(name)?.share ?? null));
  const most = Math.max(1, ...shares.flat().map((share) => share ?? 0));
  const option: ChartOption = {
    ...chartStyle(theme),
    title: { text: title, show: false },
    grid: {
      left: isWide ? Math.min(0.45 * room, nameWidth) + 2 * MARGIN : MARGIN,
      right: 2 * MARGIN,
      top,
      bottom: MARGIN,
      outerBoundsMode: 'none',
    },
    legend: {
      orient: 'vertical',
      left: 0,
      top: MARGIN,
      padding: 0,
      itemGap: 4,
      itemWidth: 12,
      itemHeight: 10,
      textStyle: { color: ink, fontSize, lineHeight: LEGEND_LINE },
      formatter: (label: string) => legends[columns.findIndex((column) => column.label === label)] ?? label,
      data: columns.map(({ label }) => label),
    },
    xAxis: {
      type: 'value',
      name: 'Share of the floor, %',
      nameLocation: 'middle',
      nameGap: 24,
      nameTextStyle: { color: ink, fontSize },
      position: 'top',
      min: 0,
      max: Math.ceil(most * 10) * 10,
      axisLabel: { color: muted, fontSize, hideOverlap: true },
      splitLine: { lineStyle: { color: line } },
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: [...names],
      axisTick: { show: false },
      axisLine: { lineStyle: { color: muted } },
      splitLine: { show: true, lineStyle: { color: line } },
      axisLabel: isWide
        ? { color: ink, fontSize, interval: 0 }
        : {
            color: ink,
            fontSize,
            interval: 0,
            inside: true,
            margin: 4,
            verticalAlign: 'bottom',
            padding: [0, 0, 3, 0],
          },
    },
    series: columns.map(({ label }, i) => ({
      type: 'scatter',
      name: label,
      color: SERIES_COLORS[i % SERIES_COLORS.length] ?? SERIES_COLORS[0],
      symbol: SYMBOLS[i % SYMBOLS.length] ?? SYMBOLS[0],
      symbolSize: 9,
      itemStyle: { opacity: 1 },
      // Where names stand above the middle of a row, points stand below.
      symbolOffset: [0, isWide ? 0 : 8],
      data: names.flatMap((name, row) => {
        const share = shares[i]?.[row] ?? null;
        return share === null ? [] : [{ name, value: [100 * share, row] }];
      }),
    })),
  };
  return { option, height: top + ROW[width] * names.length + MARGIN };
}

/** A text in lines that are no wider, broken at spaces. */
function wrapped(text: string, fontSize: number, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer, fontSize) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line].join('\n');
}
