import { imagesFromIdx } from '../data/idx.ts';
import { ShadegradError } from '../errors.ts';
import type { ImageShape, ModelFile } from '../model/model-file.ts';
import { readNamed } from './idx-folder.ts';
import { imageFromPng, isPng } from './png.ts';

/** One image as the input of a network, and where it came from. */
export interface InputImage {
  readonly file: string;
  /** Position in an IDX file, 0 for the first; null for a PNG image. */
  readonly index: number | null;
  /** 0 to 255: [height, width] */
  readonly pixels: Uint8Array;
}

/**
 * Reads the image of a PNG file (see {@link imageFromPng}), or all those of an IDX file, gzip-compressed or not, as
 * they are.
 *
 * @throws ShadegradError `bad-data` where the file is something else or damaged, or does not fit the model
 */
export async function readImages(
  path: string,
  { model, image }: Pick<ModelFile, 'model' | 'image'>,
): Promise<InputImage[]> {
  const file = await readNamed(path);
  if (isPng(file.bytes)) {
    if (image) return [{ file: path, index: null, pixels: imageFromPng(file, image) }];
    throw new ShadegradError(
      'bad-data',
      `The model file does not say to what size ${path} should be brought.`,
      `Use an IDX file with images of ${model.spec.inputs} pixels.`,
    );
  }
  const { images, count, height, width } = await imagesFromIdx(file).catch((error: ShadegradError) => {
    throw new ShadegradError(
      'bad-data',
      `${error.message} It is no PNG image either.`,
      'Use PNG or IDX files.',
      error,
    );
  });
  checkImageShape({ height, width }, { model, image }, path);
  const pixels = height * width;
  return Array.from({ length: count }, (_, index) => ({
    file: path,
    index,
    pixels: images.subarray(index * pixels, (index + 1) * pixels),
  }));
}

/**
 * Checks that a model can take images of a size.
 * @param what what the images are from, for the message
 * @throws ShadegradError `bad-data`
 */
export function checkImageShape(
  { height, width }: ImageShape,
  { model, image }: Pick<ModelFile, 'model' | 'image'>,
  what: string,
): void {
  const fits = image
    ? height === image.height && width === image.width
    : height * width === model.spec.inputs;
  if (fits) return;
  const wanted = image ? `${image.height} x ${image.width}` : String(model.spec.inputs);
  throw new ShadegradError(
    'bad-data',
    `The images of ${what} have ${height} x ${width} pixels, but the model takes images of ${wanted} pixels.`,
    'Use images of the size that the model was trained on, or another model.',
  );
}
