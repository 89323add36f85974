import { valueAxis } from '../../report/axes.ts';
import { average } from '../../report/numpy.ts';
import { colors } from '../../report/palette.ts';
import { centredTitle, chartStyle, textWidth } from '../../report/style.ts';
import type { ReportedNetwork, SweepReport } from '../report.ts';
import { listedValues, SETTINGS, type SettingName, settingText, settingValue } from '../settings.ts';
import { type AxisScale, axisScale, numberAxis } from './axis-scale.ts';
import { axesOf, type SizedChart, subjectOf } from './subject.ts';

const WIDTH = 1000;
/** Of a single panel. */
const NARROW = 640;
const MOST_COLUMNS = 3;
const TOP = 84;
const PANEL = { height: 250, left: 76, right: 16 };
/** Below the texts of an axis: its name, and room to the next row. */
const BELOW = 50;
const FONT = 12;
const LINE = 16;
const CROSS = 'path://M-4,-3L-3,-4L0,-1L3,-4L4,-3L1,0L4,3L3,4L0,1L-3,4L-4,3L-1,0Z';

/**
 * Validation loss against each setting: a panel for each, a point for each network, a bar for the median of those that have
 * the same value where values are few, and crosses at the top for those that diverged.
 */
export function lossesChart(report: SweepReport): SizedChart {
  const { networks } = report;
  const palette = colors('light');
  const { ink, muted } = palette;
  const settings = axesOf(report);
  const columns = Math.max(1, Math.min(MOST_COLUMNS, settings.length));
  const width = settings.length === 1 ? NARROW : WIDTH;
  const cell = Math.floor(width / columns);
  const room = cell - PANEL.left - PANEL.right;
  const losses = networks.flatMap(({ validation }) => validation?.loss ?? []);
  const scale = numberAxis(losses);
  const panels = settings.map((name) => panelOf(report, name, scale.max));
  const ticks = panels.map(({ x }) => ticksOf(x, room));
  const row = PANEL.height + Math.max(0, ...ticks.map(({ height }) => height)) + BELOW;
  return {
    width,
    height: TOP + row * Math.ceil(settings.length / columns),
    option: {
      ...chartStyle('light'),
      title: centredTitle(`${subjectOf(report)}, validation loss`, width, ink),
      legend: {
        top: 42,
        itemGap: 24,
        textStyle: { color: ink },
        data: [
          'One network',
          ...(panels.some(({ medians }) => medians.length > 0)
            ? [{ name: 'Median', icon: 'path://M0,0H34V4H0Z' }]
            : []),
          ...(panels.some(({ stopped }) => stopped.length > 0) ? ['Stopped by halving'] : []),
          ...(losses.length < networks.length ? ['Diverged'] : []),
        ],
      },
      grid: settings.map((_, i) => ({
        left: (i % columns) * cell + PANEL.left,
        top: TOP + Math.floor(i / columns) * row,
        width: room,
        height: PANEL.height,
        outerBoundsMode: 'none' as const,
      })),
      xAxis: panels.map(({ name, x }, gridIndex) => {
        const { height = 0, ...labels } = ticks[gridIndex] ?? {};
        return {
          ...x,
          gridIndex,
          name,
          nameLocation: 'middle' as const,
          nameGap: height + 14,
          nameTextStyle: { color: ink, fontSize: 13 },
          axisLabel: {
            color: muted,
            fontSize: FONT,
            ...labels,
            // Over categories there are their names, and settingText is for numbers.
            ...(x.type !== 'category' && { formatter: settingText }),
          },
          axisLine: { show: true, onZero: false, lineStyle: { color: muted } },
          splitLine: { show: false },
        };
      }),
      yAxis: panels.map((_, i) => ({
        ...valueAxis(i % columns === 0 ? 'Validation loss' : '', i, palette),
        ...scale,
        axisLine: { show: false },
        axisTick: { show: false },
      })),
      series: panels.flatMap(({ points, medians, stopped, diverged }, i) => {
        const axes = { type: 'scatter' as const, xAxisIndex: i, yAxisIndex: i, clip: false };
        return [
          {
            ...axes,
            name: 'One network',
            data: points,
            symbolSize: 7,
            color: palette.training,
            itemStyle: { opacity: 0.6 },
          },
          {
            ...axes,
            name: 'Stopped by halving',
            data: stopped,
            symbol: 'emptyCircle',
            symbolSize: 6,
            color: palette.training,
            itemStyle: { opacity: 0.6 },
          },
          { ...axes, name: 'Median', data: medians, symbol: 'rect', symbolSize: [26, 3], color: ink, z: 3 },
          {
            ...axes,
            name: 'Diverged',
            data: diverged,
            symbol: CROSS,
            symbolSize: 9,
            color: palette.validation,
          },
        ];
      }),
    },
  };
}

/** x, y */
type Point = [number, number];

interface Panel {
  readonly name: string;
  readonly x: AxisScale['axis'];
  readonly points: Point[];
  readonly stopped: Point[];
  readonly medians: Point[];
  readonly diverged: Point[];
}

/** @param top where those that diverged are marked */
function panelOf({ networks, file }: SweepReport, setting: SettingName, top: number): Panel {
  const scale = axisScale(
    networks.map(({ settings }) => settingValue(settings, setting)),
    listedValues(file, setting),
  );
  const placed = networks.map(({ settings, status, validation }) => ({
    status,
    point: [scale.place(settingValue(settings, setting)), validation?.loss ?? top] satisfies Point,
  }));
  const are = (kind: ReportedNetwork['status']) =>
    placed.filter(({ status }) => status === kind).map(({ point }): Point => point);
  const points = are('trained');
  const places = scale.axis.type === 'category' ? [...scale.axis.data.keys()] : [];
  return {
    name: SETTINGS[setting].name,
    x: scale.axis,
    points,
    stopped: are('stopped'),
    medians: places.flatMap((place): Point[] => {
      const losses = points.filter(([x]) => x === place).map(([, loss]) => loss);
      return losses.length > 1 ? [[place, medianOf(losses)]] : [];
    }),
    diverged: are('diverged'),
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return average([sorted[Math.floor(middle)] ?? 0, sorted[Math.ceil(middle)] ?? 0]);
}

/** How the texts of an axis are set so that none covers another, and how much room they take below it. */
function ticksOf(x: AxisScale['axis'], room: number) {
  if (x.type !== 'category') return { height: LINE, hideOverlap: true };
  const widest = Math.max(0, ...x.data.map((text) => textWidth(text, FONT)));
  const each = room / x.data.length;
  if (widest + 8 <= each) return { height: LINE, interval: 0 };
  return { height: Math.ceil(widest) + 4, rotate: 90, interval: Math.ceil(LINE / each) - 1 };
}
