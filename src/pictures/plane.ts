import type { Picture } from './picture.ts';
import { resize } from './resize.ts';

/** One number for each pixel, 0 to 1: [height, width]. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** What each pixel of a picture shows. */
export interface Light {
  /** Brightness (Rec. 601 luma) of the colour alone; 0 where a pixel is fully transparent. */
  readonly brightness: Plane;
  /** 0 for transparent, 1 for opaque. */
  readonly opacity: Plane;
}

/**
 * Brightness and opacity of a picture, no side longer than `longestSide`: where it is larger, each pixel is the mean
 * over the part of the picture that it covers, with colours weighted by their opacity.
 */
export function lightOf(picture: Picture, longestSide: number): Light {
  const { brightness, opacity } = inBlocks(picture, longestSide);
  const scale = longestSide / Math.max(picture.width, picture.height);
  if (scale >= 1) return { brightness, opacity };
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const scaled = (plane: Plane): Plane => ({
    width,
    height,
    values: resize(plane.values, plane, { width, height }),
  });
  return { brightness: scaled(brightness), opacity: scaled(opacity) };
}

/** Averages whole blocks of pixels, so that sides become less than twice as long as they should be. */
function inBlocks({ width, height, channels, data }: Picture, longestSide: number): Light {
  const block = Math.max(1, Math.floor(Math.max(width, height) / longestSide));
  const size = { width: Math.ceil(width / block), height: Math.ceil(height / block) };
  const brightness = new Float32Array(size.width * size.height);
  const opacity = new Float32Array(size.width * size.height);
  const pixels = new Float32Array(size.width * size.height);
  const coloured = channels >= 3;
  const alpha = channels % 2 === 0 ? channels - 1 : undefined;
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / block) * size.width;
    for (let x = 0; x < width; x++) {
      const source = (y * width + x) * channels;
      const target = row + Math.floor(x / block);
      const first = data[source] ?? 0;
      const luma = coloured
        ? 0.299 * first + 0.587 * (data[source + 1] ?? 0) + 0.114 * (data[source + 2] ?? 0)
        : first;
      const share = alpha === undefined ? 1 : (data[source + alpha] ?? 0) / 255;
      brightness[target] = (brightness[target] ?? 0) + (share * luma) / 255;
      opacity[target] = (opacity[target] ?? 0) + share;
      pixels[target] = (pixels[target] ?? 0) + 1;
    }
  }
  for (let i = 0; i < opacity.length; i++) {
    const share = opacity[i] ?? 0;
    brightness[i] = share > 0 ? (brightness[i] ?? 0) / share : 0;
    opacity[i] = share / (pixels[i] ?? 1);
  }
  return { brightness: { ...size, values: brightness }, opacity: { ...size, values: opacity } };
}
