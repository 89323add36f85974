import type { ImageShape } from '../../src/index.ts';
import { loudest } from './evidence-text.ts';
import { type Theme, theme } from './theme.ts';

type Rgb = readonly [number, number, number];

/** The colours of what is most against, of what says nothing, of what is most for, and of ink that says nothing. */
const COLORS: Readonly<Record<Theme, { against: Rgb; nothing: Rgb; for: Rgb; ink: Rgb }>> = {
  light: { against: [18, 84, 150], nothing: [247, 248, 250], for: [190, 74, 4], ink: [186, 192, 202] },
  dark: { against: [108, 178, 245], nothing: [24, 30, 39], for: [245, 161, 93], ink: [72, 82, 97] },
};

/**
 * Paints values as colours: orange for what is positive, blue for what is negative.
 *
 * @param values 1 for the most negative, 128 for zero, 255 for the most positive: [height, width]
 * @param ink grey levels that show where there is nothing else to show: [height, width]
 */
export function paintDiverging(
  canvas: HTMLCanvasElement,
  values: Uint8Array,
  { height, width }: ImageShape,
  ink?: Uint8Array,
): void {
  const colors = COLORS[theme()];
  const image = new ImageData(width, height);
  for (const [i, value] of values.entries()) {
    const share = (value - 128) / 127;
    const end = share < 0 ? colors.against : colors.for;
    const inked = (ink?.[i] ?? 0) / 255;
    for (let channel = 0; channel < 3; channel++) {
      const ground = mix(colors.nothing[channel] ?? 0, colors.ink[channel] ?? 0, inked);
      image.data[4 * i + channel] = mix(ground, end[channel] ?? 0, Math.abs(share));
    }
    image.data[4 * i + 3] = 255;
  }
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

/** Paints the key: all colours, from the most negative value to the most positive. */
export function paintKey(canvas: HTMLCanvasElement): void {
  const width = 64;
  paintDiverging(
    canvas,
    Uint8Array.from({ length: width }, (_, i) => 1 + Math.round((254 * i) / (width - 1))),
    { height: 1, width },
  );
}

/** Values as `paintDiverging` takes them, where the strongest colour stands for the greatest of them. */
export function diverging(values: Float32Array): { readonly values: Uint8Array; readonly scale: number } {
  const scale = loudest(values) || 1;
  return { scale, values: Uint8Array.from(values, (value) => Math.round(128 + (127 * value) / scale)) };
}

/**
 * Shows an image at whole multiples of its size, so that all its pixels are of one size.
 *
 * @param room in pixels, that its longer side may take
 * @param least multiple that it has in any case
 */
export function magnify(
  { style }: HTMLElement,
  { height, width }: ImageShape,
  room: number,
  least = 1,
): void {
  const scale = Math.max(least, Math.floor(room / Math.max(height, width)));
  style.width = `${scale * width}px`;
  style.height = `${scale * height}px`;
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}
