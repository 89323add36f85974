import { ShadegradError } from '../errors.ts';

/** Labelled images, as the bytes of an IDX file without its header. */
export interface Samples {
  /** Pixels, 0 to 255: [count, height, width], row by row. */
  readonly images: Uint8Array;
  /** Class of each image: [count], 0 to `classes` - 1. */
  readonly labels: Uint8Array;
  /** Number of images. */
  readonly count: number;
}

/** Size of images, in pixels. */
export interface ImageShape {
  /** Rows. */
  readonly height: number;
  /** Pixels of a row. */
  readonly width: number;
}

/** A training and a test set of images of one size. */
export interface Dataset {
  /** For reports, e.g. "mnist" or "synthetic". */
  readonly name: string;
  /** Size of an image. */
  readonly shape: ImageShape;
  /** Number of classes, 1 to 256. */
  readonly classes: number;
  /**
   * Names of the classes, in order: [classes], or more where the names are those of a model with more classes. Without
   * names a class is called by its number.
   */
  readonly classNames?: readonly string[];
  /** What a network learns from. */
  readonly train: Samples;
  /** What it is tested on, and never sees while it learns. */
  readonly test: Samples;
}

/**
 * What each class of a dataset or a model is called, in order: its name, or else its number. A network may have more
 * classes than names.
 *
 * @param named a dataset, a model file, or whatever else has classes
 */
export function namesOfClasses({
  classes,
  classNames,
}: {
  readonly classes: number;
  readonly classNames?: readonly string[] | null;
}): readonly string[] {
  return Array.from({ length: classes }, (_, label) => classNames?.[label] ?? String(label));
}

/** A class's name as it can be printed: characters that control a terminal are replaced. */
export function printableName(name: string): string {
  return name.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '\ufffd');
}

/**
 * `data` for a model whose classes have names. Where the data have no names they get the model's; else each sample's
 * label becomes that of the model's class of the same name.
 *
 * @throws ShadegradError `bad-data` where the model has no class of some name in the data
 */
export function namedLike(data: Dataset, classNames: readonly string[] | null): Dataset {
  const { classNames: own, train, test } = data;
  if (!classNames) return data;
  if (!own) return { ...data, classNames };
  if (own.length === classNames.length && own.every((name, label) => name === classNames[label])) return data;
  const labels = own.map((name) => classNames.indexOf(name));
  const missing = own.filter((_, label) => labels[label] === -1);
  if (missing.length > 0) {
    throw new ShadegradError(
      'bad-data',
      `The dataset "${data.name}" has classes that the model does not tell apart: ${missing.join(', ')}. It knows ${classNames.join(', ')}.`,
      'Use data of the kind that the model was trained on, or another model.',
    );
  }
  const renumbered = (samples: Samples): Samples => ({
    ...samples,
    labels: samples.labels.map((label) => labels[label] ?? label),
  });
  return {
    ...data,
    classes: classNames.length,
    classNames,
    train: renumbered(train),
    test: renumbered(test),
  };
}
