import type { Region } from './morphology.ts';
import type { Light, Plane } from './plane.ts';

/** Pixels less opaque than this count as invisible. */
const INVISIBLE = 1 / 16;

/** One plane to find ink in, and the part of it that shows something. */
export interface Visible {
  readonly brightness: Plane;
  readonly region: Region;
}

/**
 * Decides whether colour or opacity shows the ink. Where the visible pixels have different colours, and are a sheet
 * rather than strokes, colours do, also on paper that is half transparent. Otherwise opacity does: ink is what is more
 * opaque than the rest.
 */
export function visible({ brightness, opacity }: Light): Visible {
  const all = new Uint8Array(opacity.values.length).fill(1);
  if (opacity.values.every((value) => value > 0.99)) return { brightness, region: all };
  const region = opacity.values.map((value) => Number(value >= INVISIBLE));
  const seen = Uint8Array.from(region);
  const shades = brightness.values.filter((_, i) => seen[i]).sort();
  const at = (share: number): number => shades[Math.floor(share * (shades.length - 1))] ?? 0;
  const coloured = at(0.995) - at(0.005) > 0.15;
  if (coloured && isSheet(seen, brightness.width)) return { brightness, region: seen };
  return { brightness: opacity, region: all };
}

/** Whether the pixels fill most of their box. */
function isSheet(seen: Region, width: number): boolean {
  let [left, right, top, bottom, count] = [width, 0, seen.length / width, 0, 0];
  for (const [i, value] of seen.entries()) {
    if (!value) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
    count += 1;
  }
  return count > 0.6 * (right - left + 1) * (bottom - top + 1);
}
