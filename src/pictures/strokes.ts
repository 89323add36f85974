import {
  type Box,
  boxAround,
  type Component,
  componentsOf,
  contains,
  gapBetween,
  longestSide,
} from './components.ts';
import { type Contrast, grainOf, meanOfHigh } from './contrast.ts';
import type { Region } from './morphology.ts';

/** Ink is at least this much darker, or lighter, than the ground. */
const LEAST_CONTRAST = 0.04;
/** Grain of the ground stays below this many of its standard deviations. */
const GRAIN = 6;
/** A stroke ends where its ink falls below this share of its middle's ink. */
const EDGE = 0.4;
/** Parts of a digit are not fainter, on average, than this share of its greatest part. */
const FAINTEST_PART = 0.6;
/** Parts of a digit have at least this share of its greatest part's ink: what has less is a speck. */
const LEAST_PART = 0.03;
/** Parts of a digit are no farther from each other than this share of its size. */
const WIDEST_GAP = 0.25;
/** Ink has edges along at least this share of its outline. */
const LEAST_SHARPNESS = 0.7;
/** A digit's side is at least this share of the picture's. */
const LEAST_SIDE = 0.02;
/** Digits are written aslant: neighbours may overlap sideways by this share of their height. */
const SLANT = 0.1;
/** The gap between a digit and one below it is at least this share of their height: breaks in strokes are shorter. */
const STACKED_GAP = 0.06;
/** A second digit has at least this share of the first one's height, or width, and of its ink. */
const SIMILAR = 0.5;

/** Strokes that make up a digit, found in one of a picture's contrasts. */
export interface Strokes {
  /** Their pixels have their labels in `labels`. */
  readonly parts: readonly Component[];
  readonly labels: Int32Array;
  /** The box around all parts. */
  readonly box: Box;
  /** Contrast of the strokes' middle lines. */
  readonly contrast: number;
  /** Share of the greatest part's outline where the brightness itself has an edge. */
  readonly sharpness: number;
  /** Whether there is another group of strokes of similar size. */
  readonly several: boolean;
}

/**
 * Finds the digit in a contrast: the connected strokes with the most ink, and the parts near them that are large enough.
 * Neither frames around other ink nor specks are part of it.
 *
 * @param smoothed brightness: [height, width]
 */
export function findStrokes(
  { ink: contrast, scale }: Contrast,
  smoothed: Float32Array,
  region: Region,
  width: number,
): Strokes | undefined {
  const height = contrast.length / width;
  const { level, deviation } = grainOf(contrast, region);
  const grain = Math.max(LEAST_CONTRAST, level + GRAIN * deviation);
  const above = contrast.filter((value) => value > grain);
  if (above.length === 0) return undefined;
  const high = meanOfHigh(above);
  const threshold = Math.max(grain, EDGE * high);
  const found = componentsOf((i) => (contrast[i] ?? 0) > threshold, contrast, width);
  const large = found.components.filter(
    (component) => longestSide(component) >= Math.max(3, Math.ceil(LEAST_SIDE * Math.max(width, height))),
  );
  const sharpnesses = new Map(
    large.map((component) => [component, sharpness(component, found.labels, smoothed, scale, width, high)]),
  );
  const sharp = large.filter((component) => (sharpnesses.get(component) ?? 0) >= LEAST_SHARPNESS);
  const inner = withoutFrames(sharp, found.labels, width);
  const [main, ...others] = inner.toSorted((a, b) => b.mass - a.mass);
  if (!main) return undefined;
  const inside = (component: Component) => isInside(component, width, height);
  const near = partsNear(main, inside(main) ? others.filter(inside) : others);
  const { parts, others: beside } = mainGroup(near);
  const box = boxAround(parts);
  const far = others.filter((component) => !near.includes(component));
  const several =
    beside.length > 0 || far.some((component) => isSimilar(component, main, box) && inside(component));
  return { parts, labels: found.labels, box, contrast: high, sharpness: sharpnesses.get(main) ?? 0, several };
}

/**
 * Share of a component's outline where the brightness itself has an edge. Where it has none, only the
 * estimate of the ground jumps: the component is a piece of the ground that happens to be narrow.
 */
function sharpness(
  component: Component,
  labels: Int32Array,
  smoothed: Float32Array,
  scale: Float32Array,
  width: number,
  contrast: number,
): number {
  const reach = Math.max(1, Math.round(longestSide(component) / 16));
  const height = labels.length / width;
  let [outline, sharp] = [0, 0];
  for (let y = component.top; y < component.top + component.height; y++) {
    for (let x = component.left; x < component.left + component.width; x++) {
      const i = y * width + x;
      if (labels[i] !== component.label) continue;
      for (const [dx, dy] of DIRECTIONS) {
        const [u, v] = [x + reach * dx, y + reach * dy];
        if (u < 0 || v < 0 || u >= width || v >= height || labels[i + dx + dy * width] === component.label)
          continue;
        outline += 1;
        const step = Math.abs((smoothed[v * width + u] ?? 0) - (smoothed[i] ?? 0));
        if (step > 0.12 * contrast * (scale[i] ?? 1)) sharp += 1;
      }
    }
  }
  return outline === 0 ? 1 : sharp / outline;
}

/**
 * How far a frame reaches inwards from its box, in pixels; undefined for no frame. A frame is a component that lies along
 * nearly all of each side of its box. A digit may touch the frame, and be part of the same component.
 */
export function frameWidth(component: Component, labels: Int32Array, width: number): number | undefined {
  const { left, top, width: across, height: down, label } = component;
  const deepest = Math.round(0.12 * Math.min(across, down));
  const sides = [
    { length: across, at: (n: number, depth: number) => (top + depth) * width + left + n },
    { length: across, at: (n: number, depth: number) => (top + down - 1 - depth) * width + left + n },
    { length: down, at: (n: number, depth: number) => (top + n) * width + left + depth },
    { length: down, at: (n: number, depth: number) => (top + n) * width + left + across - 1 - depth },
  ];
  let most = 0;
  for (const { length, at } of sides) {
    const ends: number[] = [];
    for (let n = 0; n < length; n++) {
      let depth = 0;
      while (depth < deepest && labels[at(n, depth)] !== label) depth += 1;
      if (depth === deepest) continue;
      while (depth < deepest && labels[at(n, depth)] === label) depth += 1;
      if (depth < deepest) ends.push(depth);
    }
    if (ends.length < 0.75 * length) return undefined;
    ends.sort((a, b) => a - b);
    most = Math.max(most, ends[Math.floor(ends.length / 2)] ?? 0);
  }
  return most + 2;
}

const DIRECTIONS = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
] as const;

/** Where a component is a frame around others, only those are kept. */
function withoutFrames(
  components: readonly Component[],
  labels: Int32Array,
  width: number,
): readonly Component[] {
  for (const frame of components.toSorted((a, b) => longestSide(b) - longestSide(a))) {
    const inside = components.filter(
      (component) =>
        component !== frame &&
        longestSide(component) >= 0.2 * longestSide(frame) &&
        contains(frame, component) &&
        isEnclosed(component, frame, labels, width),
    );
    if (inside.length > 0) return withoutFrames(inside, labels, width);
  }
  return components;
}

/** Whether rays from a component's middle meet the frame in nearly all directions. */
function isEnclosed(component: Component, frame: Component, labels: Int32Array, width: number): boolean {
  const directions = 16;
  let met = 0;
  for (let n = 0; n < directions; n++) {
    const angle = (2 * Math.PI * n) / directions;
    let x = component.left + component.width / 2;
    let y = component.top + component.height / 2;
    while (
      x >= frame.left &&
      y >= frame.top &&
      x < frame.left + frame.width &&
      y < frame.top + frame.height
    ) {
      if (labels[Math.floor(y) * width + Math.floor(x)] === frame.label) {
        met += 1;
        break;
      }
      x += Math.cos(angle) / 2;
      y += Math.sin(angle) / 2;
    }
  }
  return met >= directions - 2;
}

/** The component with the most ink and those near it, directly or by way of others. */
function partsNear(main: Component, others: readonly Component[]): readonly Component[] {
  const parts = [main];
  let left = others.filter(
    (other) =>
      other.mass >= LEAST_PART * main.mass &&
      other.mass / other.area >= (FAINTEST_PART * main.mass) / main.area &&
      !contains(other, main),
  );
  for (;;) {
    const reach = WIDEST_GAP * longestSide(boxAround(parts));
    const near = new Set(
      left.filter((component) => parts.some((part) => gapBetween(part, component) <= reach)),
    );
    if (near.size === 0) return parts;
    parts.push(...near);
    left = left.filter((component) => !near.has(component));
  }
}

/** Separates digits side by side, or one above the other, and keeps the one with the most ink. */
function mainGroup(parts: readonly Component[]): {
  readonly parts: readonly Component[];
  readonly others: readonly Component[];
} {
  const [main] = parts;
  const slanted = SLANT * boxAround(parts).height;
  for (const [first, second] of [
    ...cuts(parts, acrossOf, slanted),
    ...cuts(parts, downOf, 0).filter(areStacked),
  ]) {
    const [a, b] = [boxAround(first).height, boxAround(second).height];
    const [inkA, inkB] = [inkOf(first), inkOf(second)];
    const alike =
      Math.min(a, b) >= 0.7 * Math.max(a, b) && Math.min(inkA, inkB) >= 0.25 * Math.max(inkA, inkB);
    if (!alike) continue;
    const mine = first.some((part) => part === main) ? first : second;
    return { parts: mine, others: mine === first ? second : first };
  }
  return { parts, others: [] };
}

/** Whether two groups are two digits and not one with broken strokes: about as high as wide, and clearly apart. */
function areStacked([upper, lower]: Cut): boolean {
  const [a, b] = [boxAround(upper), boxAround(lower)];
  const gap = b.top - (a.top + a.height);
  return (
    gap >= STACKED_GAP * Math.max(a.height, b.height) &&
    [a, b].every(({ width, height }) => height >= 0.75 * width)
  );
}

type Cut = readonly [Component[], Component[]];

const acrossOf = ({ left, width }: Box) => ({ start: left, end: left + width });
const downOf = ({ top, height }: Box) => ({ start: top, end: top + height });

/** All ways to part components by a straight line that they reach over by less than `overlap` pixels. */
function cuts(
  parts: readonly Component[],
  extent: (box: Box) => { start: number; end: number },
  overlap: number,
): Cut[] {
  const sorted = parts.toSorted((a, b) => extent(a).start - extent(b).start);
  let end = Number.NEGATIVE_INFINITY;
  return sorted.flatMap((part, i): Cut[] => {
    const apart = i > 0 && extent(part).start > end - overlap;
    end = Math.max(end, extent(part).end);
    return apart ? [[sorted.slice(0, i), sorted.slice(i)]] : [];
  });
}

function inkOf(components: readonly Component[]): number {
  return components.reduce((sum, { mass }) => sum + mass, 0);
}

function isSimilar(component: Component, main: Component, box: Box): boolean {
  return component.mass >= 0.25 * main.mass && longestSide(component) >= SIMILAR * longestSide(box);
}

/** Whether a component is clear of the picture's edges: one at an edge may be part of something larger. */
function isInside({ left, top, width, height }: Box, right: number, bottom: number): boolean {
  return left > 0 && top > 0 && left + width < right && top + height < bottom;
}
