import {
  type Dataset,
  type ImageShape,
  type ImageTraits,
  type Picture,
  preparePicture,
  ShadegradError,
} from '../../src/index.ts';
import { type LabelledFile, labelledFolders } from '../folders.ts';
import type { OwnFiles } from '../protocol.ts';
import type { Loaded, LoadOptions } from './data.ts';

/** Pictures of one size are taken as they are where no side is longer; else all are brought to `USUAL`. */
const LONGEST_SIDE = 64;
const USUAL: ImageShape = { height: 28, width: 28 };
/** Larger pictures are shrunk to this many times the wanted size by the browser, and then brought to it. */
const SHRINK_FIRST = 4;
/** Of images that are taken as a whole, in grey as it is. */
const WHOLE: ImageTraits = { ink: null, digits: null, likeness: null };

/**
 * A dataset of pictures in folders of classes, in grey.
 * @throws ShadegradError `bad-data` where the layout is different or a picture is damaged; `interrupted`
 */
export async function pictureDataset({ name, files }: OwnFiles, options: LoadOptions): Promise<Loaded> {
  const { classNames, train, test, split } = labelledFolders(files);
  const all = [...train, ...test];
  const asTheyAre = await readPictures(name, all, null, options);
  const { images, shape } = asTheyAre ?? (await brought(name, all, options));
  const border = train.length * shape.height * shape.width;
  const samplesOf = (labelled: readonly LabelledFile[], images: Uint8Array): Dataset['train'] => ({
    images,
    labels: Uint8Array.from(labelled, ({ label }) => label),
    count: labelled.length,
  });
  const notices = [
    split ? 'Every fifth picture of each class is to test with.' : '',
    asTheyAre
      ? ''
      : `They are large, or of several sizes: all were brought to ${USUAL.width} x ${USUAL.height}.`,
  ];
  return {
    data: {
      name,
      shape,
      classes: classNames.length,
      classNames,
      train: samplesOf(train, images.slice(0, border)),
      test: samplesOf(test, images.slice(border)),
    },
    notice: notices.filter((text) => text !== '').join(' '),
  };
}

interface Images {
  /** [count, height, width] */
  readonly images: Uint8Array;
  readonly shape: ImageShape;
}

async function brought(name: string, files: readonly LabelledFile[], options: LoadOptions): Promise<Images> {
  const images = await readPictures(name, files, USUAL, options);
  if (!images) throw new TypeError('Pictures were not brought to the size that all were to have.');
  return images;
}

/**
 * @param to size that all are brought to; null for that which they have
 * @returns undefined where they are to be as they are, but are large or of several sizes
 */
async function readPictures(
  name: string,
  files: readonly LabelledFile[],
  to: ImageShape | null,
  { signal, onArrival }: LoadOptions,
): Promise<Images | undefined> {
  const decode = decoder();
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  let shape = to;
  let images = new Uint8Array();
  let received = 0;
  for (const [i, labelled] of files.entries()) {
    if (signal.aborted) {
      throw new ShadegradError('interrupted', 'Reading the pictures was stopped.', '', signal.reason);
    }
    const picture = await decode(
      labelled,
      to ? SHRINK_FIRST * Math.max(to.height, to.width) : LONGEST_SIDE + 1,
    );
    const { height, width } = picture;
    shape ??= { height, width };
    const isOther = height !== shape.height || width !== shape.width;
    if (!to && (isOther || Math.max(height, width) > LONGEST_SIDE)) return undefined;
    if (i === 0) images = new Uint8Array(files.length * shape.height * shape.width);
    images.set(preparePicture(picture, shape, WHOLE).pixels, i * shape.height * shape.width);
    received += labelled.file.size;
    if (i % 50 === 0) onArrival({ file: name, received, total, share: received / total });
  }
  return shape ? { images, shape } : undefined;
}

/** Decodes pictures one after the other, shrunk where a side is longer than `longest`. */
function decoder() {
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  return async ({ file, path }: LabelledFile, longest: number): Promise<Picture> => {
    // Colours stay as the file has them, as on the command line.
    const bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none' }).catch((cause: unknown) => {
      throw new ShadegradError(
        'bad-data',
        `The picture ${path} is damaged, or of a format that this browser does not know.`,
        'Mend it, or take it out of the folder.',
        cause,
      );
    });
    try {
      if (!context) throw new TypeError('The browser has no canvas to decode pictures with.');
      const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
      canvas.width = Math.max(1, Math.round(scale * bitmap.width));
      canvas.height = Math.max(1, Math.round(scale * bitmap.height));
      context.imageSmoothingQuality = 'high';
      context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      const { width, height, data } = context.getImageData(0, 0, canvas.width, canvas.height);
      return { width, height, channels: 4, data: new Uint8Array(data.buffer) };
    } finally {
      bitmap.close();
    }
  };
}
