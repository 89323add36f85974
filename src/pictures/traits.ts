import type { ImageShape, Samples } from '../data/dataset.ts';
import { fieldsOf } from '../json.ts';
import { type DigitForm, layoutOf } from './center.ts';
import { type Likeness, likenessOf, STATISTICS } from './likeness.ts';

/**
 * The traits of a model's training images that decide how a picture is prepared for the model. They are found by
 * {@link traitsOfImages} and kept in the model file.
 */
export interface ImageTraits {
  /** Light ink on a dark ground, as MNIST has it, or dark ink on light; null where not all have the same ground. */
  readonly ink: 'light' | 'dark' | null;
  /** How the digits lie; null where the images are not centred digits, and a picture is taken as a whole. */
  readonly digits: DigitForm | null;
  /** What strokes they have; null where that cannot be told: too few images, or images without a ground. */
  readonly likeness: Likeness | null;
}

/** At most this many images are looked at, evenly spaced. */
const SAMPLE = 2000;
/** Statements about the images hold for at least this share of them. */
const NEARLY_ALL = 0.95;
/** In an image with a ground, at least this share of the border's pixels is near black, or near white. */
const BORDER = 0.75;
const NEAR = 32;
/** Images in which no pixel has more ink than this are blank. */
const LEAST_INK = 64;
/** Strokes cover less than this share of their box, on average. */
const STROKES = 0.65;

/**
 * Finds what images are like, by statistics of at most 2,000 of them:
 *
 * - They have light ink where nearly all have a border that is mostly near black, dark ink where it is near white.
 * - They are centred digits where the box around the ink has, to a pixel, the same longest side in nearly all of them,
 *   with a margin about it; where the centre of the ink's mass, or else that of its box, is within 0.75 pixels of one
 *   place, as shifts by whole pixels leave it; and where the ink covers less than 65 % of its box on average.
 *   MNIST: 20 pixels, by mass; EMNIST: by box. Pictures of clothes fill the frame, so they are none.
 *
 * @param samples the images, 0 to 255: [count, height, width]
 */
export function traitsOfImages(samples: Pick<Samples, 'images' | 'count'>, shape: ImageShape): ImageTraits {
  const pixels = shape.height * shape.width;
  const step = Math.max(1, samples.count / SAMPLE);
  const images = Array.from({ length: Math.min(SAMPLE, samples.count) }, (_, i) => {
    const index = Math.floor(i * step);
    return samples.images.subarray(index * pixels, (index + 1) * pixels);
  });
  const ink = inkOfImages(images, shape);
  if (ink === null) return { ink, digits: null, likeness: null };
  const inked = ink === 'light' ? images : images.map((image) => image.map((value) => 255 - value));
  return { ink, digits: formOf(inked, shape), likeness: likenessOf(inked, shape) };
}

function inkOfImages(images: readonly Uint8Array[], { height, width }: ImageShape): 'light' | 'dark' | null {
  let [light, dark] = [0, 0];
  for (const image of images) {
    let [border, black, white] = [0, 0, 0];
    for (let i = 0; i < image.length; i++) {
      const column = i % width;
      if (i >= width && i < width * (height - 1) && column > 0 && column < width - 1) continue;
      border += 1;
      if ((image[i] ?? 0) <= NEAR) black += 1;
      if ((image[i] ?? 0) >= 255 - NEAR) white += 1;
    }
    if (black >= BORDER * border) light += 1;
    if (white >= BORDER * border) dark += 1;
  }
  if (images.length === 0) return null;
  if (light >= NEARLY_ALL * images.length) return 'light';
  return dark >= NEARLY_ALL * images.length ? 'dark' : null;
}

function formOf(images: readonly Uint8Array[], { height, width }: ImageShape): DigitForm | null {
  const layouts = images.flatMap((image) => {
    const layout = image.some((value) => value > LEAST_INK) ? layoutOf(image, width, height) : undefined;
    if (!layout) return [];
    const { box, mass } = layout;
    const covered = image.reduce((sum, value) => sum + Number(value > 127), 0) / (box.width * box.height);
    const middle = { x: box.left + box.width / 2, y: box.top + box.height / 2 };
    return [{ longest: Math.max(box.width, box.height), mass, middle, covered }];
  });
  const enough = NEARLY_ALL * images.length;
  if (layouts.length < Math.max(1, enough)) return null;

  const box = median(layouts.map(({ longest }) => longest));
  if (box > Math.min(height, width) - 2) return null;
  if (layouts.filter(({ longest }) => Math.abs(longest - box) <= 1).length < enough) return null;
  if (layouts.reduce((sum, { covered }) => sum + covered, 0) > STROKES * layouts.length) return null;

  for (const [by, centres] of [
    ['mass', layouts.map(({ mass }) => mass)],
    ['box', layouts.map(({ middle }) => middle)],
  ] as const) {
    // Shifts by whole pixels leave centres anywhere within one pixel, whose middle is a whole or half number.
    const x = Math.round(2 * median(centres.map((centre) => centre.x))) / 2;
    const y = Math.round(2 * median(centres.map((centre) => centre.y))) / 2;
    const near = centres.filter((centre) => Math.max(Math.abs(centre.x - x), Math.abs(centre.y - y)) <= 0.75);
    if (near.length >= enough) return { height, width, box, by, x, y };
  }
  return null;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** The form in which the model file keeps traits. */
export function encodeTraits(traits: ImageTraits): string {
  return JSON.stringify(traits);
}

/** The traits in `value`, parsed JSON from a model file; null where there are none, or any is invalid. */
export function traitsOf(value: unknown): ImageTraits | null {
  const { ink, digits, likeness } = fieldsOf(value);
  if (ink !== 'light' && ink !== 'dark' && ink !== null) return null;
  return { ink, digits: digitsOf(digits), likeness: likenessIn(likeness) };
}

function digitsOf(value: unknown): DigitForm | null {
  const { height, width, box, by, x, y } = fieldsOf(value);
  if (!isSize(height) || !isSize(width) || !isSize(box) || box > Math.min(height, width)) return null;
  if ((by !== 'mass' && by !== 'box') || !isNumber(x) || !isNumber(y)) return null;
  return x >= 0 && x <= width && y >= 0 && y <= height ? { height, width, box, by, x, y } : null;
}

function likenessIn(value: unknown): Likeness | null {
  const { mean, covariance, limit } = fieldsOf(value);
  const known =
    isNumbers(mean, STATISTICS) &&
    isNumbers(covariance, (STATISTICS * (STATISTICS + 1)) / 2) &&
    isNumber(limit);
  return known && limit > 0 ? { mean, covariance, limit } : null;
}

function isNumbers(value: unknown, length: number): value is number[] {
  return Array.isArray(value) && value.length === length && value.every(isNumber);
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}
