import { ShadegradError } from '../errors.ts';
import type { ChartOption } from './chart-option.ts';
import { type HeatmapLayout, heatmapLayout, heatmapSize, LONGEST_NAME, TICK_FONT } from './heatmap-layout.ts';
import { type Colors, colors, type Sequence, sequentialColor, type Theme, textColorOn } from './palette.ts';
import { roundStep } from './scales.ts';
import { chartStyle, textWidth, titleSize } from './style.ts';

/** How a confusion matrix is drawn. */
export interface HeatmapOptions {
  /** Names of the classes, in the matrix's order. */
  readonly labels: readonly string[];
  /** Above the matrix. Default: none. */
  readonly title?: string;
  /** 'row' shows each cell as a share of its true label's samples; 'none', the default, shows counts. */
  readonly normalize?: 'none' | 'row';
  /** Without it, the cells of right predictions are blank. True by default. */
  readonly includeDiagonal?: boolean;
  /** Default `light`. */
  readonly theme?: Theme;
  /** Of the chart as it will be drawn, in pixels; what {@link heatmapSize} says by default. */
  readonly width?: number;
  /** Of the chart as it will be drawn, in pixels; what {@link heatmapSize} says by default. */
  readonly height?: number;
}

/** One cell as ECharts' heatmap series takes it: [column, row, value]. */
interface Cell {
  value: [number, number, number];
  itemStyle?: { color: string };
  label?: { color?: string; show?: false };
  visualMap?: false;
}

/** What a scale of colours is about: its cells, its colours, and its bar beside the matrix. */
interface ColourScale {
  readonly name: string;
  readonly sequence: Sequence;
  readonly cells: readonly Cell[];
  readonly max: number;
  /** Of the bar, in pixels. */
  readonly top: number;
  readonly height: number;
}

const SMALLEST_NUMBER = 6;

/** Above a bar of colours, for its name. */
const BAR_HEAD = 20;
/** Between two bars. */
const BAR_GAP = 12;

/**
 * A confusion matrix as an ECharts option: counts in the cells, the true labels downwards from the top and the predicted
 * labels to the right. Right predictions, the diagonal, have a scale of colours of their own, from 0 to the greatest of
 * them (by row, to 1), and mistakes another, from 0 to the greatest mistake: on one scale for both, the mistakes of a
 * good network would all look like none. A bar beside the matrix explains each.
 *
 * @param matrix [classes, classes]: row i, column j counts the samples of true label i predicted as j
 * @throws ShadegradError `usage` where the matrix is not square, not of counts, or does not have one row for each label
 */
export function heatmapOption(matrix: readonly (readonly number[])[], options: HeatmapOptions): ChartOption {
  const { labels, title = '', normalize = 'none', includeDiagonal = true, theme = 'light' } = options;
  checkMatrix(matrix, labels);
  const size = heatmapSize(labels, title);
  const layout = heatmapLayout(labels, title, {
    width: options.width ?? size.width,
    height: options.height ?? size.height,
  });
  const byRow = normalize === 'row';
  const shown = matrix.map((row) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return byRow ? row.map((count) => (total === 0 ? 0 : count / total)) : row;
  });
  const right = shown.map((row, i) => row[i] ?? 0);
  const wrong = shown.flatMap((row, i) => row.filter((_, j) => i !== j));
  const text = (value: number): string => (byRow ? value.toFixed(2) : String(value));
  const fontSize = numberSize([...(includeDiagonal ? right : []), ...wrong].map(text), layout.cell);
  const palette = colors(theme);
  const style = chartStyle(theme);

  const cellOf = (value: number, row: number, column: number, sequence: Sequence, max: number): Cell[] => {
    // Where no numbers fit, the ground stands for zero: a matrix of 256 classes has 65,536 cells.
    if (value === 0 && fontSize === null) return [];
    const ink = value === 0 ? palette.faint : textColorOn(sequentialColor(value / max, theme, sequence));
    return [{ value: [column, row, value], label: { color: ink } }];
  };
  const rightMax = byRow ? 1 : greatestOf(right);
  const wrongMax = greatestOf(wrong);
  const rightCells = includeDiagonal
    ? right.flatMap((value, i) => cellOf(value, i, i, 'sequence', rightMax))
    : right.map((value, i) => blankCell(value, i, palette));
  const wrongCells = shown.flatMap((row, i) =>
    row.flatMap((value, j) => (i === j ? [] : cellOf(value, i, j, 'mistakes', wrongMax))),
  );
  const [above, below] = barPlaces(layout, includeDiagonal);
  const scales: readonly ColourScale[] = [
    { name: 'Right', sequence: 'sequence', cells: rightCells, max: rightMax, ...above },
    { name: 'Wrong', sequence: 'mistakes', cells: wrongCells, max: wrongMax, ...below },
  ];
  return {
    ...style,
    title: [titleOption(title, layout, palette), ...barTitles(scales, layout, palette)],
    tooltip: { ...style.tooltip, formatter: tooltipText(matrix, labels) },
    ...axes(labels, layout, palette, scales, byRow),
    visualMap: scales.map(({ sequence, max, top, height }, seriesIndex) => ({
      type: 'continuous',
      show: height > 0,
      seriesIndex,
      dimension: 2,
      min: 0,
      max,
      calculable: false,
      inRange: { color: [...palette[sequence]] },
      left: layout.left + layout.side + layout.bar.gap,
      top,
      padding: 0,
      itemWidth: layout.bar.width,
      itemHeight: height,
    })),
    series: scales.map(({ cells }) => ({
      type: 'heatmap',
      data: [...cells],
      itemStyle: { borderColor: palette.background, borderWidth: fontSize === null ? 0 : 1 },
      emphasis: { itemStyle: { borderColor: palette.ink, borderWidth: 2 } },
      label: {
        show: fontSize !== null,
        fontSize: fontSize ?? SMALLEST_NUMBER,
        formatter: ({ value }) => (Array.isArray(value) ? text(Number(value[2])) : ''),
      },
    })),
  };
}

/** 1 where there is none, so that a scale has two ends. */
function greatestOf(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0) || 1;
}

function blankCell(value: number, place: number, { blank }: Colors): Cell {
  return {
    value: [place, place, value],
    itemStyle: { color: blank },
    label: { show: false },
    visualMap: false,
  };
}

/** Where the bars are, in pixels: one above the other, or the second one alone. */
function barPlaces({ top, side }: HeatmapLayout, both: boolean) {
  const height = both ? (side - BAR_GAP) / 2 - BAR_HEAD : side - BAR_HEAD;
  return [
    { top: top + BAR_HEAD, height: both ? height : 0 },
    { top: top + side - height, height },
  ] as const;
}

function barTitles(
  scales: readonly ColourScale[],
  { left, side, bar }: HeatmapLayout,
  { ink }: Colors,
): ReturnType<typeof barTitle>[] {
  return scales
    .filter(({ height }) => height > 0)
    .map(({ name, top }) => barTitle(name, left + side + bar.gap, top - BAR_HEAD, ink));
}

function barTitle(text: string, left: number, top: number, color: string) {
  return {
    text,
    left,
    top,
    padding: 0,
    textStyle: { color, fontSize: TICK_FONT, fontWeight: 'bold' },
  } as const;
}

function checkMatrix(matrix: readonly (readonly number[])[], labels: readonly string[]): void {
  const square = matrix.every((row) => row.length === matrix.length);
  const counts = matrix.every((row) => row.every((count) => Number.isFinite(count) && count >= 0));
  if (matrix.length === 0 || !square || !counts || labels.length !== matrix.length) {
    throw new ShadegradError(
      'usage',
      'This is not a confusion matrix with one label for each row.',
      'Pass as many rows of as many counts, 0 or greater, as there are labels.',
    );
  }
}

/** The text size at which the longest number fits into a cell; null where none is readable. */
function numberSize(numbers: readonly string[], cell: number): number | null {
  const widest = numbers.reduce((most, number) => Math.max(most, textWidth(number, 1)), 0);
  const size = Math.floor(Math.min(17, cell * 0.5, (cell * 0.84) / widest) * 2) / 2;
  return size >= SMALLEST_NUMBER ? size : null;
}

function titleOption(title: string, { width, left, side }: HeatmapLayout, { ink }: Colors) {
  const middle = left + side / 2;
  return {
    text: title,
    left: middle,
    top: 12,
    padding: 0,
    textAlign: 'center',
    textStyle: {
      color: ink,
      fontSize: titleSize(title, 2 * Math.min(middle, width - middle) - 24),
      fontWeight: 'bold',
    },
  } as const;
}

/** A grid for the matrix, and one for the scale of each bar. */
function axes(
  labels: readonly string[],
  layout: HeatmapLayout,
  { ink, muted, line, ...palette }: Colors,
  scales: readonly ColourScale[],
  byRow: boolean,
): Required<Pick<ChartOption, 'grid' | 'xAxis' | 'yAxis'>> {
  const { left, top, side, bar } = layout;
  const ticks = { color: muted, fontSize: TICK_FONT };
  const labelled = {
    type: 'category',
    nameLocation: 'middle',
    nameMoveOverlap: false,
    nameTextStyle: { color: ink, fontSize: 14 },
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { show: false },
  } as const;
  const names = {
    ...ticks,
    width: LONGEST_NAME,
    overflow: 'truncate',
    ellipsis: '…',
    hideOverlap: false,
  } as const;
  return {
    grid: [
      {
        left,
        top,
        width: side,
        height: side,
        outerBoundsMode: 'none',
        show: true,
        borderWidth: 0,
        backgroundColor: palette.mistakes[0] ?? palette.background,
      },
      ...scales.map(({ top, height }) => ({
        left: left + side + bar.gap,
        top,
        width: bar.width,
        height,
        outerBoundsMode: 'none' as const,
      })),
    ],
    xAxis: [
      {
        ...labelled,
        data: [...labels],
        name: 'Predicted label',
        nameGap: layout.columnNameGap,
        axisLabel: { ...names, interval: layout.columnStep - 1, rotate: layout.rotation },
      },
      ...scales.map((_, i) => ({ type: 'category' as const, gridIndex: i + 1, data: [''], show: false })),
    ],
    yAxis: [
      {
        ...labelled,
        data: [...labels],
        name: 'True label',
        inverse: true,
        nameGap: layout.rowNameGap,
        axisLabel: { ...names, interval: layout.rowStep - 1 },
      },
      ...scales.map(({ max, height }, i) => ({
        type: 'value' as const,
        gridIndex: i + 1,
        show: height > 0,
        position: 'right' as const,
        min: 0,
        max,
        name: bar.named ? (byRow ? 'Share of row' : 'Samples') : '',
        nameLocation: 'middle' as const,
        nameRotate: 90,
        nameGap: 50,
        nameMoveOverlap: false,
        nameTextStyle: { color: ink, fontSize: TICK_FONT },
        axisLabel: {
          ...ticks,
          customValues: barTicks(max, height, byRow),
          formatter: (value: number) => String(Number(value.toPrecision(byRow ? 2 : 12))),
        },
        axisLine: { show: false },
        axisTick: {
          show: true,
          length: 4,
          lineStyle: { color: line },
          customValues: barTicks(max, height, byRow),
        },
        splitLine: { show: false },
      })),
    ],
  };
}

/** 0, the greatest, and round numbers between them where there is room for these on a bar of this height. */
function barTicks(max: number, height: number, shares: boolean): number[] {
  const steps = Math.min(4, Math.max(1, Math.floor(height / 24)));
  const step = Math.max(roundStep(max / steps), shares ? 0 : 1);
  const between = Array.from({ length: steps }, (_, i) => step * (i + 1));
  return [0, ...between.filter((value) => ((max - value) / max) * height > 16), max];
}

function tooltipText(matrix: readonly (readonly number[])[], labels: readonly string[]) {
  return (parameters: unknown): string => {
    const { value } = parameters as { value: [number, number, number] };
    const [column, row] = value;
    const counts = matrix[row] ?? [];
    const count = counts[column] ?? 0;
    const total = counts.reduce((sum, each) => sum + each, 0);
    const share = total === 0 ? '' : ` (${((100 * count) / total).toFixed(1)} % of ${total})`;
    return `True ${labels[row]}, predicted ${labels[column]}\n${count}${share}`;
  };
}
