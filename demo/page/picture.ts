import { type ImageShape, type ImageTraits, type PreparedPicture, preparePicture } from '../../src/index.ts';

/** Pictures are brought to at most this many pixels a side: a digit in a photograph has enough of them then. */
const LONGEST_SIDE = 1024;

/** A picture that was decoded. */
export interface Decoded {
  /** Makes it a network's input, as `preparePicture`. */
  readonly prepare: (shape: ImageShape, traits: ImageTraits | null) => PreparedPicture;
  /** Holds it. */
  readonly canvas: HTMLCanvasElement;
}

/**
 * Decodes a picture of any format that the browser reads, upright as its camera says.
 * @throws DOMException where it is damaged, or of another format
 */
export async function decodePicture(file: Blob): Promise<Decoded> {
  // Colours stay as the file has them: the network was trained on bytes of files.
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none' });
  try {
    const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(scale * bitmap.width));
    canvas.height = Math.max(1, Math.round(scale * bitmap.height));
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (!context) throw new DOMException('The browser has no canvas to decode it with.');
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const { width, height, data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const picture = { width, height, channels: 4 as const, data: new Uint8Array(data.buffer) };
    return { prepare: (shape, traits) => preparePicture(picture, shape, traits), canvas };
  } finally {
    bitmap.close();
  }
}
