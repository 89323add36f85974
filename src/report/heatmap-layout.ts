import { type ChartSize, textWidth } from './style.ts';

/** Where the parts of a heatmap lie, in pixels. */
export interface HeatmapLayout extends ChartSize {
  /** The matrix's left edge. */
  readonly left: number;
  /** Its upper edge. */
  readonly top: number;
  /** Its side: it is square. */
  readonly side: number;
  /** Side of a cell. */
  readonly cell: number;
  /** Every how many classes one is named on the axis of predicted labels: 1 for all, more where names would overlap. */
  readonly columnStep: number;
  /** Every how many classes one is named on the axis of true labels: 1 for all. */
  readonly rowStep: number;
  /** Degrees by which the predicted labels are turned. */
  readonly rotation: 0 | 45 | 90;
  /** Distance of the name of the axis of predicted labels from the matrix. */
  readonly columnNameGap: number;
  /** Distance of the name of the axis of true labels from the matrix. */
  readonly rowNameGap: number;
  /** The colour bar right of the matrix. */
  readonly bar: ColourBar;
}

/** A heatmap's bar of colours, in pixels. */
export interface ColourBar {
  /** Distance from the matrix. */
  readonly gap: number;
  /** Of the bar itself. */
  readonly width: number;
  /** Right of it, for ticks and name. */
  readonly room: number;
  /** Whether it has a name: on a phone there is no room. */
  readonly named: boolean;
}

/** Size of the tick labels' text. */
export const TICK_FONT = 12;
/** Longer names are cut, with an ellipsis. */
export const LONGEST_NAME = 150;
const BAR: ColourBar = { gap: 18, width: 16, room: 74, named: true };
/** On a phone the matrix needs the room more than the bar does. */
const NARROW_BAR: ColourBar = { gap: 8, width: 10, room: 38, named: false };
const NARROW = 400;

const LINE = 15;
const TICK_GAP = 10;
const AXIS_NAME = 26;
const MARGIN = 14;
const TITLE = 44;

/** A size at which a matrix of these classes reads well: cells of 150 pixels for 2 classes, 57 for 10, 4 for 256. */
export function heatmapSize(labels: readonly string[], title = ''): ChartSize {
  const count = Math.max(labels.length, 1);
  const side = count * Math.round(Math.max(300, 1000 * (1 - Math.exp(-count / 12))) / count);
  const { left, right, top, bottom } = frame(labels, title, side / count, BAR);
  return { width: Math.ceil(left + side + right), height: Math.ceil(top + side + bottom) };
}

/**
 * Lays a heatmap out: the largest square that fits, in the middle.
 *
 * @param labels names of the classes, in the matrix's order
 * @param title above the matrix; empty for none
 * @param size of the picture
 */
export function heatmapLayout(
  labels: readonly string[],
  title: string,
  { width, height }: ChartSize,
): HeatmapLayout {
  const count = Math.max(labels.length, 1);
  const bar = width < NARROW ? NARROW_BAR : BAR;
  const largest = (cell: number): number => {
    const { left, right, top, bottom } = frame(labels, title, cell, bar);
    return Math.max(Math.floor(Math.min(width - left - right, height - top - bottom)), count);
  };
  const side = largest(largest(width / count) / count);
  const { left, right, top, ...names } = frame(labels, title, side / count, bar);
  return {
    width,
    height,
    left: Math.round(left + Math.max(0, (width - left - side - right) / 2)),
    top,
    side,
    cell: side / count,
    ...names,
    bar,
  };
}

/** The room that names, title and colour bar need around a matrix of cells of this side. */
function frame(labels: readonly string[], title: string, cell: number, bar: ColourBar) {
  const longest = labels.reduce((widest, label) => Math.max(widest, textWidth(label, TICK_FONT)), 0);
  const name = Math.min(longest, LONGEST_NAME);
  const level = name + 6 <= Math.max(cell, 42);
  const rotation = level ? 0 : cell >= 20 ? 45 : 90;
  const needed = rotation === 0 ? name + 6 : LINE;
  const labelHeight = rotation === 0 ? LINE : rotation === 90 ? name : name * Math.SQRT1_2 + LINE / 2;
  return {
    rotation,
    columnStep: Math.ceil(needed / cell),
    rowStep: Math.ceil(LINE / cell),
    columnNameGap: Math.ceil(labelHeight + TICK_GAP + 6),
    rowNameGap: Math.ceil(name + TICK_GAP + 8),
    left: Math.ceil(MARGIN + AXIS_NAME + TICK_GAP + name),
    right: bar.gap + bar.width + bar.room,
    top: title === '' ? MARGIN + 6 : TITLE,
    bottom: Math.ceil(labelHeight + TICK_GAP + AXIS_NAME + MARGIN),
  } as const;
}
