import type { ImageShape } from '../data/dataset.ts';
import { BOX, type DigitForm, mnistForm } from './center.ts';
import { digitFromStrokes, type Stroke } from './pen.ts';
import { inInk, type PreparedPicture, wantedOf, withNotices } from './prepared.ts';
import type { ImageTraits } from './traits.ts';

/**
 * A drawing as a network's input, in the form and the ink of the images that the model was trained on: scaled to the form's
 * box, drawn with a pen as thick as MNIST's, and centred. Where these are not centred digits, the drawing is placed as in
 * MNIST, scaled to their size.
 *
 * @example
 * ```ts
 * import { prepareStrokes } from 'shadegrad';
 *
 * // A one, as a pen wrote it: in any unit, y downwards.
 * const stroke = [{ x: 40, y: 10 }, { x: 52, y: 2 }, { x: 52, y: 90 }];
 * const { pixels, notices } = prepareStrokes([stroke], { height: 28, width: 28 }, null);
 * // `pixels` is what Network.predict takes.
 * console.log(pixels.length, notices);
 * ```
 */
export function prepareStrokes(
  strokes: readonly Stroke[],
  shape: ImageShape,
  traits: ImageTraits | null,
): PreparedPicture {
  const { form, ink } = wantedOf(shape, traits);
  return withNotices(inInk(digitFromStrokes(strokes, form ?? scaledForm(shape)), ink), shape, traits);
}

/** MNIST's form for images of another size. */
function scaledForm({ height, width }: ImageShape): DigitForm {
  const scale = Math.min(height, width) / mnistForm.width;
  const box = Math.max(1, Math.round(scale * BOX));
  return { height, width, box, by: 'mass', x: (width + scale) / 2, y: (height + scale) / 2 };
}
