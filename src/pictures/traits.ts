/**
 * What the images are like that a model was trained on, as far as it decides how a picture is prepared for the model.
 * Found from the training images by {@link traitsOfImages} and kept in the model file.
 */
export interface ImageTraits {
  /** Light ink on a dark ground, as MNIST has it, or dark ink on light; null where the images have no one ground. */
  readonly ink: 'light' | 'dark' | null;
}

/** As the model file keeps it. */
export function encodeTraits(traits: ImageTraits): string {
  return JSON.stringify(traits);
}

/** The traits that `value`, parsed JSON out of a model file, says; null where it says none. */
export function traitsOf(value: unknown): ImageTraits | null {
  const ink = typeof value === 'object' && value !== null && 'ink' in value ? value.ink : undefined;
  return ink === 'light' || ink === 'dark' || ink === null ? { ink } : null;
}
