/** Settings of its own for one of several networks that are trained side by side. */
export interface NetworkSettings {
  /** Decides its initial weights, its batches and its validation samples. */
  readonly seed: number;
  readonly learningRate: number;
  readonly weightDecay: number;
}
