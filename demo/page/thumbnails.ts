import type { ImageShape } from '../../src/index.ts';
import type { Judged } from '../protocol.ts';
import { make } from './dom.ts';
import { percent } from './format.ts';
import { paintInk } from './pixels.ts';

/** Test images with what they show and what the network took them for, as items of a list. */
export function thumbnails(images: readonly Judged[], shape: ImageShape): HTMLLIElement[] {
  return images.map(({ pixels, label, predicted, probability, trueProbability }) => {
    const canvas = make('canvas', {
      class: 'pixels',
      role: 'img',
      'aria-label': `Test image of a ${label}, taken for ${predicted}`,
    });
    paintInk(canvas, pixels, shape);
    const right = label === predicted;
    const lines = right
      ? [make('strong', {}, `${label}`), ` ${percent(probability, 1)}`]
      : [
          'said ',
          make('strong', {}, `${predicted}`),
          ` ${percent(probability, 1)}`,
          make('br'),
          'true ',
          make('strong', {}, `${label}`),
          ` ${percent(trueProbability, 1)}`,
        ];
    return make('li', {}, canvas, make('p', {}, ...lines));
  });
}
