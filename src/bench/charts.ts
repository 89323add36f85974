import type { ChartOption } from '../report/chart-option.ts';
import { colors, SERIES_COLORS, SYMBOLS, type Theme } from '../report/palette.ts';
import { type ChartSize, chartStyle, textWidth, titleSize } from '../report/style.ts';
import type { ChoiceReport } from './choice.ts';
import type { Floor } from './floor.ts';
import type { KernelResult, KernelsReport } from './kernels.ts';
import { type BenchReport, networkName, versionsText } from './report.ts';
import { peak } from './roofline.ts';
import type { MeasuredCase } from './run-case.ts';
import type { MeasuredTraining, TrainingReport } from './train.ts';

/** The size that the charts are made for. */
export const BENCH_CHART_SIZE: ChartSize = { width: 900, height: 620 };

/** Room for the title. */
const TOP = 84;
/** Room for the legend right of the plot. */
const LEGEND = 250;

/**
 * A report's chart, as an ECharts option: a roofline plot for kernels; throughput against what was varied for training.
 * Undefined for the floor alone, which is a handful of numbers.
 */
export function benchChart(
  report: BenchReport | ChoiceReport,
  theme: Theme = 'light',
): ChartOption | undefined {
  if (report.bench === 'floor' || report.bench === 'choice') return undefined;
  return report.bench === 'kernels' ? rooflineChart(report, theme) : scalingChart(report, theme);
}

/**
 * Every measured kernel as a point at its intensity and its rate, under the roofs that the floor sets. Larger sizes
 * have larger symbols. Kernels without arithmetic are left out.
 */
export function rooflineChart(report: KernelsReport, theme: Theme = 'light'): ChartOption {
  const measured = report.kernels.filter((kernel) => kernel.status === 'measured');
  const points = measured.filter(({ flops }) => flops > 0);
  const names = [...new Set(points.map(({ kernel }) => kernel))];
  const intensities = points.map(({ flops, bytes }) => flops / bytes);
  const least = Math.min(0.1, ...intensities) / 2;
  const most = Math.max(100, ...intensities) * 2;
  return {
    ...frame(report, 'Kernels under the roofline', theme),
    legend: legend(report.floor.copies.map(roofName), names, theme),
    xAxis: logAxis('Floating-point operations per byte', theme, [least, most]),
    yAxis: logAxis('GFLOP/s', theme),
    series: [
      ...roofs(report.floor, least, most, theme),
      ...names.map((name, i) => ({
        ...seriesStyle(name, i),
        lineStyle: { width: 0 },
        data: points
          .filter(({ kernel }) => kernel === name)
          .map((point, size) => ({
            name: pointName(point),
            value: [point.flops / point.bytes, point.gflops],
            symbolSize: 7 + 3 * size,
          })),
      })),
    ],
  };
}

function pointName({ kernel, size, variant }: KernelResult): string {
  return [kernel, size, ...(variant === null ? [] : [variant])].join(', ');
}

function roofs({ copies, fma }: Floor, least: number, most: number, theme: Theme) {
  const ceiling = peak(fma, fma.flops);
  const rates = copies.map((copy) => ({ name: roofName(copy), rate: peak(copy, copy.bytes) }));
  return rates.map(({ name, rate }, i) => ({
    type: 'line' as const,
    name,
    color: colors(theme).muted,
    lineStyle: { width: 1.5, type: (['solid', 'dashed', 'dotted'] as const)[i % 3] ?? 'solid' },
    symbol: 'none',
    data: [
      [least, least * rate],
      [ceiling / rate, ceiling],
      [Math.max(most, ceiling / rate), ceiling],
    ],
  }));
}

function roofName({ size }: MeasuredCase): string {
  return `floor, copying ${size}`;
}

/** Images per second of every network, plan and number of models, against the batch size or whatever was varied. */
export function scalingChart(report: TrainingReport, theme: Theme = 'light'): ChartOption {
  const measured = report.training.filter((training) => training.status === 'measured');
  const varied = AXES.filter(({ label }) => new Set(measured.map(label)).size > 1);
  const [axis = AXES[0], ...others] = varied;
  const lineOf = (training: MeasuredTraining) =>
    [training.plan, ...others.map(({ label }) => label(training))].join(', ');
  const names = [...new Set(measured.map(lineOf))];
  return {
    ...frame(report, 'Training', theme),
    legend: legend([], names, theme),
    xAxis: { ...logAxis(axis.name, theme), logBase: 2 },
    yAxis: logAxis('Images per second', theme),
    series: names.map((name, i) => ({
      ...seriesStyle(name, i),
      lineStyle: { width: 2 },
      symbolSize: 8,
      data: measured
        .filter((training) => lineOf(training) === name)
        .map((training) => [axis.value(training), training.imagesPerSecond])
        .sort(([a = 0], [b = 0]) => a - b),
    })),
  };
}

interface Axis {
  readonly name: string;
  readonly value: (training: MeasuredTraining) => number;
  /** A line's name for its value on this axis when another axis is drawn. */
  readonly label: (training: MeasuredTraining) => string;
}

const AXES: readonly [Axis, ...Axis[]] = [
  {
    name: 'Batch size',
    value: ({ batchSize }) => batchSize,
    label: ({ batchSize }) => `batch ${batchSize}`,
  },
  {
    name: 'Models',
    value: ({ models }) => models,
    label: ({ models }) => `${models} ${models === 1 ? 'model' : 'models'}`,
  },
  {
    name: 'Units of the hidden layers',
    // A logarithm has no place for softmax regression's 0.
    value: ({ hidden }) =>
      Math.max(
        1,
        hidden.reduce((sum, width) => sum + width, 0),
      ),
    label: networkName,
  },
];

function seriesStyle(name: string, i: number) {
  return {
    type: 'line' as const,
    name,
    color: SERIES_COLORS[i % SERIES_COLORS.length] ?? SERIES_COLORS[0],
    symbol: SYMBOLS[Math.floor(i / SERIES_COLORS.length) % SYMBOLS.length] ?? SYMBOLS[0],
    showAllSymbol: true,
  };
}

function frame(report: KernelsReport | TrainingReport, subject: string, theme: Theme) {
  const { ink, muted } = colors(theme);
  const { adapter, versions, toggles, date } = report.environment;
  const text = `${subject}, on ${adapter.description}`;
  const lines = [`${versionsText(versions)}, ${date.slice(0, 10)}`, toggles.join(', ')];
  const room = BENCH_CHART_SIZE.width - 24;
  const fontSize = Math.min(12, ...lines.map((line) => room / textWidth(line, 1)));
  const style = chartStyle(theme);
  return {
    ...style,
    title: {
      text,
      subtext: lines.join('\n'),
      left: 'center',
      top: 12,
      padding: 0,
      textStyle: { color: ink, fontSize: titleSize(text, room) },
      subtextStyle: { color: muted, fontSize },
    },
    tooltip: { ...style.tooltip, trigger: 'item' as const },
    grid: { left: 100, right: LEGEND, top: TOP, bottom: 58, outerBoundsMode: 'none' as const },
  };
}

/** A legend to the right of the plot; `lines` have no symbols. */
function legend(lines: readonly string[], points: readonly string[], theme: Theme) {
  return {
    type: 'plain' as const,
    orient: 'vertical' as const,
    left: BENCH_CHART_SIZE.width - LEGEND + 20,
    top: TOP,
    itemWidth: 24,
    itemGap: 7,
    textStyle: { color: colors(theme).ink, fontSize: 12 },
    data: [...lines.map((name) => ({ name, itemStyle: { opacity: 0 } })), ...points],
  };
}

function logAxis(name: string, theme: Theme, range?: readonly [number, number]) {
  const { ink, muted, line } = colors(theme);
  return {
    type: 'log' as const,
    name,
    nameLocation: 'middle' as const,
    nameGap: name === 'GFLOP/s' || name === 'Images per second' ? 72 : 32,
    nameTextStyle: { color: ink, fontSize: 13 },
    ...(range && { min: range[0], max: range[1] }),
    axisLabel: { color: muted, fontSize: 12, formatter: (value: number) => tickText(value) },
    axisLine: { show: true, onZero: false, lineStyle: { color: muted } },
    splitLine: { lineStyle: { color: line } },
  };
}

/** The text of a tick; empty for an end of an axis between two ticks. Powers of two are whole, however many digits. */
function tickText(value: number): string {
  const text = [Math.round(value), Number(value.toPrecision(3))].find(
    (near) => near > 0 && Math.abs(near - value) <= 1e-9 * value,
  );
  return text === undefined ? '' : text.toLocaleString('en-US', { maximumFractionDigits: 6 });
}
