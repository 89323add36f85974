import { ShadegradError } from '../errors.ts';

/**
 * Checks what a program without types may get wrong: numbers of another kind would be read as bytes, or a canvas's
 * four channels as four images, and the answers would be nonsense.
 *
 * @param what the value is meant to be, for the message
 * @throws ShadegradError `usage` where it is no `Uint8Array` (Node's Buffers are)
 */
export function assertBytes(value: unknown, what: string): asserts value is Uint8Array {
  // By the language's own tag: a typed array from another realm is no instance of this realm's Uint8Array.
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  if (kind === 'Uint8Array') return;
  throw new ShadegradError(
    'usage',
    `A value of the type ${kind} was given as ${what}; bytes are wanted, in a Uint8Array.`,
    kind.startsWith('Float') || kind === 'Array'
      ? 'Give whole numbers from 0 to 255: multiply pixels from 0 to 1 by 255 and round them.'
      : 'Copy one byte for each value into a Uint8Array.',
  );
}

/**
 * @param inputs pixels of an image
 * @throws ShadegradError `usage` if `images` are no bytes, `bad-data` if they are not `count` images, one or more
 */
export function assertImages(images: unknown, count: number, inputs: number): asserts images is Uint8Array {
  assertBytes(images, 'the pixels of images');
  if (count >= 1 && images.length === count * inputs) return;
  throw new ShadegradError(
    'bad-data',
    `${images.length} bytes of pixels are not ${count} image${count === 1 ? '' : 's'} of ${inputs} pixels.`,
    'Give at least one image, each of the size that the network takes.',
  );
}
