/** Settings of its own for one of several networks that are trained side by side. */
export interface NetworkSettings {
  /** Decides its initial weights, its batches and its validation samples. */
  readonly seed: number;
  /** What its steps are multiplied by, before any schedule. */
  readonly learningRate: number;
  /** AdamW's: the share of its kernels, times the learning rate, that it loses in every step; 0 for others. */
  readonly weightDecay: number;
}
