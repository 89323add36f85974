interface Size {
  readonly height: number;
  readonly width: number;
}

/**
 * Scales an image: each new pixel is the mean over the area of old pixels that it covers.
 *
 * @param values [from.height, from.width]
 * @returns [to.height, to.width]
 */
export function resize(values: Float32Array, from: Size, to: Size): Float32Array {
  const narrowed = resample(values, from.width, to.width, from.height, 1, from.width);
  return resample(narrowed, from.height, to.height, to.width, to.width, 1);
}

/**
 * Scales `lines` lines of `from` pixels to `to` pixels each, by the mean over the area that each new pixel covers.
 *
 * @param step distance between pixels of a line; if it is not 1, the lines are 1 apart
 * @param stride distance between lines before scaling
 */
function resample(
  source: Float32Array,
  from: number,
  to: number,
  lines: number,
  step: number,
  stride: number,
): Float32Array {
  const scaled = new Float32Array(lines * to);
  const nextLine = step === 1 ? to : 1;
  const span = from / to;
  for (let pixel = 0; pixel < to; pixel++) {
    const start = pixel * span;
    const end = Math.min(from, start + span);
    for (let line = 0; line < lines; line++) {
      let sum = 0;
      for (let i = Math.floor(start); i < end; i++) {
        const covered = Math.min(i + 1, end) - Math.max(i, start);
        sum += covered * (source[line * stride + i * step] ?? 0);
      }
      scaled[line * nextLine + pixel * step] = sum / span;
    }
  }
  return scaled;
}
