import type { PenPoint } from './strokes.ts';

/** Longer side of a digit in pixels: about twice MNIST's, so that scaling down to that averages into greys. */
const SIZE = 40;

/**
 * Ink left by a round pen on its way, scaled so that the longer side takes about 40 pixels.
 *
 * @returns coverage of each pixel, 0 to 1: [height, width]
 */
export function drawStrokes(strokes: readonly (readonly PenPoint[])[]): {
  ink: Float32Array;
  width: number;
  height: number;
} {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y, radius } of strokes.flat()) {
    left = Math.min(left, x - radius);
    right = Math.max(right, x + radius);
    top = Math.min(top, y - radius);
    bottom = Math.max(bottom, y + radius);
  }
  const scale = SIZE / Math.max(right - left, bottom - top);
  const place = ({ x, y, radius }: PenPoint): PenPoint => ({
    x: (x - left) * scale + 1,
    y: (y - top) * scale + 1,
    radius: radius * scale,
  });
  const width = Math.ceil((right - left) * scale) + 2;
  const height = Math.ceil((bottom - top) * scale) + 2;
  const ink = new Float32Array(width * height);
  for (const stroke of strokes) {
    let from: PenPoint | undefined;
    for (const point of stroke) {
      const to = place(point);
      drawSegment(ink, width, height, from ?? to, to);
      from = to;
    }
  }
  return { ink, width, height };
}

/**
 * Adds the area swept by the pen from `a` to `b`, with an edge one pixel soft.
 *
 * @param ink coverage of each pixel, 0 to 1: [height, width]
 */
export function drawSegment(
  ink: Float32Array,
  width: number,
  height: number,
  a: PenPoint,
  b: PenPoint,
): void {
  const reach = Math.max(a.radius, b.radius) + 1;
  const firstRow = Math.max(0, Math.floor(Math.min(a.y, b.y) - reach));
  const lastRow = Math.min(height - 1, Math.ceil(Math.max(a.y, b.y) + reach));
  const firstColumn = Math.max(0, Math.floor(Math.min(a.x, b.x) - reach));
  const lastColumn = Math.min(width - 1, Math.ceil(Math.max(a.x, b.x) + reach));
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const inverse = dx * dx + dy * dy > 0 ? 1 / (dx * dx + dy * dy) : 0;
  for (let row = firstRow; row <= lastRow; row++) {
    const py = row + 0.5 - a.y;
    for (let column = firstColumn; column <= lastColumn; column++) {
      const px = column + 0.5 - a.x;
      const along = Math.min(1, Math.max(0, (px * dx + py * dy) * inverse));
      const awayX = px - along * dx;
      const awayY = py - along * dy;
      const edge = a.radius + along * (b.radius - a.radius) + 0.5;
      const squaredDistance = awayX * awayX + awayY * awayY;
      if (squaredDistance >= edge * edge) continue;
      const coverage = Math.min(1, edge - Math.sqrt(squaredDistance));
      const pixel = row * width + column;
      if (coverage > (ink[pixel] ?? 0)) ink[pixel] = coverage;
    }
  }
}
