import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Dataset, type ImageShape, printableName, type Samples } from '../data/dataset.ts';
import { ShadegradError } from '../errors.ts';
import { greyOf } from '../pictures/grey.ts';
import type { Picture } from '../pictures/picture.ts';
import { resize } from '../pictures/resize.ts';
import { decodePicture } from './decode.ts';
import { readStoredSync } from './files.ts';
import { type Entry, listFolder, sortByCodePoints, unlistable } from './idx-folder.ts';

/** Progress of reading a folder's pictures. */
export interface ReadingProgress {
  /** That of the dataset. */
  readonly folder: string;
  /** Pictures read so far, of both sets. */
  readonly images: number;
  /** Pictures of both sets. */
  readonly total: number;
}

export interface ImageFolderOptions {
  /** Size that all pictures are brought to; without it they must be of one size. */
  readonly imageSize?: ImageShape | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ReadingProgress) => void) | undefined;
}

const MOST_CLASSES = 256;
/** More bytes of pixels than this are refused. */
const MOST_BYTES = 2 ** 31;
/** Pictures that are decoded at the same time; more would take more memory. */
const AT_ONCE = 16;
/** Pictures between two calls of `onProgress`, after each of which the event loop gets a turn. */
const IMAGES_A_STEP = 200;
/** Larger pictures are shrunk to this many times the wanted size while they are decoded, and then brought to it. */
const SHRINK_FIRST = 4;

const PICTURE = /\.(png|jpe?g)$/i;

/** Whether a folder looks as if it held pictures and not IDX files. */
export function isImageFolder(entries: readonly Entry[]): boolean {
  return entries.some(({ name, isFolder }) => name === 'train' && isFolder);
}

/**
 * Reads pictures in the layout of torchvision's `ImageFolder`: `train/CLASS/*.png` and `test/CLASS/*.png`, PNG or JPEG,
 * also in folders below. As in torchvision, classes have the names of their folders in `train` and are numbered in the
 * order of these names, sorted by code points. Hidden and other files are passed over. Colours become grey as
 * {@link greyOf} says. Where a size is given, each picture is stretched to it, each new pixel the mean over what it
 * covers.
 *
 * @param entries what is in the folder
 * @throws ShadegradError `bad-data` where the layout is different, a picture is damaged or of another size;
 * `interrupted` where aborted
 */
export async function readImageFolder(
  name: string,
  folder: string,
  entries: readonly Entry[],
  options: ImageFolderOptions,
): Promise<Dataset> {
  const sets = { train: setFolder(folder, entries, 'train'), test: setFolder(folder, entries, 'test') };
  const classNames = (await classFolders(sets.train)).map((entry) => entry.name);
  if (classNames.length > MOST_CLASSES)
    throw bad(`${sets.train} has ${classNames.length} classes.`, `Use at most ${MOST_CLASSES}.`);
  const train = await labelledFiles(sets.train, classNames);
  const test = await labelledFiles(sets.test, classNames);
  const { images, shape } = await readPictures(folder, [...train, ...test], options);
  const border = train.length * shape.height * shape.width;
  return {
    name,
    shape,
    classes: classNames.length,
    classNames: classNames.map(printableName),
    train: samplesOf(train, images.subarray(0, border)),
    test: samplesOf(test, images.subarray(border)),
  };
}

function samplesOf(files: readonly LabelledFile[], images: Uint8Array): Samples {
  return { images, labels: Uint8Array.from(files, ({ label }) => label), count: files.length };
}

function setFolder(folder: string, entries: readonly Entry[], set: 'train' | 'test'): string {
  const found = entries.find(({ name, isFolder }) => name === set && isFolder);
  if (found) return found.path;
  const other = entries.find(({ name, isFolder }) => isFolder && /^(val|valid|validation|dev)$/i.test(name));
  throw bad(
    `The folder ${folder} has no folder "${set}"${other ? `, but one that is called "${other.name}"` : ''}.`,
    other ? `Call it "${set}", or link it under that name, if it is what to test with.` : LAYOUT,
  );
}

const LAYOUT = 'Expected are train/CLASS/*.png and test/CLASS/*.png, PNG or JPEG.';

async function classFolders(set: string): Promise<Entry[]> {
  const entries = await listFolder(set);
  const folders = entries.filter(({ isFolder }) => isFolder);
  if (folders.length > 0) return folders;
  const direct = entries.some(({ name }) => PICTURE.test(name));
  throw bad(
    direct
      ? `The pictures are in ${set} itself: it needs a folder for each class, which tells what they show.`
      : `${set} has no folders of classes.`,
    LAYOUT,
  );
}

interface LabelledFile {
  readonly path: string;
  readonly label: number;
}

async function labelledFiles(set: string, classNames: readonly string[]): Promise<LabelledFile[]> {
  const files: LabelledFile[] = [];
  for (const { name, path } of await classFolders(set)) {
    const label = classNames.indexOf(name);
    if (label < 0)
      throw bad(
        `${set} has the class "${name}", which there is nothing of to train on.`,
        'Use the same classes.',
      );
    const all = await readdir(path, { recursive: true }).catch((cause) => unlistable(path, cause));
    const pictures = all.filter(
      (file) => PICTURE.test(file) && !file.split(/[\\/]/).some((part) => part.startsWith('.')),
    );
    if (pictures.length === 0) throw bad(`${path} holds no PNG or JPEG files.`, LAYOUT);
    for (const file of sortByCodePoints(pictures, String)) files.push({ path: join(path, file), label });
  }
  return files;
}

/** Reads pictures, [files.length, height, width]; the first one decides the size where `imageSize` does not. */
async function readPictures(
  folder: string,
  files: readonly LabelledFile[],
  { imageSize, signal, onProgress }: ImageFolderOptions,
): Promise<{ readonly images: Uint8Array; readonly shape: Dataset['shape'] }> {
  const total = files.length;
  const longestSide = imageSize && SHRINK_FIRST * Math.max(imageSize.width, imageSize.height);
  const decode = async (path: string): Promise<Picture> => {
    if (signal?.aborted)
      throw new ShadegradError('interrupted', 'Reading the pictures was stopped.', '', signal.reason);
    return decodePicture(readStoredSync(path), longestSide === undefined ? {} : { longestSide });
  };
  const [first] = files;
  if (!first) throw bad(`The folder ${folder} holds no pictures.`, LAYOUT);
  const { height, width } = imageSize ?? (await decode(first.path));
  if (total * height * width > MOST_BYTES) {
    throw bad(
      `The ${total} pictures of ${folder}, of ${width} x ${height} pixels each, are more than fit into memory.`,
      'Bring them to a smaller size with --image-size.',
    );
  }

  const images = new Uint8Array(total * height * width);
  let next = 0;
  let done = 0;
  const readOn = async (): Promise<void> => {
    for (let i = next++; i < total; i = next++) {
      const path = files[i]?.path ?? '';
      const picture = await decode(path);
      if (!imageSize && (picture.width !== width || picture.height !== height)) {
        throw bad(
          `The pictures are of several sizes: ${first.path} has ${width} x ${height} pixels, ${path} ${picture.width} x ${picture.height}.`,
          `Bring them to one with --image-size, e.g. --image-size ${width}x${height}.`,
        );
      }
      images.set(stretched(picture, { width, height }), i * height * width);
      done++;
      if (done % IMAGES_A_STEP !== 0 && done !== total) continue;
      onProgress?.({ folder, images: done, total });
      await setImmediate();
    }
  };
  const reading = Array.from({ length: AT_ONCE }, readOn);
  try {
    await Promise.all(reading);
  } catch (error) {
    // Ends the other readers after their current pictures.
    next = total;
    await Promise.allSettled(reading);
    throw error;
  }
  return { images, shape: { height, width } };
}

function stretched(picture: Picture, to: { readonly width: number; readonly height: number }): Uint8Array {
  const grey = greyOf(picture);
  if (picture.width === to.width && picture.height === to.height) return grey;
  return Uint8Array.from(resize(Float32Array.from(grey), picture, to), Math.round);
}

function bad(message: string, nextStep: string): ShadegradError {
  return new ShadegradError('bad-data', message, nextStep);
}
