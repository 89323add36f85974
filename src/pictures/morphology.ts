import type { Plane } from './plane.ts';

/** The part of a picture that is looked at, 1 where a pixel belongs to it: [height, width]. */
export type Region = Uint8Array;

/**
 * Closing: dark structures too narrow for a square of 2 `radius` + 1 pixels are filled with the brightness
 * around them, all others stay as they are (Serra, "Image Analysis and Mathematical Morphology", 1982). So the
 * picture closed by a square wider than any stroke shows the ground under dark ink, and what differs from it is ink
 * ("bottom-hat"). The edge of a shadow, however sharp, belongs to the ground. Pixels outside the region do not count: the
 * square may stick out of it, so dark bars along its edge are ground however narrow they are.
 */
export function closing(plane: Plane, region: Region, radius: number): Plane {
  const padded = {
    width: plane.width + 2 * radius,
    height: plane.height + 2 * radius,
    values: new Float32Array((plane.width + 2 * radius) * (plane.height + 2 * radius)).fill(-Infinity),
  };
  for (let y = 0; y < plane.height; y++) {
    for (let x = 0; x < plane.width; x++) {
      const i = y * plane.width + x;
      if (region[i]) padded.values[(y + radius) * padded.width + x + radius] = plane.values[i] ?? 0;
    }
  }
  maximum(padded, radius);
  negate(padded.values);
  maximum(padded, radius);
  const values = new Float32Array(plane.values.length);
  for (let y = 0; y < plane.height; y++) {
    for (let x = 0; x < plane.width; x++) {
      const i = y * plane.width + x;
      if (region[i]) values[i] = -(padded.values[(y + radius) * padded.width + x + radius] ?? 0);
    }
  }
  return { width: plane.width, height: plane.height, values };
}

/** Opening: does to light structures what {@link closing} does to dark ones. */
export function opening(plane: Plane, region: Region, radius: number): Plane {
  const closed = closing({ ...plane, values: plane.values.map((value) => -value) }, region, radius);
  negate(closed.values);
  return closed;
}

function negate(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) values[i] = -(values[i] ?? 0);
}

/**
 * Gives each pixel the greatest value in the square around it. Three comparisons a pixel and direction, whatever the
 * radius (van Herk, "A fast algorithm for local minimum and maximum filters", 1992): each window is the end of one
 * block and the beginning of the next.
 */
function maximum({ width, height, values }: Plane, radius: number): void {
  for (const [lines, between, length, step] of [
    [height, width, width, 1],
    [width, 1, height, width],
  ] as const) {
    const window = 2 * radius + 1;
    const padded = Math.ceil((length + 2 * radius) / window) * window;
    const forward = new Float32Array(padded).fill(-Infinity);
    const backward = new Float32Array(padded);
    for (let line = 0; line < lines; line++) {
      const start = line * between;
      forward.fill(-Infinity);
      for (let i = 0; i < length; i++) forward[i + radius] = values[start + i * step] ?? 0;
      backward.set(forward);
      for (let block = 0; block < padded; block += window) {
        for (let i = block + 1; i < block + window; i++) {
          const before = forward[i - 1] ?? 0;
          if (before > (forward[i] ?? 0)) forward[i] = before;
        }
        for (let i = block + window - 2; i >= block; i--) {
          const after = backward[i + 1] ?? 0;
          if (after > (backward[i] ?? 0)) backward[i] = after;
        }
      }
      for (let i = 0; i < length; i++) {
        values[start + i * step] = Math.max(backward[i] ?? 0, forward[i + window - 1] ?? 0);
      }
    }
  }
}

/** Smooths by the weights 1, 2, 1 across and down, `times` times; pixels outside the region have no weight. */
export function smooth(plane: Plane, region: Region, times: number): Plane {
  let values = plane.values;
  for (let n = 0; n < times; n++) {
    values = smoothLines(values, region, 1, plane.width);
    values = smoothLines(values, region, plane.width, plane.width);
  }
  return { ...plane, values };
}

function smoothLines(values: Float32Array, region: Region, step: number, width: number): Float32Array {
  const smoothed = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    const column = i % width;
    const before = (step > 1 || column > 0) && region[i - step] ? 1 : 0;
    const after = (step > 1 || column < width - 1) && region[i + step] ? 1 : 0;
    const sum = 2 * value + (before && (values[i - step] ?? 0)) + (after && (values[i + step] ?? 0));
    smoothed[i] = sum / (2 + before + after);
  }
  return smoothed;
}
