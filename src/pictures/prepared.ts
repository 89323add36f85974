import type { ImageShape } from '../data/dataset.ts';
import { type DigitForm, mnistForm } from './center.ts';
import { unlikeness } from './likeness.ts';
import type { ImageTraits } from './traits.ts';

/** Something that the reader of an answer should know about the picture. */
export interface PictureNotice {
  /** `blank`: no ink was found. `several`: more than one digit. `unlike`: strokes unlike the training images'. */
  readonly code: 'blank' | 'several' | 'unlike';
  /** A sentence. */
  readonly text: string;
}

/** A picture as a network takes it. */
export interface PreparedPicture {
  /** The network's input, 0 to 255: [height, width] */
  readonly pixels: Uint8Array;
  /** Empty where all is well. Notices do not change the pixels. */
  readonly notices: readonly PictureNotice[];
}

const SEVERAL = 'The picture holds more than one digit: the one with the most ink was read.';
const UNLIKE =
  'The strokes are unlike those of the images that the model was trained on: the answer is a guess.';

/** What the model wants: centred digits of a form, or null for whole pictures; light or dark ink, or null for either. */
export function wantedOf(
  { height, width }: ImageShape,
  traits: ImageTraits | null,
): { readonly form: DigitForm | null; readonly ink: ImageTraits['ink'] } {
  if (!traits) return { form: height === 28 && width === 28 ? mnistForm : null, ink: 'light' };
  const { digits, ink } = traits;
  return { form: digits?.height === height && digits.width === width ? digits : null, ink };
}

export function withNotices(
  pixels: Uint8Array,
  shape: ImageShape,
  traits: ImageTraits | null,
  several = false,
): PreparedPicture {
  const notices: PictureNotice[] = several ? [{ code: 'several', text: SEVERAL }] : [];
  const likeness = traits?.likeness;
  if (likeness && unlikeness(inInk(pixels, traits.ink), shape, likeness) > 1) {
    notices.push({ code: 'unlike', text: UNLIKE });
  }
  return { pixels, notices };
}

/** Turns light ink into the model's ink, and the model's ink into light. */
export function inInk(pixels: Uint8Array, ink: ImageTraits['ink']): Uint8Array {
  return ink === 'dark' ? pixels.map((value) => 255 - value) : pixels;
}
