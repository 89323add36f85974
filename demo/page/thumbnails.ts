import type { ImageShape } from '../../src/index.ts';
import type { Judged } from '../protocol.ts';
import { make } from './dom.ts';
import { percent } from './format.ts';
import { paintInk } from './pixels.ts';

/**
 * Test images with their true and predicted labels, as items of a list.
 *
 * @param names of the classes: [classes]
 */
export function thumbnails(
  images: readonly Judged[],
  shape: ImageShape,
  names: readonly string[],
): HTMLLIElement[] {
  const nameOf = (label: number): string => names[label] ?? String(label);
  return images.map(({ pixels, label, predicted, probability, trueProbability }) => {
    const right = label === predicted;
    const said = right
      ? `Test image of ${nameOf(label)}, recognised (${percent(probability, 1)})`
      : `Test image of ${nameOf(label)} (${percent(trueProbability, 1)}), taken for ${nameOf(predicted)} (${percent(probability, 1)})`;
    const canvas = make('canvas', { class: 'pixels', role: 'img', 'aria-label': said });
    paintInk(canvas, pixels, shape);
    const lines = right
      ? [line('', nameOf(label), probability)]
      : [line('said', nameOf(predicted), probability), line('true', nameOf(label), trueProbability)];
    return make('li', { title: said }, canvas, ...lines);
  });
}

/** A name and its probability, in one line: a name that is too long is cut. */
function line(word: string, name: string, probability: number): HTMLParagraphElement {
  return make('p', {}, `${word} `, make('strong', {}, name), make('span', {}, ` ${percent(probability, 1)}`));
}
