import type { NetworkSettings } from '../model/network-settings.ts';
import { valueAxis } from './axes.ts';
import type { ChartOption } from './chart-option.ts';
import { average } from './numpy.ts';
import { type Colors, colors, type Theme } from './palette.ts';
import { type ChartSize, centredTitle, chartStyle, textWidth } from './style.ts';
import { percent } from './text.ts';

/** A network's settings and how well it did. */
export interface StripNetwork extends NetworkSettings {
  /** On the test samples; null where it diverged. */
  readonly test: {
    /** 0 to 1. */
    readonly accuracy: number;
  } | null;
}

/** How a strip plot is drawn. */
export interface StripOptions {
  /** Above the chart. Default: none. */
  readonly title?: string;
  /** Accuracy of all networks together, 0 to 1: a line across the chart. */
  readonly ensemble?: number;
  /** Default `light`. */
  readonly theme?: Theme;
  /** Of the chart as it will be drawn, in pixels; what {@link stripSize} says by default. */
  readonly width?: number;
  /** Of the chart as it will be drawn, in pixels; what {@link stripSize} says by default. */
  readonly height?: number;
}

/** The networks that differ in their seeds alone. */
interface Setting {
  readonly name: string;
  readonly networks: readonly StripNetwork[];
}

const LEFT = 72;
const RIGHT = 24;
const TICK_FONT = 12;
const LINE = 16;
const POINT = 8;

/** A size at which a strip plot of these networks reads well. */
export function stripSize(networks: readonly StripNetwork[]): ChartSize {
  const { settings } = settingsOf(networks);
  const width = Math.min(Math.max(560, LEFT + RIGHT + 110 * settings.length), 1400);
  return { width, height: 372 + columnTicks(settings, width).height };
}

/**
 * The accuracies of networks as an ECharts option of a strip plot: a point for each network, side by side where they
 * would hide one another, and a column with its mean for each learning rate and weight decay.
 */
export function stripOption(networks: readonly StripNetwork[], options: StripOptions = {}): ChartOption {
  const { title = '', theme = 'light', ensemble } = options;
  const { width, height } = { ...stripSize(networks), ...options };
  const palette = colors(theme);
  const style = chartStyle(theme);
  const { settings, names } = settingsOf(networks);
  const accuracies = networks.flatMap(({ test }) => (test ? 100 * test.accuracy : []));
  const scale = closeScale(ensemble === undefined ? accuracies : [...accuracies, 100 * ensemble]);
  const ticks = columnTicks(settings, width);
  const top = title === '' ? 46 : 84;
  const bottom = ticks.height + 42;
  const pixels = {
    x: columnWidth(settings, width),
    y: (height - top - bottom) / (scale.max - scale.min),
  };
  return {
    ...style,
    title: centredTitle(title, width, palette.ink),
    legend: {
      data: [
        'One network',
        { name: 'Mean', icon: 'path://M0,0H34V4H0Z' },
        // The line without the point that ECharts puts on it.
        ...(ensemble === undefined ? [] : [{ name: 'Ensemble', itemStyle: { opacity: 0 } }]),
      ],
      top: title === '' ? 14 : 42,
      itemGap: 24,
      itemWidth: 34,
      textStyle: { color: palette.ink },
    },
    tooltip: { ...style.tooltip, trigger: 'item', formatter: tooltipText },
    grid: { left: LEFT, right: RIGHT, top, bottom, outerBoundsMode: 'none' },
    xAxis: columnAxis(names, settings.length, ticks, palette),
    yAxis: { ...valueAxis('Test accuracy (%)', 0, palette), ...scale },
    series: [
      {
        type: 'scatter',
        name: 'One network',
        symbolSize: POINT,
        color: palette.training,
        itemStyle: { opacity: 0.7 },
        data: settings.flatMap((setting, column) => points(setting, column + 0.5, pixels)),
      },
      {
        type: 'scatter',
        name: 'Mean',
        symbol: 'rect',
        symbolSize: [Math.min(64, 0.7 * pixels.x), 3],
        color: palette.ink,
        z: 3,
        data: settings.flatMap((setting, column) => {
          const mean = meanOf(setting);
          if (mean === null) return [];
          const name = `${setting.name}: mean ${percent(mean)}`;
          return { name, value: [column + 0.5, 100 * mean] };
        }),
      },
      ...(ensemble === undefined ? [] : [ensembleLine(100 * ensemble, settings.length, palette)]),
    ],
  };
}

/** By learning rate, then by weight decay; named by what they differ in, or by their learning rate. */
function settingsOf(networks: readonly StripNetwork[]): { settings: Setting[]; names: string } {
  const differ = (what: 'learningRate' | 'weightDecay') =>
    new Set(networks.map((network) => network[what])).size > 1;
  const [rates, decays] = [differ('learningRate'), differ('weightDecay')];
  const nameOf = ({ learningRate, weightDecay }: NetworkSettings) =>
    [...(rates || !decays ? [learningRate] : []), ...(decays ? [weightDecay] : [])].join(' / ');
  const sorted = networks.toSorted(
    (a, b) => a.learningRate - b.learningRate || a.weightDecay - b.weightDecay,
  );
  return {
    settings: [...new Set(sorted.map(nameOf))].map((name) => ({
      name,
      networks: sorted.filter((network) => nameOf(network) === name),
    })),
    names: rates && decays ? 'Learning rate / weight decay' : decays ? 'Weight decay' : 'Learning rate',
  };
}

/** Of those that did not diverge; null where all did. */
function meanOf({ networks }: Setting): number | null {
  const accuracies = networks.flatMap(({ test }) => test?.accuracy ?? []);
  return accuracies.length === 0 ? null : average(accuracies);
}

/** From a round number below the least of `percents` to one above the greatest, 100 at most, in about five steps. */
function closeScale(percents: readonly number[]): { min: number; max: number; interval: number } {
  if (percents.length === 0) return { min: 0, max: 100, interval: 20 };
  const [least, most] = [Math.min(...percents), Math.max(...percents)];
  const step = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10].find((step) => (most - least) / step <= 4.5) ?? 20;
  const round = (steps: number) => Number((step * steps).toPrecision(12));
  const max = Math.min(100, round(Math.floor(most / step) + 1));
  return { min: Math.max(0, round(Math.ceil(least / step) - 1)), max, interval: step };
}

/** In pixels, of a chart of this width. */
function columnWidth(settings: readonly Setting[], width: number): number {
  return (width - LEFT - RIGHT) / Math.max(settings.length, 1);
}

/** What stands below each column, and how high it is. */
interface ColumnTicks {
  readonly labels: readonly string[];
  readonly rotate: 0 | 90;
  readonly height: number;
}

/** Each setting's name, and below it, where there is room, its mean and how many networks diverged. */
function columnTicks(settings: readonly Setting[], width: number): ColumnTicks {
  const column = columnWidth(settings, width);
  const labels = settings.map((setting) => {
    const mean = meanOf(setting);
    const diverged = setting.networks.filter(({ test }) => test === null).length;
    return [
      setting.name,
      ...(mean === null ? [] : [`mean ${percent(mean)}`]),
      ...(diverged === 0 ? [] : [`${diverged} diverged`]),
    ];
  });
  const widest = (texts: readonly string[]) =>
    Math.max(0, ...texts.map((text) => textWidth(text, TICK_FONT)));
  if (widest(labels.flat()) <= column) {
    const lines = Math.max(1, ...labels.map(({ length }) => length));
    return { labels: labels.map((lines) => lines.join('\n')), rotate: 0, height: LINE * lines };
  }
  const names = settings.map(({ name }) => name);
  if (widest(names) <= column) return { labels: names, rotate: 0, height: LINE };
  const every = Math.ceil(LINE / column);
  return {
    labels: names.map((name, i) => (i % every === 0 ? name : '')),
    rotate: 90,
    height: Math.ceil(widest(names)),
  };
}

/** Columns stand at 0.5, 1.5, ... */
function columnAxis(name: string, columns: number, ticks: ColumnTicks, { ink, muted }: Colors) {
  return {
    type: 'value',
    min: 0,
    max: Math.max(columns, 1),
    interval: 0.5,
    name,
    nameLocation: 'middle',
    nameGap: ticks.height + 14,
    nameTextStyle: { color: ink, fontSize: 13 },
    axisLabel: {
      color: muted,
      fontSize: TICK_FONT,
      lineHeight: LINE,
      rotate: ticks.rotate,
      hideOverlap: false,
      formatter: (place: number) => ticks.labels[place - 0.5] ?? '',
    },
    axisLine: { show: true, onZero: false, lineStyle: { color: muted } },
    axisTick: { show: false },
    splitLine: { show: false },
  } as const;
}

/**
 * A column's networks, each moved aside as far as it must be so as not to hide those placed before it, and no further
 * than the column is wide.
 *
 * @param pixels to a column, and to a percent
 */
function points(
  { name, networks }: Setting,
  column: number,
  pixels: { readonly x: number; readonly y: number },
) {
  const placed: { x: number; y: number }[] = [];
  const most = Math.max(0, Math.floor((0.45 * pixels.x) / POINT));
  const tested = networks.flatMap(({ seed, test }) => (test ? { seed, accuracy: test.accuracy } : []));
  return tested
    .sort((a, b) => a.accuracy - b.accuracy)
    .map(({ seed, accuracy }) => {
      const y = 100 * accuracy * pixels.y;
      const near = placed.filter((other) => Math.abs(other.y - y) < POINT);
      const isFree = (x: number) => near.every((other) => Math.hypot(other.x - x, other.y - y) >= POINT);
      // 0, 1, -1, 2, -2, ...
      const places = Array.from({ length: 2 * most + 1 }, (_, i) => POINT * (i % 2 ? (i + 1) / 2 : -i / 2));
      const x = places.find(isFree) ?? (places[placed.length % places.length] as number);
      placed.push({ x, y });
      return {
        name: `${name}, seed ${seed}: ${percent(accuracy)}`,
        value: [column + x / pixels.x, 100 * accuracy],
      };
    });
}

function ensembleLine(accuracy: number, columns: number, { validation }: Colors) {
  return {
    type: 'line' as const,
    name: 'Ensemble',
    data: [
      [0, accuracy],
      [columns, accuracy],
    ],
    color: validation,
    lineStyle: { width: 2, type: 'dashed' as const },
    symbol: 'none',
    silent: true,
    tooltip: { show: false },
  };
}

function tooltipText(parameters: unknown): string {
  const { name } = parameters as { name: string };
  return name;
}
