import { type Model, type ModelFile, type Normalisation, readModel, withNormalisation } from '../node.ts';
import type { Output } from './output.ts';

export interface NormalisationFlags {
  readonly inputMean?: number;
  readonly inputStd?: number;
}

/** A model file as it is used, with the normalisation that was folded into it. */
export interface LoadedModel extends ModelFile {
  /** The model as it is in the file. */
  readonly stored: Model;
  readonly normalisation: Normalisation | null;
}

/** Reads a model file, folds `--input-mean` and `--input-std` into it, and tells what had to be assumed about it. */
export async function loadModel(
  path: string,
  { inputMean, inputStd }: NormalisationFlags,
  out: Output,
): Promise<LoadedModel> {
  const read = await readModel(path);
  const isGiven = inputMean !== undefined || inputStd !== undefined;
  const normalisation = isGiven ? { mean: inputMean ?? 0, std: inputStd ?? 1 } : null;
  const file = normalisation ? withNormalisation(read, normalisation) : read;
  for (const { code, text } of file.assumptions) {
    // This matters only for pictures: `predict` tells it.
    if (code === 'pictures') continue;
    const remedy = 'For a model trained on normalised pixels, give --input-mean and --input-std.';
    out.note(`Notice: ${text}${code === 'pixels' ? ` ${remedy}` : ''}`);
  }
  return { ...file, stored: read.model, normalisation };
}
