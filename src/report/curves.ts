import type { EpochRecord, History } from '../train/history.ts';
import { valueAxis } from './axes.ts';
import type { ChartOption } from './chart-option.ts';
import { average } from './numpy.ts';
import { type Colors, colors, type Theme } from './palette.ts';
import { centredTitle, chartStyle } from './style.ts';

/** Loss and accuracy over a short stretch of training. */
export interface RunningPoint {
  /** The stretch's end, in epochs from the start: 0.5 is the middle of the first epoch. */
  readonly epoch: number;
  /** Mean over the stretch's samples, in nats. */
  readonly loss: number;
  /** Share of the stretch's samples that were told right, 0 to 1. */
  readonly accuracy: number;
}

/** How training curves are drawn. */
export interface CurvesOptions {
  /** Above the chart. Default: none. */
  readonly title?: string;
  /** Default `light`. */
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
/** How much of its ground a band covers. */
const BAND_OPACITY = 0.22;

/** What several networks have after an epoch. */
interface Across {
  readonly epoch: number;
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

/**
 * Loss and accuracy over the epochs as an ECharts option of two panels; validation where there is any. Of several
 * networks it is the mean over those that trained the epoch, and a band from the least to the greatest. Leave out those
 * that diverged: what they had before would hide the others.
 *
 * @example
 * ```ts
 * import { openDevice, syntheticDigits, Trainer } from 'shadegrad/node';
 * import { curvesOption, renderSvg } from 'shadegrad/charts';
 *
 * const { device } = await openDevice();
 * const data = syntheticDigits({ train: 1024, test: 256 });
 * const trainer = await Trainer.create(device, data, { hidden: [32], models: 3 });
 * for await (const _ of trainer.fit({ epochs: 2 }));
 * const histories = trainer.networks.map(({ history }) => history);
 * const svg = await renderSvg(curvesOption(histories, { title: 'Three seeds' }), { width: 860, height: 380 });
 * console.log(svg.length);
 * device.destroy();
 * ```
 */
export function curvesOption(
  trained: History | readonly History[],
  options: CurvesOptions = {},
): ChartOption {
  const { title = '', theme = 'light', width = 860, running = [] } = options;
  const palette = colors(theme);
  const style = chartStyle(theme);
  const stacked = width < 560;
  const top = title === '' ? 46 : 84;
  const sideBySide = { width: Math.floor((width - 2 * LEFT - 36) / 2), top, bottom: 58 };
  const networks = isSeveral(trained) ? trained : [trained];
  const records = networks.flat();
  // The legend of several networks takes two lines there.
  const heights =
    networks.length > 1
      ? { upper: { top: '20%', height: '24%' }, lower: { top: '63%', height: '25%' } }
      : { upper: { top: '15%', height: '27%' }, lower: { top: '61%', height: '27%' } };
  const epochs = [...new Set(records.map(({ epoch }) => epoch))].sort((a, b) => a - b);
  const axis = {
    first: running.length > 0 ? 0 : (epochs[0] ?? 0),
    last: Math.max(options.epochs ?? 1, Math.ceil(running.at(-1)?.epoch ?? 1), epochs.at(-1) ?? 1),
  };
  const validated = records.some(({ valLoss }) => valLoss !== null);
  const kinds = curveKinds(networks.length, palette).slice(0, validated ? 2 : 1);
  const band = `${networks.length} networks, least to most`;
  // The first batches are far off: once there are epochs, they set the scale and the line comes in from outside.
  const accuracies = records.flatMap(({ accuracy, valAccuracy }) => [accuracy, valAccuracy ?? accuracy]);
  const losses = running.length === 0 ? [] : records.flatMap(({ loss, valLoss }) => [loss, valLoss ?? loss]);
  const panels = [
    {
      name: 'Loss',
      scale: lossScale(losses),
      running: running.map(({ epoch, loss }) => [epoch, loss]),
      curves: [across(records, ({ loss }) => loss), across(records, ({ valLoss }) => valLoss)],
      grid: stacked ? { left: LEFT, right: 20, ...heights.upper } : { left: LEFT, ...sideBySide },
    },
    {
      name: 'Accuracy (%)',
      scale: accuracyScale(records.length > 0 ? accuracies : running.map(({ accuracy }) => accuracy)),
      running: running.map(({ epoch, accuracy }) => [epoch, 100 * accuracy]),
      curves: [
        across(records, ({ accuracy }) => 100 * accuracy),
        across(records, ({ valAccuracy }) => (valAccuracy === null ? null : 100 * valAccuracy)),
      ],
      grid: stacked ? { left: LEFT, right: 20, ...heights.lower } : { right: 24, ...sideBySide },
    },
  ];
  return {
    ...style,
    title: centredTitle(title, width, palette.ink),
    legend: {
      // Without the thin line, which needs no words beside the other two.
      data: [
        ...(records.length > 0 ? kinds.map(({ name }) => name) : []),
        ...(records.length > 0 && networks.length > 1 ? [bandInLegend(band, palette)] : []),
      ],
      top: title === '' ? 14 : 42,
      itemGap: 24,
      itemWidth: 34,
      textStyle: { color: palette.ink },
    },
    tooltip: { ...style.tooltip, trigger: 'axis', valueFormatter: shown },
    grid: panels.map(({ grid }) => ({ ...grid, outerBoundsMode: 'none' as const })),
    xAxis: panels.map((_, gridIndex) => epochAxis(axis, gridIndex, palette)),
    yAxis: panels.map(({ name, scale }, gridIndex) => ({ ...valueAxis(name, gridIndex, palette), ...scale })),
    series: panels.flatMap(({ curves, running }, panel) => [
      ...(running.length === 0 ? [] : [runningLine(running, panel, palette)]),
      ...kinds.flatMap((kind, i) => {
        const curve = curves[i] ?? [];
        if (curve.length === 0) return [];
        return [
          {
            type: 'line' as const,
            xAxisIndex: panel,
            yAxisIndex: panel,
            data: curve.map(({ epoch, mean }) => [epoch, mean]),
            showSymbol: epochs.length <= 30,
            ...(networks.length > 1 && { tooltip: { valueFormatter: meanAndRange(curve) } }),
            ...kind,
          },
          ...(networks.length > 1 ? bandSeries(band, curve, panel, kind.color) : []),
        ];
      }),
    ]),
  };
}

function isSeveral(trained: History | readonly History[]): trained is readonly History[] {
  return trained.some(Array.isArray);
}

/** How the curves of training and of validation are drawn. */
function curveKinds(networks: number, { training, validation }: Colors) {
  const what = networks > 1 ? ', mean' : '';
  return [
    {
      name: `Training${what}`,
      color: training,
      lineStyle: { width: 2, type: 'solid' },
      symbol: 'circle',
      symbolSize: 6,
    },
    {
      name: `Validation${what}`,
      color: validation,
      lineStyle: { width: 2, type: 'dashed' },
      symbol: 'diamond',
      symbolSize: 8,
    },
  ] as const;
}

/** What the networks that trained an epoch have after it, first epoch to last; epochs without a value are left out. */
function across(records: readonly EpochRecord[], pick: (record: EpochRecord) => number | null): Across[] {
  const byEpoch = new Map<number, number[]>();
  for (const record of records) {
    const value = pick(record);
    if (value === null) continue;
    const values = byEpoch.get(record.epoch);
    if (values) values.push(value);
    else byEpoch.set(record.epoch, [value]);
  }
  return [...byEpoch]
    .map(([epoch, values]) => ({
      epoch,
      mean: average(values),
      least: Math.min(...values),
      most: Math.max(...values),
    }))
    .sort((a, b) => a.epoch - b.epoch);
}

/** From the least to the greatest: two lines that are not seen, one on top of the other, and the area between them. */
function bandSeries(name: string, curve: readonly Across[], panel: number, color: string) {
  const common = {
    type: 'line' as const,
    name,
    xAxisIndex: panel,
    yAxisIndex: panel,
    color,
    symbol: 'none',
    silent: true,
    tooltip: { show: false },
    z: 1,
  };
  const [first] = curve;
  if (first && curve.length === 1) {
    // There is no area over a lone epoch.
    const { epoch, least, most } = first;
    const lineStyle = { width: 16, opacity: BAND_OPACITY };
    return [
      {
        ...common,
        data: [
          [epoch, least],
          [epoch, most],
        ],
        lineStyle,
      },
    ];
  }
  const stack = `${color} ${panel}`;
  const lineStyle = { opacity: 0 };
  return [
    { ...common, stack, lineStyle, data: curve.map(({ epoch, least }) => [epoch, least]) },
    {
      ...common,
      stack,
      lineStyle,
      areaStyle: { color, opacity: BAND_OPACITY },
      data: curve.map(({ epoch, least, most }) => [epoch, most - least]),
    },
  ];
}

function bandInLegend(name: string, { training }: Colors) {
  return { name, icon: 'rect', itemStyle: { color: training, opacity: BAND_OPACITY } };
}

/** A value of a tooltip. */
function shown(value: unknown): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(4))) : '';
}

function meanAndRange(curve: readonly Across[]) {
  return (value: unknown, index: number): string => {
    const { least, most } = curve[index] ?? {};
    return `${shown(value)} (${shown(least)} to ${shown(most)})`;
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

/** An axis of epochs; it has a tick for each where there are few. */
export function epochAxis(
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
