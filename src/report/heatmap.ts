import { ShadegradError } from '../errors.ts';
import type { ChartOption } from './chart-option.ts';
import { type HeatmapLayout, heatmapLayout, heatmapSize, LONGEST_NAME, TICK_FONT } from './heatmap-layout.ts';
import { type Colors, colors, sequentialColor, type Theme, textColorOn } from './palette.ts';
import { chartStyle, textWidth, titleSize } from './style.ts';

/** How a confusion matrix is drawn. */
export interface HeatmapOptions {
  /** Names of the classes, in the matrix's order. */
  readonly labels: readonly string[];
  /** Above the matrix. Default: none. */
  readonly title?: string;
  /** 'row' shows each cell as a share of its true label's samples; 'none', the default, shows counts. */
  readonly normalize?: 'none' | 'row';
  /** Without it, the cells of right predictions are blank and the colours span the mistakes. True by default. */
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
  visualMap?: false;
  itemStyle?: { color: string };
  label?: { color?: string; show?: false };
}

const SMALLEST_NUMBER = 6;

/**
 * A confusion matrix as an ECharts option, in the manner of Seaborn's heatmap: counts in the cells, a colour bar,
 * the true labels downwards from the top and the predicted labels to the right.
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
  const coloured = shown.flatMap((row, i) => row.filter((_, j) => includeDiagonal || i !== j));
  const greatest = coloured.reduce((most, value) => Math.max(most, value), 0);
  const max = byRow && includeDiagonal ? 1 : greatest || 1;
  const text = (value: number): string => (byRow ? value.toFixed(2) : String(value));
  const fontSize = numberSize(coloured.map(text), layout.cell);
  const palette = colors(theme);
  const style = chartStyle(theme);

  const cells = shown.flatMap((row, i) =>
    row.flatMap((value, j): Cell[] => {
      if (!includeDiagonal && i === j) {
        return [
          {
            value: [j, i, value],
            visualMap: false,
            itemStyle: { color: palette.blank },
            label: { show: false },
          },
        ];
      }
      // Where no numbers fit, the ground stands for zero: a matrix of 256 classes has 65,536 cells.
      if (value === 0 && fontSize === null) return [];
      const ink = value === 0 ? palette.faint : textColorOn(sequentialColor(value / max, theme));
      return [{ value: [j, i, value], label: { color: ink } }];
    }),
  );
  return {
    ...style,
    title: titleOption(title, layout, palette),
    tooltip: { ...style.tooltip, formatter: tooltipText(matrix, labels) },
    ...axes(labels, layout, palette, {
      max,
      ...(byRow ? { name: 'Share of the true label' } : { name: 'Samples', minInterval: 1 }),
    }),
    visualMap: {
      type: 'continuous',
      seriesIndex: 0,
      dimension: 2,
      min: 0,
      max,
      calculable: false,
      inRange: { color: [...palette.sequence] },
      left: layout.left + layout.side + layout.bar.gap,
      top: layout.top,
      padding: 0,
      itemWidth: layout.bar.width,
      itemHeight: layout.side,
    },
    series: [
      {
        type: 'heatmap',
        data: cells,
        itemStyle: { borderColor: palette.background, borderWidth: fontSize === null ? 0 : 1 },
        emphasis: { itemStyle: { borderColor: palette.ink, borderWidth: 2 } },
        label: {
          show: fontSize !== null,
          fontSize: fontSize ?? SMALLEST_NUMBER,
          formatter: ({ value }) => (Array.isArray(value) ? text(Number(value[2])) : ''),
        },
      },
    ],
  };
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

/** Two grids: the matrix, and the colour bar's scale. */
function axes(
  labels: readonly string[],
  layout: HeatmapLayout,
  { ink, muted, line, ...palette }: Colors,
  scale: { readonly max: number; readonly name: string; readonly minInterval?: number },
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
        backgroundColor: palette.sequence[0] ?? palette.background,
      },
      { left: left + side + bar.gap, top, width: bar.width, height: side, outerBoundsMode: 'none' },
    ],
    xAxis: [
      {
        ...labelled,
        data: [...labels],
        name: 'Predicted label',
        nameGap: layout.columnNameGap,
        axisLabel: { ...names, interval: layout.columnStep - 1, rotate: layout.rotation },
      },
      { type: 'category', gridIndex: 1, data: [''], show: false },
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
      {
        type: 'value',
        gridIndex: 1,
        position: 'right',
        min: 0,
        ...scale,
        name: bar.named ? scale.name : '',
        nameLocation: 'middle',
        nameRotate: 90,
        nameGap: 50,
        nameMoveOverlap: false,
        nameTextStyle: { color: ink, fontSize: TICK_FONT },
        axisLabel: { ...ticks, showMaxLabel: false },
        axisLine: { show: false },
        axisTick: { show: true, length: 4, lineStyle: { color: line } },
        splitLine: { show: false },
      },
    ],
  };
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
