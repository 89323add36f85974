import type { Dataset } from '../data/dataset.ts';
import { traitsOfImages } from '../pictures/traits.ts';
import type { ModelNotes } from './model-file.ts';

/** What the file of a model that was trained on `data` says beside the weights. */
export function modelNotes(data: Dataset): ModelNotes {
  const { name, shape, classNames, train } = data;
  return {
    image: shape,
    dataset: name,
    ...(classNames && { classNames }),
    traits: traitsOfImages(train, shape),
  };
}
