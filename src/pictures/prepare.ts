import { centerDigit } from '../data/center.ts';
import { resize } from '../data/resize.ts';
import type { Picture } from './picture.ts';
import type { ImageTraits } from './traits.ts';

export interface PreparedPicture {
  /** The network's input, 0 to 255: [height, width] */
  readonly pixels: Uint8Array;
  /** What the reader should know; empty where all is well. */
  readonly notices: readonly { readonly code: string; readonly text: string }[];
}

/** A decoded picture as a network's input. */
export function preparePicture(
  picture: Picture,
  shape: { readonly height: number; readonly width: number },
  traits: ImageTraits | null,
  { asIs = false }: { readonly asIs?: boolean } = {},
): PreparedPicture {
  const { width, height, channels, data } = picture;
  const grey = Uint8Array.from({ length: width * height }, (_, i) => {
    const [red = 0, green = 0, blue = 0] = data.subarray(i * channels, i * channels + 3);
    return channels < 3 ? red : Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
  });
  if (asIs || (height === shape.height && width === shape.width && shape.height !== 28)) {
    return { pixels: grey, notices: [] };
  }
  const paper = grey[0] ?? 0;
  const ink = Float32Array.from(grey, (value) => Math.abs(value - paper) / 255);
  if (ink.every((value) => value === 0)) {
    const blank = { code: 'blank', text: 'Nothing stands out from the background of the picture.' };
    return { pixels: new Uint8Array(shape.height * shape.width), notices: [blank] };
  }
  const pixels =
    shape.height === 28 && shape.width === 28
      ? centerDigit(ink, width, height)
      : Uint8Array.from(resize(ink, picture, shape), (value) => Math.round(255 * value));
  return { pixels: traits?.ink === 'dark' ? pixels.map((value) => 255 - value) : pixels, notices: [] };
}
