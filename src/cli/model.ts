import { type Model, type ModelFile, type Normalisation, readModel, withNormalisation } from '../node.ts';
import type { Output } from './output.ts';

export interface NormalisationFlags {
  readonly inputMean?: number;
  readonly inputStd?: number;
}

/** A model file as it is used, and what was made part of it. */
export interface LoadedModel extends ModelFile {
  /** As it is in the file. */
  readonly stored: Model;
  readonly normalisation: Normalisation | null;
}

/** Reads a model file, makes `--input-mean` and `--input-std` part of it, and tells what it leaves to be assumed. */
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
    // Only who reads pictures need know, see `predict`.
    if (code === 'pictures') continue;
    const remedy = 'For a model trained on normalised pixels, give --input-mean and --input-std.';
    out.note(`Notice: ${text}${code === 'pixels' ? ` ${remedy}` : ''}`);
  }
  return { ...file, stored: read.model, normalisation };
}
