import { resize } from './resize.ts';

/** Height and width of MNIST's images. */
const FIELD = 28;

/** Side of the box in the middle of them that a digit just fits. */
export const BOX = 20;

/** Ink fainter than this share of the darkest is taken for noise, and does not count for where the digit begins. */
const FAINT = 1 / 16;

/**
 * Brings a digit into MNIST's form: scaled, its aspect kept and with grey levels where pixels are partly covered, so
 * that its ink just fits 20 x 20 pixels, and shifted by whole pixels so that its centre of mass is in the middle
 * of 28 x 28 (LeCun, Cortes and Burges, "The MNIST database"). The darkest ink becomes 255.
 *
 * @param ink amount of ink, 0 for none, on any scale: [height, width]
 * @returns [28, 28], all zeros where there is no ink
 */
export function centerDigit(ink: Float32Array | Uint8Array, width: number, height: number): Uint8Array {
  const box = inkBox(ink, width, height);
  if (!box) return new Uint8Array(FIELD * FIELD);

  const side = Math.max(box.width, box.height) / BOX;
  const columns = Math.max(1, Math.round(box.width / side));
  const rows = Math.max(1, Math.round(box.height / side));
  const scaled = resize(crop(ink, width, box), box, { width: columns, height: rows });

  return placeByMass(scaled, columns, rows);
}

/**
 * Puts a digit that is scaled already into MNIST's field, its centre of mass in the middle, as far as none of it leaves
 * the field. The darkest ink becomes 255.
 *
 * @param ink amount of ink, 0 for none, on any scale: [height, width], neither above 28
 * @returns [28, 28], all zeros where there is no ink
 */
export function placeByMass(ink: Float32Array, width: number, height: number): Uint8Array {
  const field = new Uint8Array(FIELD * FIELD);
  const { x, y, peak } = centreOfMass(ink, width, height);
  if (peak === 0) return field;
  const left = shift(x, width);
  const top = shift(y, height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const value = ink[row * width + column] ?? 0;
      field[(top + row) * FIELD + left + column] = Math.round((255 * value) / peak);
    }
  }
  return field;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
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

/** In pixels from the upper left corner, with the greatest value. */
function centreOfMass(values: Float32Array, columns: number, rows: number) {
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

/**
 * How far to move a digit of `size` pixels so that `centre` comes to the middle, but none of it leaves the field. In
 * MNIST's own files the middle is that of the pixel right of and below the field's: centres lie from 14 to 15.
 */
function shift(centre: number, size: number): number {
  return Math.min(FIELD - size, Math.max(0, Math.round(FIELD / 2 + 0.5 - centre)));
}
