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

/** The traits of training images, 0 to 255: [count, height, width]. */
export function traitsOfImages(
  { images, count }: { readonly images: Uint8Array; readonly count: number },
  { height, width }: { readonly height: number; readonly width: number },
): ImageTraits {
  let sum = 0;
  for (const value of images) sum += value;
  return { ink: sum < (255 / 2) * count * height * width ? 'light' : 'dark' };
}
