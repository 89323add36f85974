import type { ImageShape } from '../data/dataset.ts';
import { ShadegradError } from '../errors.ts';
import { centerDigit, type DigitForm, layoutOf } from './center.ts';
import { type Box, longestSide } from './components.ts';
import { greyOf } from './grey.ts';
import { type Digit, findDigit } from './ink.ts';
import type { Picture } from './picture.ts';
import { lightOf } from './plane.ts';
import { inInk, type PreparedPicture, wantedOf, withNotices } from './prepared.ts';
import { resize } from './resize.ts';
import type { ImageTraits } from './traits.ts';
import { visible } from './transparency.ts';

/** Ink is looked for in a picture of at most this many pixels a side: a digit's own image has far fewer. */
const LONGEST_SIDE = 512;

const BLANK =
  'Nothing in the picture stands out from its background as strokes do: the answer means nothing.';

/**
 * A decoded picture as a network's input, prepared like the images that the model was trained on. Where these are
 * centred digits, the digit is found and brought into their form and ink; a picture that has that form already keeps
 * its bytes. For other models, a picture of the model's size is taken as it is; any other is stretched, with the ground
 * as light as in the training images.
 *
 * @param traits of the model's training images; null if not known: then models of 28 x 28 are taken for MNIST's
 * @param options `asIs`: whether the picture goes in as its bytes are, in grey, whatever the traits say
 * @throws ShadegradError `bad-data` where a picture to be taken as it is does not have the model's size
 */
export function preparePicture(
  picture: Picture,
  shape: ImageShape,
  traits: ImageTraits | null,
  options: { readonly asIs?: boolean } = {},
): PreparedPicture {
  const { asIs = false } = options;
  const fits = picture.height === shape.height && picture.width === shape.width;
  if (asIs && !fits) {
    throw new ShadegradError(
      'bad-data',
      `The picture has ${picture.width} x ${picture.height} pixels, but the model takes images of ${shape.width} x ${shape.height}.`,
      "Use a picture of the model's size, or let it be prepared.",
    );
  }
  const { form, ink } = wantedOf(shape, traits);
  if (asIs || (fits && !form)) return withNotices(greyOf(picture), shape, traits);
  if (!form) return withNotices(stretched(picture, shape, ink), shape, traits);

  const formed = fits ? inForm(greyOf(picture), form, ink) : undefined;
  if (formed) return withNotices(inInk(formed, ink), shape, traits);

  const digit = digitIn(picture);
  if (!digit) {
    const pixels = inInk(new Uint8Array(shape.height * shape.width), ink);
    return { pixels, notices: [{ code: 'blank', text: BLANK }] };
  }
  const centred = centerDigit(digit.ink.values, digit.ink.width, digit.ink.height, form);
  return withNotices(inInk(centred, ink), shape, traits, digit.several);
}

/** The digit in a picture. Where it is small, it is looked at again in a cut-out of the picture. */
function digitIn(picture: Picture): Digit | undefined {
  const { brightness, region } = visible(lightOf(picture, LONGEST_SIDE));
  const digit = findDigit(brightness, region);
  const scale = picture.width / brightness.width;
  const side = digit ? 2 * longestSide(digit.box) : 0;
  if (!digit || scale === 1 || 2 * side > Math.max(brightness.width, brightness.height)) return digit;
  const { left, top, width, height } = digit.box;
  const near = cut(picture, {
    left: Math.floor(scale * (left + width / 2 - side / 2)),
    top: Math.floor(scale * (top + height / 2 - side / 2)),
    width: Math.ceil(scale * side),
    height: Math.ceil(scale * side),
  });
  const seen = visible(lightOf(near, LONGEST_SIDE));
  const again = findDigit(seen.brightness, seen.region);
  return again ? { ...again, several: digit.several || again.several } : digit;
}

/** The part of a picture within a box. */
function cut({ width, height, channels, data }: Picture, box: Box): Picture {
  const [left, top] = [Math.max(0, box.left), Math.max(0, box.top)];
  const columns = Math.min(width, box.left + box.width) - left;
  const rows = Math.min(height, box.top + box.height) - top;
  const part = new Uint8Array(columns * rows * channels);
  for (let y = 0; y < rows; y++) {
    const start = ((top + y) * width + left) * channels;
    part.set(data.subarray(start, start + columns * channels), y * columns * channels);
  }
  return { width: columns, height: rows, channels, data: part };
}

/** A drawing in the opposite of the model's ink is taken to have its form only if its strongest ink is nearly full. */
const FULL_INK = 240;

/** The picture as light ink on black, if it has the form already, to a pixel, in the model's ink or the opposite. */
function inForm(grey: Uint8Array, form: DigitForm, ink: ImageTraits['ink']): Uint8Array | undefined {
  const inverted = grey.map((value) => 255 - value);
  const own = ink === 'dark' ? inverted : grey;
  return [grey, inverted].find((pixels) => {
    const layout = layoutOf(pixels, form.width, form.height);
    const least = pixels === own ? 128 : FULL_INK;
    if (!layout || pixels.every((value) => value < least)) return false;
    const { box, mass } = layout;
    const centre = form.by === 'mass' ? mass : { x: box.left + box.width / 2, y: box.top + box.height / 2 };
    const away = Math.max(Math.abs(centre.x - form.x), Math.abs(centre.y - form.y));
    return away <= 1 && Math.abs(Math.max(box.width, box.height) - form.box) <= 1;
  });
}

/** The whole picture at another size, inverted where its border is dark but the model's images' light, or the reverse. */
function stretched(picture: Picture, shape: ImageShape, ink: ImageTraits['ink']): Uint8Array {
  const { width, height } = picture;
  const resized = resize(Float32Array.from(greyOf(picture)), { width, height }, shape);
  const pixels = Uint8Array.from(resized, (value) => Math.round(value));
  const border = pixels
    .filter((_, i) => {
      const [x, y] = [i % shape.width, Math.floor(i / shape.width)];
      return x === 0 || y === 0 || x === shape.width - 1 || y === shape.height - 1;
    })
    .sort();
  const ground = border[Math.floor(border.length / 2)] ?? 0;
  const opposite = (ink === 'light' && ground > 127) || (ink === 'dark' && ground < 128);
  return opposite ? pixels.map((value) => 255 - value) : pixels;
}
