import type { Picture } from './picture.ts';

const WHITE = 255;

/**
 * A picture's brightness: Rec. 601 luma, (299 R + 587 G + 114 B) / 1000, rounded, so that grey in three equal
 * channels is exact; over white where it is transparent, as a viewer shows it on paper.
 *
 * @returns 0 to 255: [height, width]
 */
export function greyOf({ width, height, channels, data }: Picture): Uint8Array {
  if (channels === 1) return data;
  const grey = new Uint8Array(width * height);
  const coloured = channels >= 3;
  const hasOpacity = channels === 2 || channels === 4;
  for (let i = 0; i < grey.length; i++) {
    const at = i * channels;
    const [first = 0, second = 0, third = 0] = [data[at], data[at + 1], data[at + 2]];
    const luma = coloured ? Math.round((299 * first + 587 * second + 114 * third) / 1000) : first;
    const opacity = hasOpacity ? (data[at + channels - 1] ?? 0) : 255;
    grey[i] = Math.round((luma * opacity + WHITE * (255 - opacity)) / 255);
  }
  return grey;
}
