/** A decoded picture, 8 bits to a channel. */
export interface Picture {
  /** Pixels of a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** 1 grey, 2 grey and opacity, 3 RGB, 4 RGB and opacity. */
  readonly channels: 1 | 2 | 3 | 4;
  /** 0 to 255; opacity 0 is transparent: [height, width, channels]. */
  readonly data: Uint8Array;
}
