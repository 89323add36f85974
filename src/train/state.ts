import type { NetworkSettings } from '../model/network-settings.ts';
import type { MlpSpec } from '../model/spec.ts';
import type { Divergence, EpochRecord, History } from './history.ts';
import type { TrainerSettings } from './settings.ts';

/** What an epoch's steps so far add up to, for one network. */
export interface EpochSums {
  /** Of the losses of the samples, in nats. */
  readonly loss: number;
  /** Samples whose class was the most probable one. */
  readonly hits: number;
  /** The first batch whose loss is not a finite number, 1 for the epoch's first; null for none. Nothing after it is added. */
  readonly diverged: number | null;
}

/** All that changes from step to step in networks that are side by side, between two submits. */
export interface RunState {
  /** Steps trained in all: the optimizer's t. */
  readonly t: number;
  /** Steps of the running epoch that are trained: 0 to all of them. */
  readonly place: number;
  /** [models] */
  readonly sums: readonly EpochSums[];
  /** Of each layer, as the shaders have them: [models, inputs + 1, padded(outputs)]. */
  readonly parameters: readonly Float32Array<ArrayBuffer>[];
  /** Of each layer what the optimizer keeps: [moments, models, inputs + 1, padded(outputs)]. */
  readonly moments: readonly Float32Array<ArrayBuffer>[];
}

/** The networks that are trained side by side, and for how long they were in the running epoch. */
export interface RoundState extends RunState {
  /** Of wall-clock time, without pauses. */
  readonly seconds: number;
}

/** What is known of a network between two submits, beside its weights. */
export interface NetworkState extends NetworkSettings {
  /** The epochs that it has trained, first to last. */
  readonly history: readonly EpochRecord[];
  /** Where it diverged; null if it did not. */
  readonly diverged: Divergence | null;
  /** Whether early stopping ended it. */
  readonly stopped: boolean;
  /** With early stopping: the epoch that validated best, and the weights after it; else null. */
  readonly best: {
    /** 1 for the first. */
    readonly epoch: number;
    /** In nats. */
    readonly valLoss: number;
    /** Of each layer: [inputs + 1, padded(outputs)]. */
    readonly parameters: readonly Float32Array<ArrayBuffer>[];
  } | null;
}

/** Everything that a training needs to go on as if it had never stopped. */
export interface TrainerState {
  /** The shape of the networks, the same for all. */
  readonly spec: MlpSpec;
  /** Every setting; `plan` is the one that runs. */
  readonly settings: TrainerSettings;
  /** Of the dataset: see `datasetChecksum`. */
  readonly dataset: string;
  /** The running epoch, or the last one trained: 0 before the first. */
  readonly epoch: number;
  /**
   * The networks in order, as many to a round as are side by side on the device: one round where all fit. The last one is
   * filled up with repetitions of its last network.
   */
  readonly rounds: readonly RoundState[];
  /** [networks] */
  readonly networks: readonly NetworkState[];
}

/**
 * Epochs trained to their end by all networks that were to.
 * @param state of a trainer, or what is needed of it
 */
export function epochsTrained({
  epoch,
  networks,
}: {
  readonly epoch: number;
  readonly networks: readonly Pick<NetworkState, 'history' | 'diverged' | 'stopped'>[];
}): number {
  const complete = networks.every((network) => isDone(network) || network.history.length >= epoch);
  return complete ? epoch : epoch - 1;
}

/** Epochs trained, and one more where the next one has begun for any of the networks. */
export function epochsBegun(state: TrainerState): number {
  const { epoch, rounds } = state;
  const members = membersOf(state);
  const isIn = (network: NetworkState) =>
    network.history.length >= epoch || network.diverged?.epoch === epoch;
  const hasBegun = rounds.some(({ t, place }, r) => {
    const own = members[r] ?? [];
    // At the end of the epoch before, `place` is all steps of an epoch, and t as many times that as there were epochs.
    const isUnderWay = place > 0 && t > (epoch - 1) * place && !own.every(isDone);
    return isUnderWay || own.some(isIn);
  });
  return hasBegun ? epoch : epochsTrained(state);
}

/** The networks of each round. */
export function membersOf({ rounds, networks }: TrainerState): readonly (readonly NetworkState[])[] {
  const room = rounds[0]?.sums.length ?? 0;
  return rounds.map((_, r) => networks.slice(r * room, (r + 1) * room));
}

/**
 * Wall-clock time of the epochs that came to their end, without validation and pauses. The networks of a round take the same
 * time, which is that of the one that was trained for the longest; rounds take turns.
 * @param rounds the networks of each
 */
export function secondsTrained(rounds: readonly (readonly Pick<NetworkState, 'history'>[])[]): number {
  const longest = rounds.map((members) =>
    members.reduce<History>((most, { history }) => (history.length > most.length ? history : most), []),
  );
  return longest.flat().reduce((sum, { seconds }) => sum + seconds, 0);
}

/** Whether a network is not trained any more. */
export function isDone({ diverged, stopped }: Pick<NetworkState, 'diverged' | 'stopped'>): boolean {
  return diverged !== null || stopped;
}
