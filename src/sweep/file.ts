import type { ImageShape } from '../model/model-file.ts';
import type { OptimizerName } from '../train/optimizer.ts';
import type { PlanName } from '../train/plans/index.ts';
import type { Schedule } from '../train/schedule.ts';

/** Values from which samples are drawn: all between two, ends included, evenly or evenly in their logarithms. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly scale: 'linear' | 'log';
}

/** What differs between a sweep's networks. A list has the values that occur; of whole numbers a range draws whole ones. */
export interface SweepAxes {
  /** As `--data` has it. A folder is looked for from the sweep file's folder. */
  readonly data: readonly string[];
  /** Widths of each hidden layer; a range is of the width of a single one. */
  readonly hidden: readonly (readonly number[])[] | Range;
  /** Absent: each optimizer's default. */
  readonly learningRate?: readonly number[] | Range;
  /** AdamW's; networks of other optimizers have none. Absent: its default. */
  readonly weightDecay?: readonly number[] | Range;
  readonly batchSize: readonly number[] | Range;
  /** Never sampled: each setting is trained with each of the seeds. A range stands for all whole numbers in it. */
  readonly seed: readonly number[];
  readonly epochs: readonly number[] | Range;
  readonly optimizer: readonly OptimizerName[];
  /** Over all epochs, as `--schedule` has it. */
  readonly schedule: readonly Schedule['name'][];
}

/** How settings are taken from the axes. */
export type Sample =
  | 'grid'
  | {
      readonly method: 'random' | 'sobol';
      /** Of settings, each of which is trained with each of the seeds. */
      readonly count: number;
      readonly seed: number;
    };

/** What is the same for all of a sweep's networks, as the options of `shadegrad train` have it. */
export interface SweepSettings {
  readonly momentum: number;
  readonly warmup: number;
  readonly validationSplit: number;
  readonly patience: number | null;
  /**
   * Null: the one that is the likeliest to be the fastest, which is the same one each time on an adapter. `auto` measures,
   * and may take another one each time, with other bits.
   */
  readonly plan: PlanName | 'auto' | null;
  /** Size that a folder's pictures are brought to; null for that which they have. */
  readonly imageSize: ImageShape | null;
}

/** What makes a network better than another, after its last epoch or, with early stopping, the one that validated best. */
export type Objective = 'validationAccuracy' | 'validationLoss';

/** A sweep file with its defaults filled in: schemas/sweep.schema.json has its form. */
export interface SweepFile {
  readonly axes: SweepAxes;
  readonly sample: Sample;
  readonly settings: SweepSettings;
  readonly objective: Objective;
  readonly networksPerTask: number;
  /** Null: all networks are trained to their end. */
  readonly stop: { readonly halving: number } | null;
}

/**
 * Reads a sweep file.
 *
 * @param name what errors call the file, e.g. its path
 * @throws ShadegradError `usage` that names the line, the column and the path of what is wrong in it
 */
export declare function parseSweepFile(name: string, text: string): SweepFile;
