/** Upper left corner and size, in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Pixels that are connected, by sides or corners. */
export interface Component extends Box {
  /** Its number in the map `labels`, from 1. */
  readonly label: number;
  /** Number of pixels. */
  readonly area: number;
  /** Sum of the pixels' weights. */
  readonly mass: number;
}

export interface Components {
  /** 0 for none, else the label of the pixel's component: [height, width]. */
  readonly labels: Int32Array;
  readonly components: readonly Component[];
}

/**
 * Finds the components of the pixels that are `inside`.
 * @param inside [height, width]
 * @param weights summed to the components' masses: [height, width]
 */
export function componentsOf(
  inside: (i: number) => boolean,
  weights: Float32Array,
  width: number,
): Components {
  const labels = new Int32Array(weights.length);
  const height = weights.length / width;
  const components: Component[] = [];
  const waiting: number[] = [];
  for (let start = 0; start < labels.length; start++) {
    if (labels[start] || !inside(start)) continue;
    const label = components.length + 1;
    let [left, top, right, bottom, area, mass] = [width, height, 0, 0, 0, 0];
    labels[start] = label;
    waiting.push(start);
    for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
      const x = i % width;
      const y = (i - x) / width;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      area += 1;
      mass += weights[i] ?? 0;
      for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
        for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
          const neighbour = row * width + column;
          if (labels[neighbour] || !inside(neighbour)) continue;
          labels[neighbour] = label;
          waiting.push(neighbour);
        }
      }
    }
    components.push({ label, left, top, width: right - left + 1, height: bottom - top + 1, area, mass });
  }
  return { labels, components };
}

export function longestSide({ width, height }: Box): number {
  return Math.max(width, height);
}

/** Whether `inner` is wholly within `outer`. */
export function contains(outer: Box, inner: Box): boolean {
  return (
    inner.left >= outer.left &&
    inner.top >= outer.top &&
    inner.left + inner.width <= outer.left + outer.width &&
    inner.top + inner.height <= outer.top + outer.height
  );
}

/** The smallest box around boxes. */
export function boxAround(boxes: readonly Box[]): Box {
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const right = Math.max(...boxes.map((box) => box.left + box.width));
  const bottom = Math.max(...boxes.map((box) => box.top + box.height));
  return { left, top, width: right - left, height: bottom - top };
}

/** How far two boxes are from each other, in pixels; 0 where they touch or overlap. */
export function gapBetween(a: Box, b: Box): number {
  const across = Math.max(0, a.left - b.left - b.width, b.left - a.left - a.width);
  const down = Math.max(0, a.top - b.top - b.height, b.top - a.top - a.height);
  return Math.hypot(across, down);
}
