import type { NetworkSettings } from '../model/network-settings.ts';
import type { Versions } from '../versions.ts';

/** What a part of a training ran on: under another plan or adapter, or in other versions, its bits are others. */
export interface Leg {
  /** The plan's name. */
  readonly plan: string;
  /** The adapter's description. */
  readonly adapter: string;
  /** Whose code it was. */
  readonly versions: Versions;
}

/** Where a network's loss stopped being a finite number; both count from 1. */
export interface Divergence {
  /** The epoch in which it was found. */
  readonly epoch: number;
  /** Null if the losses of the batches were finite: what the last update left has none, or is not finite itself. */
  readonly batch: number | null;
}

/** What became of a network. */
export interface NetworkRecord extends NetworkSettings {
  /** Its epochs, until it diverged or was stopped early. */
  readonly history: History;
  /** Where it diverged; null if it did not. */
  readonly diverged: Divergence | null;
  /** The epoch that its weights are from: the last one, or, with early stopping, the one that validated best. */
  readonly epoch: number;
  /** Whether early stopping ended it: no epoch of the last `patience` validated better than the ones before. */
  readonly stopped: boolean;
}

/** A change of the learning rate while a training ran. */
export interface RateChangeRecord {
  /** The first step with the new one, 1 for the first of all. */
  readonly step: number;
  /** Epochs trained before it, where curves have it: a fraction in the middle of an epoch. */
  readonly epoch: number;
  /** Before any schedule; null where the networks had several. */
  readonly before: number | null;
  /** Before any schedule, and of all networks. */
  readonly after: number;
}

/** One epoch of training. Loss is the mean categorical cross-entropy in nats; accuracy is a share, 0 to 1. */
export interface EpochRecord {
  /** 1 for the first epoch. */
  readonly epoch: number;
  /** Mean over the epoch's samples, each computed with the weights before its batch's update. */
  readonly loss: number;
  /** Share of the epoch's samples that were told right, each before its batch's update. */
  readonly accuracy: number;
  /** After the epoch, on the validation samples; null where there are none. */
  readonly valLoss: number | null;
  /** After the epoch, on the validation samples; null where there are none. */
  readonly valAccuracy: number | null;
  /**
   * Wall-clock time of the epoch's training, without its validation, pauses and interruptions. Validation's shaders compile
   * while the first epoch trains, which on a software adapter makes that longer, by tenths of a second.
   */
  readonly seconds: number;
}

/** The epochs trained so far, first to last. */
export type History = readonly EpochRecord[];

/** How far a running epoch is. */
export interface Progress {
  /** The running epoch, 1 for the first. */
  readonly epoch: number;
  /** The epoch that the training ends with. */
  readonly epochs: number;
  /** Samples trained in this epoch so far. */
  readonly samples: number;
  /** Samples of a whole epoch. */
  readonly samplesPerEpoch: number;
  /** Mean over the samples so far, in nats. */
  readonly loss: number;
  /** Share of the samples so far that were told right, 0 to 1. */
  readonly accuracy: number;
  /** Over this epoch so far. */
  readonly imagesPerSecond: number;
}

/** Results of several networks on labelled samples, each alone and all together. */
export interface PopulationEvaluation {
  /** Null for a network that diverged, or whose loss on these samples is not finite: [networks]. */
  readonly networks: readonly (Evaluation | null)[];
  /** From the mean of the probabilities of the others. */
  readonly ensemble: Evaluation;
}

/** A network's results on images without labels. */
export interface Prediction {
  /** [count, classes] */
  readonly probabilities: Float32Array;
  /** The most probable class of each image: [count]. */
  readonly predictions: Uint8Array;
}

/** A network's results on labelled samples. */
export interface Evaluation extends Prediction {
  /** Mean categorical cross-entropy over the samples, in nats. */
  readonly loss: number;
  /** Share of the samples whose prediction is their label, 0 to 1. */
  readonly accuracy: number;
  /** Number of samples. */
  readonly count: number;
}
