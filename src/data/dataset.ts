/** Labelled images, as the bytes of an IDX file without its header. */
export interface Samples {
  /** Pixels, 0 to 255: [count, height, width], row by row. */
  readonly images: Uint8Array;
  /** Class of each image: [count], 0 to `classes` - 1. */
  readonly labels: Uint8Array;
  readonly count: number;
}

/** A training and a test set of images of one size. */
export interface Dataset {
  /** For reports, e.g. "mnist" or "synthetic". */
  readonly name: string;
  readonly shape: { readonly height: number; readonly width: number };
  /** Number of classes, 1 to 256. */
  readonly classes: number;
  /** What each class is called, in order: [classes]. Without them a class is called by its number. */
  readonly classNames?: readonly string[];
  readonly train: Samples;
  readonly test: Samples;
}

/**
 * What each class of a dataset or a model is called, in order: its name, or else its number. A network may tell more
 * classes apart than have names.
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

/** `data`, its classes called as those of a model where they have no names of their own. */
export function namedLike(data: Dataset, classNames: readonly string[] | null): Dataset {
  if (data.classNames || !classNames) return data;
  return { ...data, classNames: classNames.slice(0, data.classes) };
}
