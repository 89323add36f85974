import type { History } from '../train/history.ts';
import type { ChartOption } from './echarts-parts.ts';
import { type Colors, colors, type Theme } from './palette.ts';
import { chartStyle, titleSize } from './style.ts';

/** Loss and accuracy over a short stretch of training. */
export interface RunningPoint {
  /** The stretch's end, in epochs from the start: 0.5 is the middle of the first epoch. */
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
}

export interface CurvesOptions {
  readonly title?: string;
  readonly theme?: Theme;
  /** Width in pixels that the chart will be drawn at; the panels are stacked below 560. 860 by default. */
  readonly width?: number;
  /** Drawn as a thin line behind the epochs, for whom an epoch is too long to wait for. */
  readonly running?: readonly RunningPoint[];
  /** Where the axis of epochs ends; the last epoch trained by default. */
  readonly epochs?: number;
}

/** Room for the values left of a panel. */
const LEFT = 72;

/** Loss and accuracy over the epochs as an ECharts option of two panels; validation where there is any. */
export function curvesOption(history: History, options: CurvesOptions = {}): ChartOption {
  const { title = '', theme = 'light', width = 860, running = [] } = options;
  const palette = colors(theme);
  const style = chartStyle(theme);
  const stacked = width < 560;
  const top = title === '' ? 46 : 84;
  const sideBySide = { width: Math.floor((width - 2 * LEFT - 36) / 2), top, bottom: 58 };
  const epochs = history.map(({ epoch }) => epoch);
  const axis = {
    first: running.length > 0 ? 0 : (epochs[0] ?? 0),
    last: Math.max(options.epochs ?? 1, Math.ceil(running.at(-1)?.epoch ?? 1), epochs.at(-1) ?? 1),
  };
  // The first batches are far off: once there are epochs, they set the scale and the line comes in from outside.
  const accuracies = history.flatMap(({ accuracy, valAccuracy }) => [accuracy, valAccuracy ?? accuracy]);
  const losses = running.length === 0 ? [] : history.flatMap(({ loss, valLoss }) => [loss, valLoss ?? loss]);
  const panels = [
    {
      name: 'Loss',
      scale: lossScale(losses),
      running: running.map(({ epoch, loss }) => [epoch, loss]),
      curves: [history.map(({ loss }) => loss), history.map(({ valLoss }) => valLoss)],
      grid: stacked ? { left: LEFT, right: 20, top: '15%', height: '27%' } : { left: LEFT, ...sideBySide },
    },
    {
      name: 'Accuracy (%)',
      scale: accuracyScale(history.length > 0 ? accuracies : running.map(({ accuracy }) => accuracy)),
      running: running.map(({ epoch, accuracy }) => [epoch, 100 * accuracy]),
      curves: [
        history.map(({ accuracy }) => 100 * accuracy),
        history.map(({ valAccuracy }) => (valAccuracy === null ? null : 100 * valAccuracy)),
      ],
      grid: stacked ? { left: LEFT, right: 20, top: '61%', height: '27%' } : { right: 24, ...sideBySide },
    },
  ];
  return {
    ...style,
    title: {
      text: title,
      left: 'center',
      top: 12,
      padding: 0,
      textStyle: { color: palette.ink, fontSize: titleSize(title, width - 24) },
    },
    legend: {
      // Without the thin line, which needs no words beside the other two.
      data: [
        ...(history.length > 0 ? ['Training'] : []),
        ...(history.some(({ valLoss }) => valLoss !== null) ? ['Validation'] : []),
      ],
      top: title === '' ? 14 : 42,
      itemGap: 24,
      itemWidth: 34,
      textStyle: { color: palette.ink },
    },
    tooltip: {
      ...style.tooltip,
      trigger: 'axis',
      valueFormatter: (value) => (typeof value === 'number' ? String(Number(value.toPrecision(4))) : ''),
    },
    grid: panels.map(({ grid }) => ({ ...grid, outerBoundsMode: 'none' as const })),
    xAxis: panels.map((_, gridIndex) => epochAxis(axis, gridIndex, palette)),
    yAxis: panels.map(({ name, scale }, gridIndex) => ({ ...valueAxis(name, gridIndex, palette), ...scale })),
    series: panels.flatMap(({ curves, running }, panel) => [
      ...(running.length === 0 ? [] : [runningLine(running, panel, palette)]),
      ...curves.flatMap((data, kind) =>
        data.every((value) => value === null)
          ? []
          : [
              {
                type: 'line' as const,
                name: kind === 0 ? 'Training' : 'Validation',
                xAxisIndex: panel,
                yAxisIndex: panel,
                data: data.map((value, i) => [epochs[i], value]),
                color: kind === 0 ? palette.training : palette.validation,
                lineStyle: { width: 2, type: kind === 0 ? ('solid' as const) : ('dashed' as const) },
                symbol: kind === 0 ? 'circle' : 'diamond',
                symbolSize: kind === 0 ? 6 : 8,
                showSymbol: history.length <= 30,
              },
            ],
      ),
    ]),
  };
}

function runningLine(data: number[][], panel: number, palette: Colors) {
  return {
    type: 'line' as const,
    name: 'Running',
    xAxisIndex: panel,
    yAxisIndex: panel,
    data,
    color: palette.training,
    lineStyle: { width: 1, opacity: 0.55 },
    symbol: 'none',
    silent: true,
    tooltip: { show: false },
  };
}

/** From 0 to a round number above the greatest of `losses`, if there are any, in about five steps. */
function lossScale(losses: readonly number[]): { min: number; max?: number; interval?: number } {
  const greatest = losses.reduce((most, loss) => Math.max(most, loss), 0);
  if (greatest === 0) return { min: 0 };
  const unit = 10 ** Math.floor(Math.log10(greatest / 5));
  const step = unit * ([1, 2, 5].find((candidate) => greatest / (candidate * unit) <= 5.5) ?? 10);
  const max = Number((step * Math.ceil(greatest / step)).toPrecision(12));
  return { min: 0, max, interval: step };
}

/** From a round number below the least of `shares`, 0 where there are none, up to 100 %, in about five steps. */
function accuracyScale(shares: readonly number[]): { min: number; max: number; interval: number } {
  if (shares.length === 0) return { min: 0, max: 100, interval: 20 };
  const least = 100 * shares.reduce((low, share) => Math.min(low, share), 1);
  const step = [0.2, 0.5, 1, 2, 5, 10].find((candidate) => (100 - least) / candidate <= 5.5) ?? 20;
  // From 100 downwards, so that rounding cannot put a tick beside 100.
  return { min: 100 - step * Math.max(2, Math.ceil((100 - least) / step)), max: 100, interval: step };
}

function epochAxis(
  { first, last }: { readonly first: number; readonly last: number },
  gridIndex: number,
  { ink, muted }: Colors,
) {
  // A lone epoch stands in the middle.
  const room = first === last ? 1 : 0;
  return {
    type: 'value',
    gridIndex,
    min: first - room,
    max: last + room,
    minInterval: 1,
    ...(last - first < 12 ? { interval: 1 } : {}),
    name: 'Epoch',
    nameLocation: 'middle',
    nameGap: 30,
    nameTextStyle: { color: ink, fontSize: 13 },
    axisLabel: {
      color: muted,
      fontSize: 12,
      formatter: (epoch: number) => (epoch < first || epoch > last ? '' : String(epoch)),
    },
    axisPointer: { label: { formatter: ({ value }: { value: unknown }) => `Epoch ${value}` } },
    axisLine: { show: true, onZero: false, lineStyle: { color: muted } },
    axisTick: { show: room === 0 },
    splitLine: { show: false },
  } as const;
}

function valueAxis(name: string, gridIndex: number, { ink, muted, line }: Colors) {
  return {
    type: 'value',
    gridIndex,
    name,
    nameLocation: 'middle',
    nameGap: 52,
    nameRotate: 90,
    nameTextStyle: { color: ink, fontSize: 13 },
    axisLabel: { color: muted, fontSize: 12, formatter: shortNumber },
    splitLine: { lineStyle: { color: line } },
  } as const;
}

/** Six characters at most, which is what there is room for. */
function shortNumber(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 0.001 || size >= 100_000) ? value.toExponential() : String(value);
}
