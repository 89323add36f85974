import { reasonOf, ShadegradError } from '../errors.ts';
import {
  FieldError,
  list,
  nullable,
  number,
  object,
  oneOf,
  type Reader,
  text,
  whole,
} from '../model/fields.ts';
import type { ImageShape } from '../model/model-file.ts';
import { OPTIMIZER_NAMES } from '../train/optimizer.ts';
import { SCHEDULE_NAMES } from '../train/schedule.ts';
import { type Objective, parseSweepFile, type SweepFile } from './file.ts';
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
  /** Description of the adapter that trained it; of several, one after the other: "A, then B". */
  readonly adapter: string;
  readonly plan: string;
  /** Wall-clock time of training, those included that halving stopped, without validation, pauses and interruptions. */
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

/** The networks that a rung of successive halving dropped, as they are written down until their task is finished. */
export interface Dropped {
  /** Wall-clock time of the training until then that the records of those that went on do not tell of. */
  readonly seconds: number;
  readonly networks: readonly NetworkResult[];
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

/**
 * Reads `result.json`.
 * @param name what errors call the file
 * @throws ShadegradError `bad-data` where it is not such a result
 */
export function readTaskResult(name: string, text: string): TaskResult {
  return reading(name, text, taskResult);
}

/**
 * Reads `sweep.json`.
 * @throws ShadegradError as {@link readTaskResult}
 */
export function readSweep(name: string, text: string): Sweep {
  return reading(name, text, sweep);
}

/** @throws ShadegradError as {@link readTaskResult} */
export function readTaskFailure(name: string, text: string): TaskFailure {
  return reading(name, text, taskFailure);
}

/** @throws ShadegradError as {@link readTaskResult} */
export function readDropped(name: string, text: string): Dropped {
  return reading(name, text, dropped);
}

function reading<T>(name: string, text: string, read: Reader<T>): T {
  try {
    return read(JSON.parse(text), 'it');
  } catch (error) {
    const how = error instanceof ShadegradError ? error.message.replace(/^.*?: /, '') : `${reasonOf(error)}.`;
    throw new ShadegradError(
      'bad-data',
      `${name} is not as "shadegrad sweep" wrote it: ${how}`,
      'Bring back the file as it was, or remove the folder that it is in and run the sweep again.',
      error,
    );
  }
}

const share = number(0, 1);
const name = text(/^[0-9a-f]{16}$/);
const id = text(/^[0-9a-f]{12}$/);
const sha256 = text(/^[0-9a-f]{64}$/);

const format: Reader<typeof RESULT_FORMAT> = (value, path) => {
  whole(RESULT_FORMAT)(value, path);
  if (value === RESULT_FORMAT) return RESULT_FORMAT;
  throw new FieldError(`a later version of shadegrad wrote it, in format ${value}`);
};

const score = object<Score>({ loss: number(), accuracy: share });

const networkResult = object<NetworkResult>({
  id,
  settings: object<PointSettings>({
    data: text(),
    hidden: list(whole(1)),
    learningRate: number(0),
    weightDecay: share,
    batchSize: whole(1),
    seed: whole(0),
    epochs: whole(1),
    optimizer: oneOf(OPTIMIZER_NAMES),
    schedule: oneOf(SCHEDULE_NAMES),
  }),
  status: oneOf(['trained', 'stopped', 'diverged']),
  epochs: list(
    object<ResultEpoch>({
      loss: number(),
      accuracy: share,
      validationLoss: number(),
      validationAccuracy: share,
    }),
  ),
  epoch: whole(0),
  validation: nullable(score),
  test: nullable(score),
  weights: nullable(sha256),
});

const taskResult = object<TaskResult>({
  format,
  task: name,
  adapter: text(),
  plan: text(),
  seconds: number(0),
  networks: list(networkResult, 1),
});

const sweep = object<Sweep>({
  format,
  shadegrad: text(),
  file: (value, path) => parseSweepFile(path, JSON.stringify(value) ?? ''),
  datasets: list(
    object<SweepDataset>({
      source: text(),
      name: text(),
      sha256,
      shape: object<ImageShape>({ height: whole(1), width: whole(1) }),
      classes: whole(1),
      train: whole(1),
      test: whole(1),
    }),
    1,
  ),
  tasks: list(object<Sweep['tasks'][number]>({ name, networks: list(id, 1) }), 1),
});

const dropped = object<Dropped>({ seconds: number(0), networks: list(networkResult) });

const taskFailure = object<TaskFailure>({ task: name, message: text(), exitCode: whole(1), when: text() });

/** For sorting: better networks first, equal ones by their ids, those that diverged last. */
export function byObjective(
  objective: Objective,
): (a: Pick<NetworkResult, 'id' | 'validation'>, b: Pick<NetworkResult, 'id' | 'validation'>) => number {
  const cost = ({ validation }: Pick<NetworkResult, 'validation'>): number => {
    if (!validation) return Number.POSITIVE_INFINITY;
    return objective === 'validationLoss' ? validation.loss : -validation.accuracy;
  };
  return (a, b) => {
    const [first, second] = [cost(a), cost(b)];
    return first === second ? (a.id < b.id ? -1 : 1) : first < second ? -1 : 1;
  };
}
