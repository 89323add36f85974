import type { Box } from './components.ts';
import { resize } from './resize.ts';

/** Side of the box in the middle of MNIST's images that a digit just fits, in pixels. */
export const BOX = 20;

/** How digits lie in the images of a dataset. */
export interface DigitForm {
  /** Rows of the images. */
  readonly height: number;
  /** Pixels of a row of the images. */
  readonly width: number;
  /** Longest side of the box around a digit's ink, in pixels. */
  readonly box: number;
  /** Which centre is in the same place in all images: that of the ink's mass or that of its box. */
  readonly by: 'mass' | 'box';
  /** That place, in pixels from the left edge. */
  readonly x: number;
  /** That place, in pixels from the upper edge. */
  readonly y: number;
}

/**
 * As LeCun, Cortes and Burges describe it ("The MNIST database"): 20 x 20 pixels within 28 x 28, centred by mass. In
 * the files the centres lie from 14 to 15: at the pixel right of and below the field's middle.
 */
export const mnistForm: DigitForm = { height: 28, width: 28, box: BOX, by: 'mass', x: 14.5, y: 14.5 };

/** Ink fainter than this share of the darkest is taken for noise, where the digit's box is looked for. */
const FAINT = 1 / 16;

/**
 * Brings a digit into the form that a dataset's digits have, MNIST's by default: scaled, its aspect kept and with grey
 * levels where pixels are partly covered, so that its ink just fits the form's box, and shifted by whole pixels so
 * that its centre is where the form has it. The darkest ink becomes 255.
 *
 * @param ink amount of ink, 0 for none, on any scale: [height, width]
 * @returns [form.height, form.width], all zeros where there is no ink
 */
export function centerDigit(
  ink: Float32Array | Uint8Array,
  width: number,
  height: number,
  form: DigitForm = mnistForm,
): Uint8Array {
  const box = inkBox(ink, width, height);
  if (!box) return new Uint8Array(form.height * form.width);

  const side = Math.max(box.width, box.height) / form.box;
  const columns = Math.max(1, Math.round(box.width / side));
  const rows = Math.max(1, Math.round(box.height / side));
  const scaled = resize(crop(ink, width, box), box, { width: columns, height: rows });

  return placeDigit(scaled, columns, rows, form);
}

/**
 * Puts a digit that is scaled already into the field of a form, MNIST's by default. Its centre is where the form has it,
 * or as near to that as keeps the whole digit in the field. The darkest ink becomes 255.
 *
 * @param ink amount of ink, 0 for none, on any scale: [height, width], neither larger than the field
 * @returns [form.height, form.width], all zeros where there is no ink
 */
export function placeDigit(
  ink: Float32Array,
  width: number,
  height: number,
  form: DigitForm = mnistForm,
): Uint8Array {
  const field = new Uint8Array(form.height * form.width);
  const { x, y, peak } = centreOfMass(ink, width, height);
  if (peak === 0) return field;
  const left = shift(form.x - (form.by === 'mass' ? x : width / 2), width, form.width);
  const top = shift(form.y - (form.by === 'mass' ? y : height / 2), height, form.height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const value = ink[row * width + column] ?? 0;
      field[(top + row) * form.width + left + column] = Math.round((255 * value) / peak);
    }
  }
  return field;
}

/** Where the ink of an image lies, in pixels; undefined where there is none. */
export function layoutOf(
  ink: Uint8Array,
  width: number,
  height: number,
): { readonly box: Box; readonly mass: Point } | undefined {
  const box = inkBox(ink, width, height);
  return box && { box, mass: centreOfMass(ink, width, height) };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The smallest box around all ink that is not faint, if there is any. */
function inkBox(ink: Float32Array | Uint8Array, width: number, height: number): Box | undefined {
  let peak = 0;
  for (const value of ink) if (value > peak) peak = value;
  if (peak === 0) return undefined;
  const threshold = peak * FAINT;
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((ink[y * width + x] ?? 0) < threshold) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

function crop(ink: Float32Array | Uint8Array, width: number, box: Box): Float32Array {
  const cropped = new Float32Array(box.width * box.height);
  for (let y = 0; y < box.height; y++) {
    const start = (box.top + y) * width + box.left;
    cropped.set(ink.subarray(start, start + box.width), y * box.width);
  }
  return cropped;
}

/** The centre, in pixels from the upper left corner, and the greatest value. */
function centreOfMass(values: Float32Array | Uint8Array, columns: number, rows: number) {
  let [mass, x, y, peak] = [0, 0, 0, 0];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = values[row * columns + column] ?? 0;
      mass += value;
      x += value * (column + 0.5);
      y += value * (row + 0.5);
      peak = Math.max(peak, value);
    }
  }
  return { x: x / mass, y: y / mass, peak };
}

/** `by` in whole pixels, limited so that something `size` long stays in the field. */
function shift(by: number, size: number, field: number): number {
  return Math.min(field - size, Math.max(0, Math.round(by)));
}
