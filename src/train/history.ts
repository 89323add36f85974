/** One epoch of training. Loss is the mean categorical cross-entropy in nats; accuracy is a share, 0 to 1. */
export interface EpochRecord {
  /** 1 for the first epoch. */
  readonly epoch: number;
  /** Means over the epoch's samples, each as the weights were before its batch's update. */
  readonly loss: number;
  readonly accuracy: number;
  /** After the epoch, on the validation samples; null where there are none. */
  readonly valLoss: number | null;
  readonly valAccuracy: number | null;
  /** Wall-clock time of the epoch's training, without its validation and without pauses. */
  readonly seconds: number;
}

/** The epochs trained so far, first to last. */
export type History = readonly EpochRecord[];

/** Where a running epoch stands. */
export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  /** Samples trained in this epoch so far, and in all of it. */
  readonly samples: number;
  readonly samplesPerEpoch: number;
  /** Means over those samples. */
  readonly loss: number;
  readonly accuracy: number;
  /** Over this epoch so far. */
  readonly imagesPerSecond: number;
}

/** What a network makes of labelled samples. */
export interface Evaluation {
  readonly loss: number;
  readonly accuracy: number;
  readonly count: number;
  /** [count, classes] */
  readonly probabilities: Float32Array;
  /** The most probable class of each sample: [count]. */
  readonly predictions: Uint8Array;
}
