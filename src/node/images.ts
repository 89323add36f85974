import { join, parse, resolve } from 'node:path';
import { encode } from 'fast-png';
import { imagesFromIdx } from '../data/idx.ts';
import { reasonOf, ShadegradError } from '../errors.ts';
import type { ImageShape, ModelFile } from '../model/model-file.ts';
import type { Picture } from '../pictures/picture.ts';
import { preparePicture } from '../pictures/prepare.ts';
import type { PreparedPicture } from '../pictures/prepared.ts';
import { decodePicture, isPicture } from './decode.ts';
import { writeWhole } from './files.ts';
import { readNamed } from './idx-folder.ts';

/** Characters of a file's name in the name of its input: file systems take 255 bytes, and a character has up to four. */
const LONGEST_NAME = 40;

/** Larger pictures are shrunk while they are decoded: even so a digit in them has pixels enough. */
const LONGEST_SIDE = 1024;

/** One image as the input of a network, and where it came from. */
export interface InputImage {
  /** The path that it was read from. */
  readonly file: string;
  /** Position in an IDX file, 0 for the first; null for a picture. */
  readonly index: number | null;
  /** Size of the input. */
  readonly shape: ImageShape;
  /** 0 to 255: [height, width] */
  readonly pixels: Uint8Array;
  /** What is doubtful about the picture; empty for images of an IDX file, which are taken as they are. */
  readonly notices: PreparedPicture['notices'];
}

/** The parts of a model file that decide how images are read for it. */
export type ImageModel = Pick<ModelFile, 'model' | 'image' | 'traits'>;

/** How images are read. */
export interface ReadOptions {
  /** Whether pictures are taken as they are, in grey; they must have the model's size then. */
  readonly asIs?: boolean;
}

/**
 * Reads the picture of a PNG or JPEG file as the model wants it (see {@link preparePicture}), or all images of an IDX
 * file, gzip-compressed or not, as they are.
 *
 * @throws ShadegradError `bad-data` where the file is something else or damaged, or does not fit the model
 */
export async function readImages(
  path: string,
  target: ImageModel,
  options: ReadOptions = {},
): Promise<InputImage[]> {
  const file = await readNamed(path);
  if (isPicture(file.bytes)) {
    const { image: shape } = target;
    if (!shape) {
      throw new ShadegradError(
        'bad-data',
        `The model file does not say to what size ${path} should be brought.`,
        `Use an IDX file with images of ${target.model.spec.inputs} pixels.`,
      );
    }
    const longestSide = Math.max(LONGEST_SIDE, shape.height, shape.width);
    const picture = await decodePicture(file, { longestSide });
    return [{ file: path, index: null, shape, ...prepared(path, picture, shape, target, options) }];
  }
  const { images, count, height, width } = await imagesFromIdx(file).catch((error: unknown) => {
    throw new ShadegradError(
      'bad-data',
      `${reasonOf(error)} It is no PNG or JPEG picture either.`,
      'Use PNG, JPEG or IDX files.',
      error,
    );
  });
  const shape = { height, width };
  checkImageShape(shape, target, path);
  const pixels = height * width;
  return Array.from({ length: count }, (_, index) => ({
    file: path,
    index,
    shape,
    pixels: images.subarray(index * pixels, (index + 1) * pixels),
    notices: [],
  }));
}

function prepared(
  path: string,
  picture: Picture,
  shape: ImageShape,
  target: ImageModel,
  options: ReadOptions,
): PreparedPicture {
  if (options.asIs) checkImageShape(picture, target, path);
  try {
    return preparePicture(picture, shape, target.traits, options);
  } catch (error) {
    if (!(error instanceof ShadegradError)) throw error;
    throw new ShadegradError(error.code, `${path}: ${error.message}`, error.nextStep, error);
  }
}

/**
 * Checks that a model can take images of a size.
 * @param what where the images are from, for the message
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
  const wanted = image ? `${image.width} x ${image.height}` : String(model.spec.inputs);
  throw new ShadegradError(
    'bad-data',
    `The images of ${what} have ${width} x ${height} pixels, but the model takes images of ${wanted} pixels.`,
    'Use images of the size that the model was trained on, or another model.',
  );
}

/** A file to be read, with its position among all of them, 1 for the first: a file may be given twice. */
export interface GivenFile {
  /** 1 for the first. */
  readonly number: number;
  /** Of the file. */
  readonly path: string;
}

/** An image, or why there is none: a file that cannot be used does not stop the others. */
export type ReadImage = GivenFile &
  (
    | {
        /** The image. */
        readonly input: InputImage;
      }
    | {
        /** There is none. */
        readonly input: null;
        /** Why. */
        readonly error: ShadegradError;
      }
  );

/**
 * Reads files one after the other, as {@link readImages} does, and gathers their images into batches: large enough to
 * keep a GPU busy, without all images being in memory at once.
 *
 * @param most images per batch
 * @throws ShadegradError `interrupted`
 */
export async function* readBatches(
  paths: readonly string[],
  target: ImageModel,
  most: number,
  { signal, ...options }: ReadOptions & { readonly signal?: AbortSignal } = {},
): AsyncGenerator<readonly ReadImage[], void> {
  let batch: ReadImage[] = [];
  for (const [i, path] of paths.entries()) {
    if (signal?.aborted) {
      throw new ShadegradError('interrupted', 'The reading of images was interrupted.', 'Start it again.');
    }
    for (const read of await readOrFail({ number: i + 1, path }, target, options)) {
      batch.push(read);
      if (batch.length < most) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

async function readOrFail(
  file: GivenFile,
  target: ImageModel,
  options: ReadOptions,
): Promise<readonly ReadImage[]> {
  try {
    return (await readImages(file.path, target, options)).map((input) => ({ ...file, input }));
  } catch (error) {
    if (!(error instanceof ShadegradError)) throw error;
    return [{ ...file, input: null, error }];
  }
}

/**
 * Writes a network's input as a grey PNG. The name is made of the file's number and name and the position in the file,
 * so that no two are the same.
 *
 * @param given paths of all files that are read, none of which is written over
 * @throws ShadegradError `usage` where one of these would be written over, `io` where writing fails
 */
export async function writeInput(
  folder: string,
  number: number,
  { file, index, shape, pixels }: InputImage,
  given: readonly string[],
): Promise<void> {
  const place = index === null ? '' : `-${index}`;
  const path = join(
    folder,
    `${String(number).padStart(4, '0')}-${parse(file).name.slice(0, LONGEST_NAME)}${place}.png`,
  );
  if (given.some((other) => resolve(other) === resolve(path))) {
    throw new ShadegradError(
      'usage',
      `${path} is one of the files to be read, and would be written over.`,
      'Choose another folder.',
    );
  }
  await writeWhole(path, encode({ ...shape, data: pixels, channels: 1, depth: 8 }));
}
