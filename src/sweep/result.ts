import type { Objective, SweepFile } from './file.ts';
import type { PointSettings, SweepDataset } from './tasks.ts';

/** Raised when what is written means something else than before. A part of the tasks' names. */
export const RESULT_FORMAT = 1;

/** Mean categorical cross-entropy in nats, and share of the samples that are told right. */
export interface Score {
  readonly loss: number;
  readonly accuracy: number;
}

/** An epoch of a network: `loss` and `accuracy` are those of its training. */
export interface ResultEpoch extends Score {
  readonly validationLoss: number;
  readonly validationAccuracy: number;
}

/** What became of a network of a sweep. */
export interface NetworkResult {
  readonly id: string;
  readonly settings: PointSettings;
  /**
   * `trained`: to its end, be it an early one by `patience`; `stopped`: dropped by successive halving; `diverged`: its loss
   * is no longer finite.
   */
  readonly status: 'trained' | 'stopped' | 'diverged';
  readonly epochs: readonly ResultEpoch[];
  /** The epoch that its weights are from, 1 for the first: the last one or, with `patience`, the one that validated best. */
  readonly epoch: number;
  /** After that epoch; null where it diverged. */
  readonly validation: Score | null;
  /** Null where it diverged. */
  readonly test: Score | null;
  /** See `modelChecksum`; null where it diverged. */
  readonly weights: string | null;
}

/** A finished task: `result.json`. Beside it `networks.safetensors` has those with weights, in this order, if there are any. */
export interface TaskResult {
  readonly format: typeof RESULT_FORMAT;
  /** Its name. */
  readonly task: string;
  /** Description of the adapter that trained it to its end. */
  readonly adapter: string;
  readonly plan: string;
  /** Wall-clock time of training, without validation, pauses and interruptions. */
  readonly seconds: number;
  /** In the task's order. */
  readonly networks: readonly NetworkResult[];
}

/** The sweep that a folder is of: `sweep.json`. */
export interface Sweep {
  readonly format: typeof RESULT_FORMAT;
  /** Version of this package. */
  readonly shadegrad: string;
  readonly file: SweepFile;
  /** [file.axes.data] */
  readonly datasets: readonly SweepDataset[];
  readonly tasks: readonly { readonly name: string; readonly networks: readonly string[] }[];
}

/** Why the last attempt at a task failed: `failed/NAME.json`. */
export interface TaskFailure {
  readonly task: string;
  readonly message: string;
  /** What the command would end with, were it the only task. */
  readonly exitCode: number;
  /** ISO 8601. */
  readonly when: string;
}

/** @throws ShadegradError `bad-data` that names the file, where it is not such a result */
export declare function readTaskResult(name: string, text: string): TaskResult;

/** @throws ShadegradError as {@link readTaskResult} */
export declare function readSweep(name: string, text: string): Sweep;

/** @throws ShadegradError as {@link readTaskResult} */
export declare function readTaskFailure(name: string, text: string): TaskFailure;

/** For sorting: better networks first, equal ones by their ids, those that diverged last. */
export declare function byObjective(
  objective: Objective,
): (a: Pick<NetworkResult, 'id' | 'validation'>, b: Pick<NetworkResult, 'id' | 'validation'>) => number;
