import type { Dataset } from '../data/dataset.ts';
import type { OptimizerName } from '../train/optimizer.ts';
import type { Schedule } from '../train/schedule.ts';
import type { SweepFile } from './file.ts';

/** A dataset of a sweep, as far as tasks depend on it. */
export interface SweepDataset extends Pick<Dataset, 'name' | 'shape' | 'classes'> {
  /** As the sweep file has it. */
  readonly source: string;
  /** See `datasetChecksum`. */
  readonly sha256: string;
  /** Number of samples in each set. */
  readonly train: number;
  readonly test: number;
}

/** What one network of a sweep is trained with, and on. */
export interface PointSettings {
  /** The dataset's source, as the sweep file has it. */
  readonly data: string;
  readonly hidden: readonly number[];
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly epochs: number;
  readonly optimizer: OptimizerName;
  readonly schedule: Schedule['name'];
}

/** A network of a sweep. */
export interface SweepNetwork {
  /** 12 hexadecimal digits of the SHA-256 of all that decides how it is trained. */
  readonly id: string;
  readonly settings: PointSettings;
}

/** Networks that are trained side by side: they differ only in seed, learning rate and weight decay. */
export interface SweepTask {
  /** 16 hexadecimal digits of the SHA-256 of all that decides how its networks are trained. */
  readonly name: string;
  readonly networks: readonly [SweepNetwork, ...SweepNetwork[]];
  /** Estimated multiply-adds of its training. */
  readonly work: number;
}

/**
 * The tasks of a sweep, in an order that the file and the data alone decide.
 *
 * @param datasets those that the file names: [axes.data]
 * @throws ShadegradError `usage` where settings contradict each other or are out of range
 */
export declare function sweepTasks(
  file: SweepFile,
  datasets: readonly SweepDataset[],
): Promise<readonly SweepTask[]>;
