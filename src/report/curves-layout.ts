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
 * @param free what stays free above the chart's upper panels, right of each panel, and between each and what is above it
 */
export function curvesPanels(
  { width, height }: ChartSize,
  { top, right, above = 0 }: { readonly top: number; readonly right: number; readonly above?: number },
): readonly [Box, Box] {
  if (width < NARROW) {
    const room = (height - top - 12) / 2;
    const panel = { left: LEFT, width: width - LEFT - right, height: room - above - BELOW };
    return [
      { ...panel, top: top + above },
      { ...panel, top: top + 12 + room + above },
    ];
  }
  const panel = {
    top: top + above,
    width: Math.floor(width / 2 - LEFT - right),
    height: height - top - above - BELOW,
  };
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

/** What is written above a panel about one place of its width, or about several that lie close together. */
export interface Flag {
  /** The first and the last of the places that it is about; its pole stands at the first. */
  readonly first: number;
  readonly last: number;
  readonly text: string;
  /** Its left edge, in pixels. */
  readonly left: number;
  /** 0 for the row next to the panel. */
  readonly row: number;
}

/** What flags may take up: their rows, and from where to where they may reach. */
export interface FlagRoom {
  readonly left: number;
  readonly right: number;
  readonly rows: number;
}

/** Between a flag's pole and its text, and between two texts of a row. */
const POLE_GAP = 4;
/** Poles nearer than this have one flag. */
const TOGETHER = 4;

/**
 * Flags for places along a panel, in rows above it, so that no text covers another, or another's pole. Each stands right of its
 * pole, or left of it where that would leave the room. Where there is no room for all, neighbours share a flag, the nearest
 * first.
 *
 * @param places in pixels, ascending
 * @param texts what may be said of the places from one to another, the longest first; the last is taken where room is short
 * @param widthOf the width of a text, in pixels
 */
export function flags(
  places: readonly number[],
  room: FlagRoom,
  texts: (first: number, last: number) => readonly [long: string, short: string],
  widthOf: (text: string) => number,
): readonly Flag[] {
  let groups: Group[] = [];
  for (const [i, at] of places.entries()) {
    const first = groups.at(-1)?.first ?? i;
    const isNear = first < i && at - (places[first] ?? 0) < TOGETHER;
    if (isNear) groups.pop();
    groups.push({ first: isNear ? first : i, last: i });
  }
  while (groups.length > 0) {
    for (const length of [0, 1] as const) {
      const found = placed(groups, room, (group) => {
        const text = texts(group.first, group.last)[length];
        return { at: places[group.first] ?? 0, text, width: widthOf(text) };
      });
      if (found) return found;
    }
    if (groups.length === 1) return [];
    groups = withNearestMerged(groups, places);
  }
  return [];
}

interface Group {
  readonly first: number;
  readonly last: number;
}

/** Flags for all groups; null where there is no room for one. */
function placed(
  groups: readonly Group[],
  { left, right, rows }: FlagRoom,
  describe: (group: Group) => { readonly at: number; readonly text: string; readonly width: number },
): readonly Flag[] | null {
  const done: (Flag & { readonly at: number; readonly end: number })[] = [];
  // From the right: a flag whose room is taken by the next one goes into the row above, where its pole passes no text.
  for (const group of groups.toReversed()) {
    const { at, text, width } = describe(group);
    const candidates = [at + POLE_GAP, at - POLE_GAP - width].flatMap((from) =>
      Array.from({ length: rows }, (_, row) => ({ ...group, text, left: from, row, at, end: from + width })),
    );
    const found = candidates.find(
      (flag) =>
        flag.left >= left &&
        flag.end <= right &&
        done.every((other) =>
          flag.row === other.row
            ? flag.end + POLE_GAP < other.left || other.end + POLE_GAP < flag.left
            : flag.row < other.row
              ? !passes(other.at, flag)
              : !passes(flag.at, other),
        ),
    );
    if (!found) return null;
    done.unshift(found);
  }
  return done.map(({ at: _, end: __, ...flag }) => flag);
}

function passes(pole: number, { left, end }: { readonly left: number; readonly end: number }): boolean {
  return pole > left - POLE_GAP && pole < end + POLE_GAP;
}

function withNearestMerged(groups: readonly Group[], places: readonly number[]): Group[] {
  const gap = (i: number): number =>
    (places[groups[i + 1]?.first ?? 0] ?? 0) - (places[groups[i]?.first ?? 0] ?? 0);
  let nearest = 0;
  for (let i = 1; i < groups.length - 1; i++) if (gap(i) < gap(nearest)) nearest = i;
  return groups.flatMap((group, i) => {
    if (i === nearest + 1) return [];
    return [i === nearest ? { first: group.first, last: groups[i + 1]?.last ?? group.last } : group];
  });
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
