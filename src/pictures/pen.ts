import { drawSegment } from '../data/synthetic/raster.ts';
import { BOX, type DigitForm, mnistForm, placeDigit } from './center.ts';

/** A place of the pen, in any unit, y downwards. */
export interface StrokePoint {
  /** To the right. */
  readonly x: number;
  /** Downwards. */
  readonly y: number;
}

/** The pen's way from where it is put down to where it is lifted: at least one point. */
export type Stroke = readonly StrokePoint[];

/**
 * Half the width of the pen, in pixels of MNIST's images. The median width of 1,000 training digits is 2.24 by
 * area and edge (twice the sum of pixels over the sum of gradients), and 2.28 by area and length of the skeleton. Their
 * skeletons, drawn again with this pen, have as much ink as the digits.
 */
const PEN_RADIUS = 1.14;

/**
 * A digit written by hand as an image like those of a dataset, MNIST by default. The strokes are first scaled, with their
 * aspect kept, so that they just fit the form's box once they are drawn; then drawn with a pen as thick, relative to the
 * box, as MNIST's; then centred by {@link placeDigit}. So size and place of the writing do not change the image.
 *
 * @param strokes on any scale; a lone point is a dot, which has no size that could be scaled
 * @returns [form.height, form.width], 255 for the darkest ink, all zeros where there are no strokes
 */
export function digitFromStrokes(strokes: readonly Stroke[], form: DigitForm = mnistForm): Uint8Array {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of strokes.flat()) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  if (left > right) return placeDigit(new Float32Array(), 0, 0, form);

  const radius = (PEN_RADIUS * form.box) / BOX;
  const extent = Math.max(right - left, bottom - top);
  const scale = extent === 0 ? 0 : (form.box - 2 * radius) / extent;
  // The longer side is as long as the box, except for rounding, which must not exceed it.
  const pixels = (length: number) => Math.min(form.box, Math.ceil(length * scale + 2 * radius));
  const width = pixels(right - left);
  const height = pixels(bottom - top);
  const ink = new Float32Array(width * height);
  for (const stroke of strokes) {
    const points = stroke.map(({ x, y }) => ({
      x: (x - left) * scale + radius,
      y: (y - top) * scale + radius,
      radius,
    }));
    for (const [i, point] of points.entries()) drawSegment(ink, width, height, points[i - 1] ?? point, point);
  }
  return placeDigit(ink, width, height, form);
}
