import type { EpochRecord, History, RateChangeRecord } from '../train/history.ts';
import { valueAxis } from './axes.ts';
import type { ChartOption } from './chart-option.ts';
import {
  type Box,
  curvesPanels,
  type Flag,
  flags,
  freePlace,
  meets,
  type Path,
  type Point,
  spread,
} from './curves-layout.ts';
import { average } from './numpy.ts';
import { type Colors, colors, type Theme } from './palette.ts';
import { accuracyScale, logLossScale, lossScale, type Scale, stretched } from './scales.ts';
import { centredTitle, chartStyle, textWidth } from './style.ts';

/** Loss and accuracy over a short stretch of training. */
export interface RunningPoint {
  /** The stretch's end, in epochs from the start: 0.5 is the middle of the first epoch. */
  readonly epoch: number;
  /** Mean over the stretch's samples, in nats. */
  readonly loss: number;
  /** Share of the stretch's samples that were told right, 0 to 1. */
  readonly accuracy: number;
}

/** Another training's curves, to compare with. */
export interface GhostCurves {
  /** What it is called. */
  readonly name: string;
  /** Its epochs, or those of its networks, of which the mean is drawn. */
  readonly trained: History | readonly History[];
}

/** How training curves are drawn. */
export interface CurvesOptions {
  /** Above the chart. Default: none. */
  readonly title?: string;
  /** Default `light`. */
  readonly theme?: Theme;
  /** Of the chart as it will be drawn, in pixels; the panels are stacked below 560. 860 by default. */
  readonly width?: number;
  /** Of the chart as it will be drawn, in pixels. 380 by default. */
  readonly height?: number;
  /** Drawn as a thin line behind the epochs, for whom an epoch is too long to wait for. */
  readonly running?: readonly RunningPoint[];
  /** Where the axis of epochs ends, if no curve goes further; the last epoch trained by default. */
  readonly epochs?: number;
  /** Whether the axis of losses is logarithmic; a loss of 0 then lies on its lower edge. False by default. */
  readonly logLoss?: boolean;
  /** Drawn as thin grey lines: in validation where both they and what was trained have any, else in training. */
  readonly ghosts?: readonly GhostCurves[];
  /**
   * Where the learning rate was changed while it trained, first to last: each is an upright line with the new rate above it. As
   * `rateChangesIn` has them of a report, and the field `rateChanges` of a `Trainer`. Default: none.
   */
  readonly rateChanges?: readonly RateChangeRecord[];
}

/** How much of its ground a band covers. */
const BAND_OPACITY = 0.22;
/** Text of the legend and of the values at the lines' ends. */
const FONT = 12;
/** Between two of those values. */
const LABEL_LINE = 15;
/** Between the panel and those values. */
const LABEL_GAP = 7;
const LEGEND = { line: 18, symbol: 30, gap: 5 };
/** The rates above a panel: their text, their rows, and what is free below them. */
const RATES = { font: 11, line: 14, rows: 3, gap: 4 };

/** What several networks have after an epoch. */
interface Across {
  readonly epoch: number;
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

/** What a panel is about. */
interface Measure {
  readonly name: string;
  readonly training: (record: EpochRecord) => number;
  readonly validation: (record: EpochRecord) => number | null;
  readonly running: (point: RunningPoint) => number;
  /** @param line what is drawn thin behind the curves, of which `values` are */
  readonly scale: (values: readonly number[], line: readonly number[]) => Scale;
  readonly log: boolean;
  /** A value as its line's end says it. */
  readonly said: (value: number) => string;
}

/** How a curve is drawn. */
interface Kind {
  readonly name: string;
  readonly color: string;
  /** From the end of an epoch to where the values that it has are drawn. */
  readonly shift: number;
  readonly lineStyle: { readonly width: number; readonly type: 'solid' | 'dashed' };
  readonly symbol: string;
  readonly symbolSize: number;
}

interface Curve {
  readonly kind: Kind;
  readonly points: readonly Across[];
}

/** What is written at the right edge, at the height of a line's end. */
interface EndLabel {
  readonly text: string;
  readonly color: string;
  /** Where the line ends: its epoch and its value. */
  readonly end: Point;
}

/** A panel with all that is drawn in it. */
interface Panel {
  readonly measure: Measure;
  readonly scale: Scale;
  readonly running: readonly Point[];
  readonly ghosts: readonly Curve[];
  readonly curves: readonly Curve[];
  readonly labels: readonly EndLabel[];
  /** Upright lines, where the rate was changed. */
  readonly changes: readonly RateChangeRecord[];
}

/**
 * Loss and accuracy over the epochs as an ECharts option of two panels; validation where there is any. What an epoch has in
 * training is a mean over its samples, each as the network was when their turn came: it is drawn in the epoch's middle.
 * Validation is measured after the epoch, with the network as it then is: it is drawn at the epoch's end. Right of each panel
 * stands what every line ends with.
 *
 * Of several networks it is the mean over those that trained the epoch, and a band from the least to the greatest. Leave out
 * those that diverged: what they had before would hide the others.
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
  const { title = '', theme = 'light', width = 860, height = 380, running = [], ghosts = [] } = options;
  const { rateChanges: changes = [] } = options;
  const palette = colors(theme);
  const style = chartStyle(theme);
  const networks = isSeveral(trained) ? trained : [trained];
  const records = networks.flat();
  const epochs = new Set(records.map(({ epoch }) => epoch)).size;
  const ghostRecords = ghosts.map(({ trained }) => (isSeveral(trained) ? trained.flat() : trained));
  const last = lastOf([...records, ...ghostRecords.flat()]);
  const axis = {
    last: Math.max(options.epochs ?? 1, Math.ceil(running.at(-1)?.epoch ?? 1), last, 1),
  };
  const panels = measures(options.logLoss ?? false).map((measure) =>
    panelOf(measure, { records, networks: networks.length, running, ghosts, ghostRecords, changes, palette }),
  );
  const several = networks.length > 1;
  const [first] = panels;
  const names = records.length > 0 ? (first?.curves ?? []).map(({ kind }) => kind.name) : [];
  const band = `${networks.length} networks, least to most`;
  const entries = [...names, ...(names.length > 0 && several ? [band] : [])];
  const legend = {
    width: LEGEND.symbol + LEGEND.gap + widest(entries),
    height: LEGEND.line * entries.length,
  };
  const labels = panels.flatMap((panel) => panel.labels.map(({ text }) => text));
  // Names may be cut, values are not.
  const room = Math.min(Math.max(widest(labels), 38), Math.max(0.15 * width, widest(['0.00123'])));
  const right = LABEL_GAP + room + 4;
  const top = title === '' ? 14 : 46;
  const [bare] = curvesPanels({ width, height }, { top, right });
  const named = rateFlags(changes, axis, bare, right);
  const rows = named.reduce((most, { row }) => Math.max(most, row + 1), 0);
  const over = rows === 0 ? 0 : rows * RATES.line + RATES.gap;
  const inside = curvesPanels({ width, height }, { top, right, above: over });
  const place = names.length === 0 ? null : legendPlace(legend, panels, inside, axis);
  // Where it is above, in one line if it fits.
  const line = entries.reduce((sum, entry) => sum + LEGEND.symbol + 24 + widest([entry]), 0);
  const inLine = !place && line <= width;
  const above = names.length === 0 || place ? 0 : (inLine ? LEGEND.line : legend.height) + 8;
  const boxes = curvesPanels({ width, height }, { top: top + above, right, above: over });
  return {
    ...style,
    title: centredTitle(title, width, palette.ink),
    legend: {
      // Without the thin line, which needs no words beside the other two.
      data: [...names, ...(names.length > 0 && several ? [bandInLegend(band, palette)] : [])],
      orient: inLine ? 'horizontal' : 'vertical',
      left: place?.left ?? Math.max(0, (width - (inLine ? line : legend.width)) / 2),
      top: place?.top ?? top,
      padding: 0,
      itemGap: inLine ? 18 : LEGEND.line - 14,
      itemWidth: LEGEND.symbol,
      backgroundColor: palette.background,
      textStyle: { color: palette.ink, fontSize: FONT },
    },
    tooltip: {
      ...style.tooltip,
      trigger: 'axis',
      formatter: tooltipText(panels, ghosts, several),
    },
    grid: boxes.map((box) => ({ ...box, outerBoundsMode: 'none' as const })),
    xAxis: panels.map((_, gridIndex) => epochAxis(axis, gridIndex, palette)),
    yAxis: panels.map((panel, gridIndex) => scaleAxis(panel, gridIndex, palette)),
    series: panels.flatMap((panel, i) => [
      ...(panel.running.length === 0 ? [] : [runningLine(panel, i, palette)]),
      ...panel.ghosts.map((ghost) => ghostLine(ghost, panel, i)),
      ...panel.curves.flatMap((curve) => [
        {
          ...lineOf(curve, panel, i),
          showSymbol: epochs <= 30,
        },
        ...(several ? bandSeries(band, curve, panel, i) : []),
      ]),
      ...endLabels(panel, i, boxes[i] ?? inside[0], { axis, room, palette }),
      ...cutMark(panel, i, boxes[i] ?? inside[0], { axis, palette }),
      ...rateMarks(named, panel, i, boxes[i] ?? inside[0], { axis, palette }),
    ]),
  };
}

function isSeveral(trained: History | readonly History[]): trained is readonly History[] {
  return trained.some(Array.isArray);
}

function lastOf(records: readonly EpochRecord[]): number {
  return records.reduce((last, { epoch }) => Math.max(last, epoch), 0);
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, textWidth(text, FONT)), 0);
}

function measures(logLoss: boolean): readonly Measure[] {
  return [
    {
      name: logLoss ? 'Loss (log scale)' : 'Loss',
      training: ({ loss }) => loss,
      validation: ({ valLoss }) => valLoss,
      running: ({ loss }) => loss,
      // A logarithmic axis has room for all.
      scale: logLoss
        ? (values, line) => logLossScale([...values, ...line.filter(Number.isFinite)])
        : (values, line) => lossScale([...values, ...stretched(line, values, 0)]),
      log: logLoss,
      said: (value) => (value === 0 ? '0' : value < 0.001 ? value.toExponential(1) : value.toPrecision(3)),
    },
    {
      name: 'Accuracy (%)',
      training: ({ accuracy }) => 100 * accuracy,
      validation: ({ valAccuracy }) => (valAccuracy === null ? null : 100 * valAccuracy),
      running: ({ accuracy }) => 100 * accuracy,
      scale: (values, line) =>
        accuracyScale([...values, ...stretched(line, values, 100)].map((value) => value / 100)),
      log: false,
      said: (value) => value.toFixed(2),
    },
  ];
}

function panelOf(
  measure: Measure,
  {
    records,
    networks,
    running,
    ghosts,
    ghostRecords,
    changes,
    palette,
  }: {
    readonly records: readonly EpochRecord[];
    readonly networks: number;
    readonly running: readonly RunningPoint[];
    readonly ghosts: readonly GhostCurves[];
    readonly ghostRecords: readonly (readonly EpochRecord[])[];
    readonly changes: readonly RateChangeRecord[];
    readonly palette: Colors;
  },
): Panel {
  const kinds = curveKinds(networks, palette);
  const curves = [
    { kind: kinds.training, points: across(records, measure.training) },
    { kind: kinds.validation, points: across(records, measure.validation) },
  ].filter(({ points }) => points.length > 0);
  const validated = records.length === 0 || curves.length > 1;
  const compared = ghosts.map(({ name }, i): Curve => {
    const of = ghostRecords[i] ?? [];
    const validation = validated ? across(of, measure.validation) : [];
    return validation.length > 0
      ? { kind: ghostKind(name, kinds.validation, palette), points: validation }
      : { kind: ghostKind(name, kinds.training, palette), points: across(of, measure.training) };
  });
  const drawn = [...curves, ...compared].flatMap(({ points }) =>
    points.flatMap(({ least, most }) => [least, most]),
  );
  const scale = measure.scale(drawn, running.map(measure.running));
  const thin = running.map((point): Point => [point.epoch, measure.running(point)]);
  const now = thin.at(-1);
  return {
    measure,
    scale,
    running: thin,
    ghosts: compared,
    curves,
    changes,
    labels: [
      ...curves.flatMap(({ kind, points }) => {
        const end = endOf(points, kind);
        return end ? [{ text: measure.said(end[1]), color: kind.color, end }] : [];
      }),
      // At the end of an epoch its mean says more.
      ...(now && Number.isFinite(now[1]) && now[0] > lastOf(records) + 1e-9
        ? [{ text: measure.said(now[1]), color: palette.running, end: now }]
        : []),
      ...compared.flatMap(({ kind, points }) => {
        const end = endOf(points, kind);
        return end ? [{ text: kind.name, color: palette.muted, end }] : [];
      }),
    ],
  };
}

function endOf(points: readonly Across[], { shift }: Kind): Point | undefined {
  const last = points.at(-1);
  return last && [last.epoch + shift, last.mean];
}

/** How the curves of training and of validation are drawn. */
function curveKinds(networks: number, { training, validation }: Colors) {
  const what = networks > 1 ? ', mean' : '';
  return {
    training: {
      name: `Training${what}`,
      color: training,
      shift: -0.5,
      lineStyle: { width: 2, type: 'solid' },
      symbol: 'circle',
      symbolSize: 6,
    },
    validation: {
      name: `Validation${what}`,
      color: validation,
      shift: 0,
      lineStyle: { width: 2, type: 'dashed' },
      symbol: 'diamond',
      symbolSize: 8,
    },
  } as const satisfies Readonly<Record<string, Kind>>;
}

function ghostKind(name: string, like: Kind, { ghost }: Colors): Kind {
  return { ...like, name, color: ghost, lineStyle: { ...like.lineStyle, width: 1.25 } };
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

/** Where an epoch and a value are in a panel, in pixels; values beyond the scale are at its edge. */
function placing(
  { measure, scale }: Panel,
  { left, top, width, height }: Box,
  axis: { readonly last: number },
): (point: Point) => Point {
  const of = (value: number): number => (measure.log ? Math.log(value) : value);
  return ([epoch, value]) => {
    const within = Math.min(Math.max(value, scale.min), scale.max);
    const share = (of(within) - of(scale.min)) / (of(scale.max) - of(scale.min));
    return [left + (width * epoch) / axis.last, top + height * (1 - share)];
  };
}

/** Where the legend covers no line; null where it would everywhere. Losses fall and accuracies rise. */
function legendPlace(
  size: { readonly width: number; readonly height: number },
  panels: readonly Panel[],
  boxes: readonly [Box, Box],
  axis: { readonly last: number },
): Box | null {
  const [loss, accuracy] = panels.map((panel, i) => {
    const box = boxes[i] ?? boxes[0];
    const place = placing(panel, box, axis);
    const lines = [
      panel.running,
      ...[...panel.ghosts, ...panel.curves].flatMap(({ kind, points }) =>
        (['mean', 'least', 'most'] as const).map((what) =>
          points.map((point): Point => [point.epoch + kind.shift, point[what]]),
        ),
      ),
      ...panel.labels.map(({ end }): Path => [end, [axis.last, end[1]]]),
      ...changeLines(panel),
    ];
    const cut = cutPlace(panel, box, axis);
    const paths = [...lines.map((line) => line.map(place)), ...(cut ? [outlineOf(cut.box)] : [])];
    return (first: 'top' | 'bottom') => freePlace(size, box, paths, first);
  });
  return loss?.('top') ?? accuracy?.('bottom') ?? null;
}

/** A point of a curve as ECharts takes it. On a logarithmic axis 0 has no place. */
function dataOf({ kind }: Curve, { measure, scale }: Panel, { epoch }: Across, value: number): number[] {
  return [epoch + kind.shift, measure.log ? Math.max(value, scale.min) : value];
}

function lineOf(curve: Curve, panel: Panel, index: number) {
  const { shift: _, ...look } = curve.kind;
  return {
    type: 'line' as const,
    xAxisIndex: index,
    yAxisIndex: index,
    data: curve.points.map((point) => dataOf(curve, panel, point, point.mean)),
    ...look,
  };
}

function ghostLine(ghost: Curve, panel: Panel, index: number) {
  return { ...lineOf(ghost, panel, index), symbol: 'none', silent: true };
}

/** The area from the least to the greatest. */
function bandSeries(name: string, curve: Curve, panel: Panel, index: number) {
  const { color } = curve.kind;
  const common = {
    type: 'line' as const,
    name,
    xAxisIndex: index,
    yAxisIndex: index,
    color,
    symbol: 'none',
    silent: true,
    tooltip: { show: false },
    z: 1,
  };
  const edge = (point: Across, what: 'least' | 'most') => dataOf(curve, panel, point, point[what]);
  const [first] = curve.points;
  if (first && curve.points.length === 1) {
    // There is no area over a lone epoch.
    const lineStyle = { width: 10, opacity: BAND_OPACITY };
    return [{ ...common, data: [edge(first, 'least'), edge(first, 'most')], lineStyle }];
  }
  // The outline as one line, there and back: what ECharts fills between it and the axis cancels out but for the inside.
  const outline = [
    ...curve.points.map((point) => edge(point, 'least')),
    ...curve.points.toReversed().map((point) => edge(point, 'most')),
  ];
  return [
    { ...common, data: outline, lineStyle: { opacity: 0 }, areaStyle: { color, opacity: BAND_OPACITY } },
  ];
}

function bandInLegend(name: string, { training }: Colors) {
  return { name, icon: 'rect', itemStyle: { color: training, opacity: BAND_OPACITY } };
}

function runningLine(panel: Panel, index: number, palette: Colors) {
  const { measure, scale, running } = panel;
  return {
    type: 'line' as const,
    name: 'Running',
    xAxisIndex: index,
    yAxisIndex: index,
    data: running.map(([epoch, value]) => [epoch, measure.log ? Math.max(value, scale.min) : value]),
    color: palette.running,
    lineStyle: { width: 1 },
    symbol: 'none',
    silent: true,
    tooltip: { show: false },
  };
}

/** What each line ends with, right of the panel; dots lead there from those that end earlier. */
function endLabels(
  panel: Panel,
  index: number,
  box: Box,
  {
    axis,
    room,
    palette,
  }: { readonly axis: { readonly last: number }; readonly room: number; readonly palette: Colors },
) {
  const place = placing(panel, box, axis);
  const most = Math.max(1, Math.floor(box.height / LABEL_LINE));
  const labels = panel.labels.slice(0, most);
  if (labels.length === 0) return [];
  const heights = labels.map(({ end }) => place(end)[1]);
  const places = spread(heights, LABEL_LINE, { least: box.top + 4, most: box.top + box.height - 4 });
  const value = ([, value]: Point): number => Math.min(Math.max(value, panel.scale.min), panel.scale.max);
  const common = { xAxisIndex: index, yAxisIndex: index, silent: true, tooltip: { show: false } };
  return [
    {
      ...common,
      type: 'line' as const,
      name: 'Leaders',
      // A gap in the line, from each to the next.
      data: labels.flatMap(({ end }) => [
        [end[0], value(end)],
        [axis.last, value(end)],
        [axis.last, '-'],
      ]),
      color: palette.muted,
      lineStyle: { width: 1, type: [1, 4], opacity: 0.8 },
      symbol: 'none',
      z: 1,
    },
    {
      ...common,
      type: 'scatter' as const,
      name: 'Ends',
      symbolSize: 1,
      color: 'transparent',
      itemStyle: { opacity: 1 },
      clip: false,
      data: labels.map(({ text, color, end }, i) => ({
        value: [axis.last, value(end)],
        label: {
          show: true,
          position: 'right' as const,
          distance: LABEL_GAP - 1,
          offset: [0, (places[i] ?? 0) - (heights[i] ?? 0)],
          formatter: () => fitted(text, room),
          color,
          fontSize: FONT,
        },
      })),
    },
  ];
}

/** Where the thin line leaves the panel, and how far it goes: what is said of it there, and its box. */
function cutPlace(
  panel: Panel,
  box: Box,
  axis: { readonly last: number },
): { readonly text: string; readonly box: Box; readonly upwards: boolean } | null {
  const { measure, scale, running, curves } = panel;
  if (measure.log) return null;
  const beyond = ([, value]: Point): number => Math.max(value - scale.max, scale.min - value);
  const [first, ...others] = running.filter((point) => beyond(point) > 0);
  if (!first) return null;
  const furthest = others.reduce((most, point) => (beyond(point) > beyond(most) ? point : most), first);
  const upwards = furthest[1] > scale.max;
  const text = `${upwards ? 'up to' : 'down to'} ${measure.said(furthest[1])}`;
  const place = placing(panel, box, axis);
  const [from] = place(furthest);
  const size = { width: textWidth(text, RATES.font), height: RATES.line };
  const top = upwards ? box.top + 2 : box.top + box.height - size.height - 2;
  const means = curves.map(({ kind, points }) =>
    points.map(({ epoch, mean }): Point => [epoch + kind.shift, mean]),
  );
  const paths = [running, ...means, ...changeLines(panel)].map((path) => path.map(place));
  const right = box.left + box.width - size.width;
  for (let left = from + 3; left <= right; left += 3) {
    const candidate = { left, top, ...size };
    if (!paths.some((path) => meets(path, candidate))) return { text, box: candidate, upwards };
  }
  return { text, box: { left: Math.min(from + 3, right), top, ...size }, upwards };
}

/** The upright lines within a panel. */
function changeLines({ changes, scale }: Panel): readonly Path[] {
  return changes.map(({ epoch }) => [
    [epoch, scale.min],
    [epoch, scale.max],
  ]);
}

function outlineOf({ left, top, width, height }: Box): Path {
  return [
    [left, top],
    [left + width, top],
    [left + width, top + height],
    [left, top + height],
    [left, top],
  ];
}

/** Says how far the thin line goes where the panel cuts it off. */
function cutMark(
  panel: Panel,
  index: number,
  box: Box,
  { axis, palette }: { readonly axis: { readonly last: number }; readonly palette: Colors },
) {
  const cut = cutPlace(panel, box, axis);
  if (!cut) return [];
  const { left, top, height } = cut.box;
  const edge = cut.upwards ? 0 : box.height;
  return [
    {
      ...textSeries('Cut', index),
      data: [
        textAt(
          [0, cut.upwards ? panel.scale.max : panel.scale.min],
          [left - box.left, top + height / 2 - (box.top + edge)],
          cut.text,
          palette.running,
        ),
      ],
    },
  ];
}

/** Texts at places, of a size of their own and nothing else. */
function textSeries(name: string, index: number) {
  return {
    type: 'scatter' as const,
    name,
    xAxisIndex: index,
    yAxisIndex: index,
    silent: true,
    tooltip: { show: false },
    symbolSize: 1,
    color: 'transparent',
    itemStyle: { opacity: 1 },
    clip: false,
  };
}

/** A text that begins so many pixels right of a point, and whose middle is so many below it. */
function textAt(value: Point, [right, below]: Point, text: string, color: string) {
  return {
    value: [...value],
    label: {
      show: true,
      position: 'right' as const,
      distance: 0,
      offset: [right, below],
      formatter: () => text,
      color,
      fontSize: RATES.font,
    },
  };
}

/** What is said above the panels of where the rate was changed, in pixels from a panel's left edge. */
function rateFlags(
  changes: readonly RateChangeRecord[],
  axis: { readonly last: number },
  { width }: Box,
  right: number,
): readonly Flag[] {
  return flags(
    changes.map(({ epoch }) => (width * epoch) / axis.last),
    { left: 0, right: width + right - 4, rows: RATES.rows },
    (first, last) => {
      const rate = rateText(changes[last]?.after ?? 0);
      // Of several, the last one holds from here on.
      const short = first === last ? rate : `… ${rate}`;
      return [`${short} from here`, short];
    },
    (text) => textWidth(text, RATES.font),
  );
}

/** A learning rate as a person would write it. */
function rateText(rate: number): string {
  return String(Number(rate.toPrecision(3)));
}

/** An upright line at each change of the rate, up to what is said of it. */
function rateMarks(
  named: readonly Flag[],
  panel: Panel,
  index: number,
  box: Box,
  { axis, palette }: { readonly axis: { readonly last: number }; readonly palette: Colors },
) {
  const { measure, scale, changes } = panel;
  if (changes.length === 0) return [];
  /** The value so many pixels above the panel. */
  const above = (pixels: number): number => {
    const share = 1 + pixels / box.height;
    if (measure.log) return scale.min * (scale.max / scale.min) ** share;
    return scale.min + (scale.max - scale.min) * share;
  };
  const heights = new Map(named.map(({ first, row }) => [first, RATES.gap + (row + 0.8) * RATES.line]));
  const epochOf = ({ first }: Flag): number => changes[first]?.epoch ?? 0;
  return [
    {
      type: 'line' as const,
      name: 'Rates',
      xAxisIndex: index,
      yAxisIndex: index,
      silent: true,
      tooltip: { show: false },
      clip: false,
      // A gap in the line, from each to the next.
      data: changes.flatMap(({ epoch }, i) => [
        [epoch, scale.min],
        [epoch, above(heights.get(i) ?? 0)],
        [epoch, '-'],
      ]),
      color: palette.muted,
      lineStyle: { width: 1, opacity: 0.8 },
      symbol: 'none',
      z: 1,
    },
    {
      ...textSeries('Rate texts', index),
      data: named.map((flag) =>
        textAt(
          [epochOf(flag), scale.max],
          [flag.left - (box.width * epochOf(flag)) / axis.last, -RATES.gap - (flag.row + 0.5) * RATES.line],
          flag.text,
          palette.muted,
        ),
      ),
    },
  ];
}

/** The text as far as there is room for it. */
function fitted(text: string, room: number): string {
  if (textWidth(text, FONT) <= room) return text;
  const characters = Array.from(text);
  while (characters.length > 0 && textWidth(`${characters.join('')}…`, FONT) > room) characters.pop();
  return `${characters.join('')}…`;
}

function tooltipText(panels: readonly Panel[], ghosts: readonly GhostCurves[], several: boolean) {
  return (parameters: unknown): string => {
    const [point] = [parameters].flat() as { readonly axisIndex: number; readonly axisValue: number }[];
    const panel = panels[point?.axisIndex ?? 0];
    // Training's point is in the middle of the epoch, validation's at its end: they are read together.
    const epoch = Math.ceil(point?.axisValue ?? 0);
    const lines = [...(panel?.curves ?? []), ...(panel?.ghosts ?? [])].flatMap(({ kind, points }) => {
      const at = points.find((each) => each.epoch === epoch);
      if (!at) return [];
      const range = several && !ghosts.some(({ name }) => name === kind.name);
      return [`${kind.name}: ${shown(at.mean)}${range ? ` (${shown(at.least)} to ${shown(at.most)})` : ''}`];
    });
    const rates = (panel?.changes ?? [])
      .filter((change) => Math.floor(change.epoch) === epoch - 1)
      .map(({ after }) => `Learning rate: ${rateText(after)} from here`);
    return [`Epoch ${epoch}`, ...lines, ...rates].join('\n');
  };
}

/** A value of a tooltip. */
function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function scaleAxis({ measure, scale }: Panel, gridIndex: number, palette: Colors) {
  const axis = valueAxis(measure.name, gridIndex, palette);
  const { min, max, ticks } = scale;
  return {
    ...axis,
    type: measure.log ? ('log' as const) : ('value' as const),
    min,
    max,
    axisTick: { customValues: [...ticks] },
    axisLabel: { ...axis.axisLabel, customValues: [...ticks] },
  };
}

/** An axis of epochs, from the start of the first to the end of the last; it has a tick for each where there are few. */
export function epochAxis({ last }: { readonly last: number }, gridIndex: number, { ink, muted }: Colors) {
  return {
    type: 'value',
    gridIndex,
    min: 0,
    max: last,
    minInterval: 1,
    ...(last < 12 ? { interval: 1 } : {}),
    name: 'Epoch',
    nameLocation: 'middle',
    nameGap: 30,
    nameTextStyle: { color: ink, fontSize: 13 },
    axisLabel: { color: muted, fontSize: 12 },
    axisLine: { show: true, onZero: false, lineStyle: { color: muted } },
    axisTick: { show: true },
    splitLine: { show: false },
  } as const;
}
