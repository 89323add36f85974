import { ShadegradError } from '../errors.ts';
import { type Model, type Tensor, tensor } from './model.ts';
import type { ModelFile } from './model-file.ts';
import { denseLayers } from './spec.ts';

/** How a model's training prepared pixels: (byte / 255 - mean) / std, as torchvision's `Normalize` does. */
export interface Normalisation {
  /** Of pixels from 0 to 1. */
  readonly mean: number;
  /** Above 0. */
  readonly std: number;
}

/**
 * The model file with `normalisation` folded into its first layer, for a file that does not state the normalisation that
 * it was trained with.
 *
 * @throws ShadegradError `usage` where the file states how pixels are prepared, or as {@link foldNormalisation}
 */
export function withNormalisation(file: ModelFile, normalisation: Normalisation): ModelFile {
  if (!file.assumptions.some(({ code }) => code === 'pixels')) {
    throw new ShadegradError(
      'usage',
      'The model file states itself how pixels are prepared.',
      'Leave out mean and standard deviation.',
    );
  }
  return {
    ...file,
    model: foldNormalisation(file.model, normalisation),
    assumptions: file.assumptions.filter(({ code }) => code !== 'pixels'),
  };
}

/**
 * A model that gives for pixels from 0 to 1 what `model` gives for normalised ones. With x' = (x - mean) / std,
 *
 *     W x' + b = (W / std) x + (b - mean / std * sum of W's row)
 *
 * The right side is computed in float64 and rounded to float32 once.
 *
 * @param model for normalised pixels
 * @param normalisation how they were normalised
 * @throws ShadegradError `usage` where mean or std is not finite, std not above 0, or so small that weights overflow
 */
export function foldNormalisation(model: Model, { mean, std }: Normalisation): Model {
  if (!Number.isFinite(mean) || !Number.isFinite(std) || !(std > 0)) {
    throw new ShadegradError(
      'usage',
      `Pixels cannot be normalised with mean ${mean} and standard deviation ${std}.`,
      'Use finite numbers, and a standard deviation above 0.',
    );
  }
  const inputs = denseLayers(model.spec)[0]?.inputs ?? 0;
  const kernel = tensor(model, '0.weight');
  const weight = kernel.map((value) => value / std);
  const bias = tensor(model, '0.bias').map((value, unit) => {
    let sum = 0;
    for (let i = unit * inputs; i < (unit + 1) * inputs; i++) sum += kernel[i] ?? 0;
    return value - (mean / std) * sum;
  });
  if (!weight.every(Number.isFinite) || !bias.every(Number.isFinite)) {
    throw new ShadegradError(
      'usage',
      `With mean ${mean} and standard deviation ${std} the first layer's weights leave the range of float32.`,
      'Use those that the model was trained with.',
    );
  }
  const folded = new Map([
    ['0.weight', weight],
    ['0.bias', bias],
  ]);
  const tensors = model.tensors.map(
    (each): Tensor => ({ ...each, data: folded.get(each.name) ?? each.data }),
  );
  return { ...model, tensors };
}
