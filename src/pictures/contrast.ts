import { closing, opening, type Region, smooth } from './morphology.ts';
import type { Plane } from './plane.ts';

/** The ink that may cover each pixel. */
export interface Contrast {
  /** 0 for none: [height, width] */
  readonly ink: Float32Array;
  /** Difference in brightness that an ink of 1 makes: [height, width] */
  readonly scale: Float32Array;
}

/** One contrast for dark ink on light ground, one for light ink on dark. */
export interface Contrasts {
  readonly dark: Contrast;
  readonly light: Contrast;
  /** Brightness without the finest noise: [height, width]. */
  readonly smoothed: Float32Array;
}

/**
 * How much each pixel of a region differs from the ground around it. The ground is local (see {@link closing}), so
 * light may fall off, shadows have edges, and bars, masks and tables are wider than any stroke and are ground themselves.
 * Dark ink is measured as the share of light that it absorbs, which does not depend on how much light falls on the paper.
 *
 * @param widest strokes are narrower than this share of the picture's side; what is wider belongs to the ground
 */
export function contrastsOf(brightness: Plane, region: Region, widest: number): Contrasts {
  const side = Math.sqrt(brightness.width * brightness.height);
  const radius = Math.max(2, Math.round((widest * side) / 2));
  const { values: smoothed } = smooth(brightness, region, side < 100 ? 0 : side < 300 ? 1 : 2);
  const plane = { ...brightness, values: smoothed };
  const fine = side >= 100;
  const { values: closed } = closing(fine ? opening(plane, region, 1) : plane, region, radius);
  const { values: opened } = opening(fine ? closing(plane, region, 1) : plane, region, radius);
  let brightest = 0;
  for (let i = 0; i < closed.length; i++) if (region[i]) brightest = Math.max(brightest, closed[i] ?? 0);
  const least = Math.max(0.05, 0.2 * brightest);
  const count = smoothed.length;
  const dark = { ink: new Float32Array(count), scale: new Float32Array(count) };
  const light = {
    ink: new Float32Array(count),
    scale: new Float32Array(count).fill(Math.max(least, brightest)),
  };
  for (let i = 0; i < count; i++) {
    dark.scale[i] = Math.max(least, closed[i] ?? 0);
    if (!region[i]) continue;
    const value = smoothed[i] ?? 0;
    dark.ink[i] = Math.max(0, (closed[i] ?? 0) - value) / (dark.scale[i] ?? 1);
    light.ink[i] = Math.max(0, value - (opened[i] ?? 0)) / (light.scale[i] ?? 1);
  }
  return { dark, light, smoothed };
}

/** How much the ground itself varies: the grain of paper, the noise of a camera. */
export interface Grain {
  /** Median: half of the region is above it. */
  readonly level: number;
  /** Standard deviation about the level, as if normally distributed. */
  readonly deviation: number;
}

/** Median and median absolute deviation: ink covers far less than half of a picture, so it does not matter here. */
export function grainOf(contrast: Float32Array, region: Region): Grain {
  const level = medianOf((i) => contrast[i] ?? 0, region);
  return { level, deviation: 1.4826 * medianOf((i) => Math.abs((contrast[i] ?? 0) - level), region) };
}

/** The median of numbers from 0 to 1, to within a thousandth or so. */
function medianOf(value: (i: number) => number, region: Region): number {
  const counts = new Uint32Array(FINE_BINS);
  let total = 0;
  for (let i = 0; i < region.length; i++) {
    if (!region[i]) continue;
    const bin = Math.min(FINE_BINS - 1, Math.floor(value(i) * FINE_BINS));
    counts[bin] = (counts[bin] ?? 0) + 1;
    total += 1;
  }
  let below = 0;
  for (let bin = 0; bin < FINE_BINS; bin++) {
    below += counts[bin] ?? 0;
    if (below * 2 >= total) return bin / FINE_BINS;
  }
  return 0;
}

const BINS = 128;
const FINE_BINS = 2048;

/**
 * Splits numbers from 0 to 1 into low and high ones so that the two differ most from each other (Otsu, "A threshold
 * selection method from gray-level histograms", 1979).
 *
 * @returns the mean of the high ones
 */
export function meanOfHigh(values: Iterable<number>): number {
  const counts = new Float64Array(BINS);
  for (const value of values) {
    const bin = Math.min(BINS - 1, Math.floor(value * BINS));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  let [total, sum] = [0, 0];
  for (const [bin, count] of counts.entries()) {
    total += count;
    sum += count * bin;
  }
  let [low, lowSum, best, high] = [0, 0, -1, sum / total];
  for (const [bin, count] of counts.entries()) {
    low += count;
    lowSum += count * bin;
    if (low === 0 || low === total) continue;
    const means = [lowSum / low, (sum - lowSum) / (total - low)] as const;
    const between = low * (total - low) * (means[1] - means[0]) ** 2;
    if (between <= best) continue;
    best = between;
    high = means[1];
  }
  return (high + 0.5) / BINS;
}
