import type { ChartSize } from './style.ts';

/** An upright rectangle, in pixels. */
export interface Box extends ChartSize {
  /** Its left edge. */
  readonly left: number;
  /** Its upper edge. */
  readonly top: number;
}

/** A place, in pixels: x, y. */
export type Point = readonly [number, number];

/** A line of a chart, from point to point. */
export type Path = readonly Point[];

/** Room for the values left of a panel. */
const LEFT = 72;
/** Below a panel: the axis with its name. */
const BELOW = 54;
/** Of a chart whose panels are one below the other. */
const NARROW = 560;

/**
 * The two panels of training curves: side by side, or one below the other where the chart is narrow.
 *
 * @param top what stays free above them
 * @param right what stays free right of each
 */
export function curvesPanels({ width, height }: ChartSize, top: number, right: number): readonly [Box, Box] {
  if (width < NARROW) {
    const panel = { left: LEFT, width: width - LEFT - right, height: (height - top - 12) / 2 - BELOW };
    return [
      { ...panel, top },
      { ...panel, top: top + 12 + panel.height + BELOW },
    ];
  }
  const panel = { top, width: Math.floor(width / 2 - LEFT - right), height: height - top - BELOW };
  return [
    { ...panel, left: LEFT },
    { ...panel, left: width - right - panel.width },
  ];
}

/**
 * Moves places on a line apart until neighbours are `gap` from one another, each as little as may be, and all between `least`
 * and `most`, if there is room for them.
 *
 * @returns in the order of `places`
 */
export function spread(
  places: readonly number[],
  gap: number,
  { least, most }: { readonly least: number; readonly most: number },
): number[] {
  const order = [...places.keys()].sort((a, b) => (places[a] ?? 0) - (places[b] ?? 0));
  // Less what those before it need, places must not fall: neighbours that do so share their mean (isotonic regression).
  const blocks: { sum: number; count: number }[] = [];
  for (const [i, place] of order.entries()) {
    let block = { sum: (places[place] ?? 0) - i * gap, count: 1 };
    for (let last = blocks.at(-1); last && meanOf(last) >= meanOf(block); last = blocks.at(-1)) {
      blocks.pop();
      block = { sum: last.sum + block.sum, count: last.count + block.count };
    }
    blocks.push(block);
  }
  const highest = most - (places.length - 1) * gap;
  const moved = blocks.flatMap((block) =>
    new Array<number>(block.count).fill(Math.max(least, Math.min(highest, meanOf(block)))),
  );
  const result = new Array<number>(places.length).fill(0);
  for (const [i, place] of order.entries()) result[place] = (moved[i] ?? 0) + i * gap;
  return result;
}

function meanOf({ sum, count }: { readonly sum: number; readonly count: number }): number {
  return sum / count;
}

/**
 * Where in a panel a box of this size covers no line: in a corner, or else at an edge; null where it would everywhere. Those
 * at the side where training curves seldom are come first.
 *
 * @param first the edge to begin with
 */
export function freePlace(
  { width, height }: ChartSize,
  panel: Box,
  paths: readonly Path[],
  first: 'top' | 'bottom',
): Box | null {
  const margin = 8;
  const [right, below] = [panel.width - width - 2 * margin, panel.height - height - 2 * margin];
  if (right < 0 || below < 0) return null;
  for (const y of first === 'top' ? [0, 1, 0.5] : [1, 0, 0.5]) {
    for (const x of [1, 0.75, 0.5, 0.25, 0]) {
      const box = {
        left: Math.round(panel.left + margin + x * right),
        top: Math.round(panel.top + margin + y * below),
        width,
        height,
      };
      const grown = {
        left: box.left - margin,
        top: box.top - margin,
        width: width + 2 * margin,
        height: height + 2 * margin,
      };
      if (!paths.some((path) => meets(path, grown))) return box;
    }
  }
  return null;
}

/** Whether a line comes into a box. */
export function meets(path: Path, box: Box): boolean {
  return path.some((to, i) => segmentMeets(path[i - 1] ?? to, to, box));
}

/** Liang and Barsky, "A new concept and method for line clipping", ACM Transactions on Graphics 3 (1984). */
function segmentMeets([x, y]: Point, [toX, toY]: Point, { left, top, width, height }: Box): boolean {
  let [enters, leaves] = [0, 1];
  for (const [step, room] of [
    [x - toX, x - left],
    [toX - x, left + width - x],
    [y - toY, y - top],
    [toY - y, top + height - y],
  ] as const) {
    if (step === 0 && room < 0) return false;
    if (step < 0) enters = Math.max(enters, room / step);
    if (step > 0) leaves = Math.min(leaves, room / step);
  }
  return enters <= leaves;
}
