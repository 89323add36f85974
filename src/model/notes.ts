import type { Dataset } from '../data/dataset.ts';
import { traitsOfImages } from '../pictures/traits.ts';
import type { ModelNotes } from './model-file.ts';

/** Notes that a model file holds beside the weights, for a model that was trained on `data`. */
export function modelNotes(data: Dataset): ModelNotes {
  const { name, shape, classNames, train } = data;
  return {
    image: shape,
    dataset: name,
    ...(classNames && { classNames }),
    traits: traitsOfImages(train, shape),
  };
}
