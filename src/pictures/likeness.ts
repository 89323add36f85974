/** Size of the images, in pixels. */
interface Shape {
  readonly height: number;
  readonly width: number;
}

/** The distribution of the training images' strokes, and from where on strokes are unlike them. */
export interface Likeness {
  /** Of each statistic: [statistics] */
  readonly mean: readonly number[];
  /** Their covariances, the lower triangle row by row: [statistics * (statistics + 1) / 2] */
  readonly covariance: readonly number[];
  /** Squared distance from the mean that 1 of 200 images exceeds; from other images than mean and covariances. */
  readonly limit: number;
}

/** Number of statistics of an image. */
export const STATISTICS = 12;
/** Share of the images for the limit that are within it. */
const WITHIN = 0.995;
const FEWEST_IMAGES = 200;

/**
 * What strokes an image has: how much ink, in which quarters of the image, how thick and how soft they are, and how often
 * a line across or down meets them. Twelve numbers say little about which digit it is, so a digit in new handwriting is
 * like the others; but textures, blobs, scribbles and things that are no writing have other strokes.
 *
 * @param ink 0 to 255, 0 for none: [height, width]
 * @returns [STATISTICS]
 */
function statisticsOf(ink: Uint8Array, { height, width }: Shape): Float64Array {
  const area = height * width;
  const quarters = [0, 0, 0, 0];
  let [total, edges, soft] = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const value = ink[i] ?? 0;
      const quarter = 2 * Number(y >= height / 2) + Number(x >= width / 2);
      quarters[quarter] = (quarters[quarter] ?? 0) + value / 255 / area;
      total += value / 255;
      if (x + 1 < width) edges += Math.abs(value - (ink[i + 1] ?? 0)) / 255;
      if (y + 1 < height) edges += Math.abs(value - (ink[i + width] ?? 0)) / 255;
      if (value > 51 && value < 204) soft += 1;
    }
  }
  const across = crossings(ink, { lines: height, between: width, length: width, step: 1 });
  const down = crossings(ink, { lines: width, between: 1, length: height, step: width });
  return Float64Array.of(
    ...quarters,
    Math.sqrt(total / area),
    edges / area,
    total / (edges + 1),
    soft / (edges + 1),
    across.mean,
    across.most,
    down.mean,
    down.most,
  );
}

interface Lines {
  readonly lines: number;
  readonly between: number;
  readonly length: number;
  readonly step: number;
}

/** How often a line enters ink: the mean over lines that meet any, and the most. */
function crossings(ink: Uint8Array, { lines, between, length, step }: Lines) {
  let [sum, met, most] = [0, 0, 0];
  for (let line = 0; line < lines; line++) {
    let count = 0;
    let inside = false;
    for (let i = 0; i < length; i++) {
      const inked = (ink[line * between + i * step] ?? 0) > 127;
      if (inked && !inside) count += 1;
      inside = inked;
    }
    sum += count;
    met += Number(count > 0);
    most = Math.max(most, count);
  }
  return { mean: sum / Math.max(1, met), most };
}

/**
 * Learns what strokes images have: mean and covariances from every other image, the limit from the rest.
 * @param images 0 to 255, 0 for no ink: [height, width] each
 * @returns null where there are too few images, or they do not differ
 */
export function likenessOf(images: readonly Uint8Array[], shape: Shape): Likeness | null {
  if (images.length < FEWEST_IMAGES) return null;
  const all = images.map((image) => statisticsOf(image, shape));
  const learned = all.filter((_, i) => i % 2 === 0);
  const mean = Array.from({ length: STATISTICS }, (_, j) => rounded(average(learned, (row) => row[j] ?? 0)));
  const covariance: number[] = [];
  for (let j = 0; j < STATISTICS; j++) {
    for (let k = 0; k <= j; k++) {
      const product = (row: Float64Array) =>
        ((row[j] ?? 0) - (mean[j] ?? 0)) * ((row[k] ?? 0) - (mean[k] ?? 0));
      covariance.push(rounded(average(learned, product)));
    }
  }
  const factor = factorOf(covariance);
  const distances = all.filter((_, i) => i % 2 === 1).map((statistics) => distance(statistics, mean, factor));
  const limit = distances.sort((a, b) => a - b)[Math.floor(WITHIN * distances.length)] ?? 0;
  return Number.isFinite(limit) && limit > 0 ? { mean, covariance, limit: rounded(limit) } : null;
}

/**
 * How unlike the training images an image's strokes are: its squared Mahalanobis distance from their mean
 * (Mahalanobis, "On the generalised distance in statistics", 1936) over the limit, so that values above 1 are unlike.
 *
 * @param ink 0 to 255, 0 for none: [height, width]
 */
export function unlikeness(ink: Uint8Array, shape: Shape, { mean, covariance, limit }: Likeness): number {
  return distance(statisticsOf(ink, shape), mean, factorOf(covariance)) / limit;
}

/** Cholesky factor L of covariances, L L^T: the lower triangle row by row. */
function factorOf(covariance: readonly number[]): Float64Array {
  const factor = new Float64Array(covariance.length);
  for (let j = 0; j < STATISTICS; j++) {
    const row = (j * (j + 1)) / 2;
    for (let k = 0; k <= j; k++) {
      const other = (k * (k + 1)) / 2;
      let value = covariance[row + k] ?? 0;
      for (let i = 0; i < k; i++) value -= (factor[row + i] ?? 0) * (factor[other + i] ?? 0);
      // A statistic that hardly varies, given the others, must not make an image unlike.
      const least = 1e-6 + 1e-3 * (covariance[row + j] ?? 0);
      factor[row + k] = k < j ? value / (factor[other + k] ?? 1) : Math.sqrt(Math.max(value, least));
    }
  }
  return factor;
}

/** The squared length of z, where L z is the difference from the mean. */
function distance(statistics: Float64Array, mean: readonly number[], factor: Float64Array): number {
  const z = new Float64Array(STATISTICS);
  let sum = 0;
  for (let j = 0; j < STATISTICS; j++) {
    const row = (j * (j + 1)) / 2;
    let difference = (statistics[j] ?? 0) - (mean[j] ?? 0);
    for (let k = 0; k < j; k++) difference -= (factor[row + k] ?? 0) * (z[k] ?? 0);
    const along = difference / (factor[row + j] ?? 1);
    z[j] = along;
    sum += along * along;
  }
  return sum;
}

function average(rows: readonly Float64Array[], value: (row: Float64Array) => number): number {
  return rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
}

/** Five digits are more precise than statistics of a few thousand images. */
function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
