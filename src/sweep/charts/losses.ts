import { valueAxis } from '../../report/axes.ts';
import { average } from '../../report/numpy.ts';
import { colors } from '../../report/palette.ts';
import { centredTitle, chartStyle, textWidth } from '../../report/style.ts';
import type { ReportedNetwork, SweepReport } from '../report.ts';
import { SETTINGS, type SettingName, settingValue } from '../settings.ts';
import { type AxisScale, axisScale, numberAxis } from './axis-scale.ts';
import { axesOf, type SizedChart, subjectOf } from './subject.ts';

const WIDTH = 1000;
/** Of a single panel. */
const NARROW = 640;
const MOST_COLUMNS = 3;
const TOP = 84;
const PANEL = { height: 250, left: 76, right: 16, bottom: 96 };
const FONT = 12;
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
  const row = PANEL.height + PANEL.bottom;
  const losses = networks.flatMap(({ validation }) => validation?.loss ?? []);
  const scale = numberAxis(losses);
  const panels = settings.map((name) => panelOf(networks, name, scale.max));
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
        const tick = x.type === 'category' ? widest(x.data) : 0;
        const rotate = x.type === 'category' && tick * x.data.length > room ? 45 : 0;
        return {
          ...x,
          gridIndex,
          name,
          nameLocation: 'middle' as const,
          nameGap: rotate === 0 ? 30 : 24 + Math.ceil(0.71 * tick),
          nameTextStyle: { color: ink, fontSize: 13 },
          axisLabel: {
            color: muted,
            fontSize: FONT,
            rotate,
            ...(x.type === 'category' ? { interval: 0 } : { hideOverlap: true }),
          },
          axisLine: { show: true, onZero: false, lineStyle: { color: muted } },
          splitLine: { show: false },
        };
      }),
      yAxis: panels.map((_, i) => ({
        ...valueAxis(i % columns === 0 ? 'Validation loss' : '', i, palette),
        ...scale,
      })),
      series: panels.flatMap(({ points, medians, diverged }, i) => {
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
  readonly medians: Point[];
  readonly diverged: Point[];
}

/** @param top where those that diverged are marked */
function panelOf(networks: readonly ReportedNetwork[], setting: SettingName, top: number): Panel {
  const scale = axisScale(networks.map(({ settings }) => settingValue(settings, setting)));
  const placed = networks.map(({ settings, validation }) => ({
    x: scale.place(settingValue(settings, setting)),
    loss: validation?.loss ?? null,
  }));
  const points = placed.flatMap(({ x, loss }): Point[] => (loss === null ? [] : [[x, loss]]));
  const places = scale.axis.type === 'category' ? [...scale.axis.data.keys()] : [];
  return {
    name: SETTINGS[setting].name,
    x: scale.axis,
    points,
    medians: places.flatMap((place): Point[] => {
      const losses = points.filter(([x]) => x === place).map(([, loss]) => loss);
      return losses.length > 1 ? [[place, medianOf(losses)]] : [];
    }),
    diverged: placed.flatMap(({ x, loss }): Point[] => (loss === null ? [[x, top]] : [])),
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return average([sorted[Math.floor(middle)] ?? 0, sorted[Math.ceil(middle)] ?? 0]);
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => textWidth(text, FONT) + 8));
}
