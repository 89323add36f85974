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
    const canvas = make('canvas', {
      class: 'pixels',
      role: 'img',
      'aria-label': `Test image of ${nameOf(label)}, taken for ${nameOf(predicted)}`,
    });
    paintInk(canvas, pixels, shape);
    const right = label === predicted;
    const lines = right
      ? [make('strong', {}, nameOf(label)), ` ${percent(probability, 1)}`]
      : [
          'said ',
          make('strong', {}, nameOf(predicted)),
          ` ${percent(probability, 1)}`,
          make('br'),
          'true ',
          make('strong', {}, nameOf(label)),
          ` ${percent(trueProbability, 1)}`,
        ];
    return make('li', {}, canvas, make('p', {}, ...lines));
  });
}
