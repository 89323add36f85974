import type { Box, Component } from './components.ts';
import { contains, longestSide } from './components.ts';
import { type Contrast, contrastsOf } from './contrast.ts';
import type { Region } from './morphology.ts';
import type { Plane } from './plane.ts';
import { findStrokes, frameWidth, type Strokes } from './strokes.ts';

/**
 * Edges in large pictures are softer than in a dataset that was made from sharp scans. So ink below this share of the
 * strokes' ink counts as none, and above 1 minus this share as full: the box is that of the strokes, not of their blur.
 */
const BLUR = 0.08;
/** Digits up to this many pixels are about as large as a dataset's, with edges as soft. From twice as many, large. */
const SMALL = 28;
/** How deep sheets may be nested, e.g. a tile on a sheet of paper on a table. */
const MOST_SHEETS = 3;
/** Strokes are narrower than this share of the side of a picture. */
const STROKE = 0.35;

export interface Digit {
  /** Amount of ink, 0 to 1, of the digit's strokes alone, in a part of the picture: [height, width] */
  readonly ink: Plane;
  /** The box around the strokes, in the picture. */
  readonly box: Box;
  readonly several: boolean;
}

interface Reading extends Strokes {
  readonly contrastOf: Float32Array;
  /** Mean width of the strokes, in pixels. */
  readonly thickness: number;
}

/**
 * Finds the digit in a region of a picture, dark on light or light on dark; undefined where nothing stands out. Where
 * there are no strokes, it takes shapes that are wider than strokes.
 */
export function findDigit(brightness: Plane, region: Region): Digit | undefined {
  return look(brightness, region, MOST_SHEETS, STROKE) ?? look(brightness, region, 0, 1);
}

function look(brightness: Plane, region: Region, sheets: number, widest: number): Digit | undefined {
  const contrasts = contrastsOf(brightness, region, widest);
  const dark = read(contrasts.dark, region, contrasts.smoothed, brightness.width);
  const light = read(contrasts.light, region, contrasts.smoothed, brightness.width);
  for (const [outer, inner] of [
    [dark, light],
    [light, dark],
  ] as const) {
    if (sheets === 0 || !outer || !inner || !isSheet(outer, inner, brightness.width)) continue;
    const digit = findOn(outer, brightness, region, sheets);
    if (digit) return digit;
  }
  const reading = choose(dark, light);
  if (!reading) return undefined;
  const [main] = reading.parts;
  const frame = main && frameWidth(main, reading.labels, brightness.width);
  if (sheets > 0 && main && frame !== undefined) {
    const digit = findIn(inset(main, frame), brightness, region, sheets);
    if (digit) return digit;
  }
  return { ink: inkOf(reading, region, brightness), box: reading.box, several: reading.several };
}

/** The digit on a sheet. The sheet is a reading's greatest part, with everything inside it. */
function findOn(
  { parts, labels }: Reading,
  brightness: Plane,
  region: Region,
  sheets: number,
): Digit | undefined {
  const [sheet] = parts;
  if (!sheet) return undefined;
  const whole = filled(sheet, labels, brightness.width);
  const cropped = crop(brightness.values, brightness.width, sheet);
  const inside = crop(region, brightness.width, sheet).map((value, i) => value & (whole[i] ?? 0));
  const plane = { width: sheet.width, height: sheet.height, values: cropped };
  return within(look(plane, inside, sheets - 1, STROKE), sheet);
}

function findIn(box: Box, brightness: Plane, region: Region, sheets: number): Digit | undefined {
  const values = crop(brightness.values, brightness.width, box);
  const digit = look({ ...box, values }, crop(region, brightness.width, box), sheets - 1, STROKE);
  return within(digit, box);
}

/** A digit found within a box, if it is large enough compared with the box. */
function within(digit: Digit | undefined, { left, top, width, height }: Box): Digit | undefined {
  if (!digit || longestSide(digit.box) < 0.25 * Math.max(width, height)) return undefined;
  return { ...digit, box: { ...digit.box, left: digit.box.left + left, top: digit.box.top + top } };
}

function inset({ left, top, width, height }: Box, by: number): Box {
  return { left: left + by, top: top + by, width: width - 2 * by, height: height - 2 * by };
}

function crop<T extends Float32Array | Uint8Array>(values: T, width: number, box: Box): T {
  const cropped = values.slice(0, box.width * box.height) as T;
  for (let y = 0; y < box.height; y++) {
    const start = (box.top + y) * width + box.left;
    cropped.set(values.subarray(start, start + box.width), y * box.width);
  }
  return cropped;
}

function read(
  contrast: Contrast,
  region: Region,
  smoothed: Float32Array,
  width: number,
): Reading | undefined {
  const strokes = findStrokes(contrast, smoothed, region, width);
  return strokes && { ...strokes, contrastOf: contrast.ink, thickness: thicknessOf(strokes, width) };
}

function thicknessOf({ parts, labels }: Strokes, width: number): number {
  const inside = new Set(parts.map(({ label }) => label));
  let [area, edges] = [0, 0];
  for (const [i, label] of labels.entries()) {
    if (!inside.has(label)) continue;
    area += 1;
    if (labels[i + 1] !== label) edges += 1;
    if (labels[i - 1] !== label) edges += 1;
    if (labels[i + width] !== label) edges += 1;
    if (labels[i - width] !== label) edges += 1;
  }
  return (2 * area) / ((edges * Math.PI) / 4);
}

/**
 * Dark ink on light, or light on dark? The ground between a digit's strokes looks like ink of the other kind, but it is
 * smaller than the digit; so does narrow ground around the digit, but it is thicker for its length.
 */
function choose(dark: Reading | undefined, light: Reading | undefined): Reading | undefined {
  if (!dark || !light) return dark ?? light;
  if (dark.contrast > 2.5 * light.contrast) return dark;
  if (light.contrast > 2.5 * dark.contrast) return light;
  const [large, small] = longestSide(dark.box) >= longestSide(light.box) ? [dark, light] : [light, dark];
  if (longestSide(small.box) < 0.3 * longestSide(large.box)) return large;
  const slimmer = slimness(small) / slimness(large);
  return slimmer > (contains(large.box, small.box) ? 1.5 : 1) ? small : large;
}

/** Length of the strokes by their thickness; less where they are faint or a part of their outline is no edge. */
function slimness({ parts: [main], thickness, sharpness, contrast }: Reading): number {
  return main ? (contrast * sharpness ** 2 * longestSide(main)) / thickness : 0;
}

/**
 * Whether `outer` is a sheet of paper, a tile or the like that `inner` is on: a rectangle, at any angle, with parts wider
 * than the strokes of `inner`.
 */
function isSheet(outer: Reading, inner: Reading, width: number): boolean {
  const [main] = outer.parts;
  if (!main || outer.thickness < 1.2 * inner.thickness || !contains(main, inner.box)) return false;
  if (longestSide(inner.box) < 0.25 * longestSide(main)) return false;
  return rectangularity(filled(main, outer.labels, width), main) > 0.85;
}

/** Share of the smallest rectangle around a shape that the shape covers. */
function rectangularity(shape: Uint8Array, { width }: Box): number {
  const area = shape.reduce((sum, value) => sum + value, 0);
  const outline = [...shape.keys()].filter((i) => {
    const x = i % width;
    return (
      shape[i] &&
      !(x > 0 && x < width - 1 && shape[i - 1] && shape[i + 1] && shape[i - width] && shape[i + width])
    );
  });
  let smallest = Infinity;
  for (let degrees = 0; degrees < 90; degrees += 3) {
    const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    let left = Infinity;
    let right = -Infinity;
    let top = Infinity;
    let bottom = -Infinity;
    for (const i of outline) {
      const [x, y] = [i % width, Math.floor(i / width)];
      left = Math.min(left, cos * x + sin * y);
      right = Math.max(right, cos * x + sin * y);
      top = Math.min(top, cos * y - sin * x);
      bottom = Math.max(bottom, cos * y - sin * x);
    }
    smallest = Math.min(smallest, (right - left + 1) * (bottom - top + 1));
  }
  return area / smallest;
}

/** A component with its holes filled: 1 inside, [box.height, box.width]. */
function filled(
  { label, left, top, width: across, height: down }: Component,
  labels: Int32Array,
  width: number,
): Uint8Array {
  const [w, h] = [across + 2, down + 2];
  const outside = new Uint8Array(w * h);
  const waiting = [0];
  outside[0] = 1;
  for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
    const [x, y] = [i % w, Math.floor(i / w)];
    for (const [column, row] of [
      [x - 1, y],
      [x + 1, y],
      [x, y - 1],
      [x, y + 1],
    ] as const) {
      if (column < 0 || row < 0 || column >= w || row >= h || outside[row * w + column]) continue;
      const inBox = column > 0 && row > 0 && column < w - 1 && row < h - 1;
      if (inBox && labels[(row - 1 + top) * width + column - 1 + left] === label) continue;
      outside[row * w + column] = 1;
      waiting.push(row * w + column);
    }
  }
  return Uint8Array.from({ length: across * down }, (_, i) => {
    const [x, y] = [i % across, Math.floor(i / across)];
    return 1 - (outside[(y + 1) * w + x + 1] ?? 0);
  });
}

/** The strokes with their soft edges, and nothing else. */
function inkOf(reading: Reading, region: Region, { width, height }: Plane): Plane {
  const { parts, labels, contrastOf, box } = reading;
  const chosen = new Set(parts.map(({ label }) => label));
  const reach = Math.max(1, Math.round(longestSide(box) / 14));
  const around = near(labels, chosen, width, reach);
  const strokes = contrastOf.filter((_, i) => chosen.has(labels[i] ?? 0)).sort();
  const full = strokes[Math.floor(0.95 * strokes.length)] ?? 1;
  // Lines on the paper and the like: how strong they are is seen around the digit.
  const margin = Math.round(longestSide(box) / 4);
  const ground: number[] = [];
  for (let y = Math.max(0, box.top - margin); y < Math.min(height, box.top + box.height + margin); y++) {
    for (let x = Math.max(0, box.left - margin); x < Math.min(width, box.left + box.width + margin); x++) {
      const i = y * width + x;
      if (region[i] && !around[i] && !labels[i]) ground.push(contrastOf[i] ?? 0);
    }
  }
  ground.sort((a, b) => a - b);
  const noise = Math.min(0.4 * full, ground[Math.floor(0.95 * ground.length)] ?? 0);
  const blur = BLUR * Math.min(1, Math.max(0, longestSide(box) / SMALL - 1));
  const values = contrastOf.map((value, i) => {
    if (!around[i] || (labels[i] && !chosen.has(labels[i] ?? 0))) return 0;
    const ink = ((value - noise) / (full - noise) - blur) / (1 - 2 * blur);
    return Math.min(1, Math.max(0, ink));
  });
  return { width, height, values };
}

/** Pixels within `reach` of chosen components, in steps across and down. */
function near(labels: Int32Array, chosen: ReadonlySet<number>, width: number, reach: number): Uint8Array {
  const height = labels.length / width;
  const spread = new Uint8Array(labels.length);
  const inside = new Uint8Array(labels.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const label = labels[i] ?? 0;
      if (label === 0 || !chosen.has(label)) continue;
      spread.fill(1, i - Math.min(reach, x), i + Math.min(reach, width - 1 - x) + 1);
    }
  }
  for (let y = 0; y < height; y++) {
    for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v++) {
      for (let i = y * width, j = v * width; i < (y + 1) * width; i++, j++) {
        if (spread[i]) inside[j] = 1;
      }
    }
  }
  return inside;
}
