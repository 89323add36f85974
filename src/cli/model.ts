import {
  type InitialWeights,
  type Model,
  type ModelFile,
  type ModelsFile,
  modelChecksum,
  type Normalisation,
  readModel,
  readModels,
  withNormalisation,
} from '../node.ts';
import type { Output } from './output.ts';

export interface NormalisationFlags {
  readonly inputMean?: number;
  readonly inputStd?: number;
}

/** A file of a network, or of several, as they are used, and what was made part of them. */
export interface LoadedModels extends ModelsFile {
  /** The first one: what is asked of the form of all of them. */
  readonly model: Model;
  /** As they are in the file. */
  readonly stored: readonly Model[];
  readonly normalisation: Normalisation | null;
}

/** Reads a model file, folds `--input-mean` and `--input-std` into it, and tells what had to be assumed about it. */
export async function loadModels(
  path: string,
  { inputMean, inputStd }: NormalisationFlags,
  out: Output,
): Promise<LoadedModels> {
  const read = await readModels(path);
  const isGiven = inputMean !== undefined || inputStd !== undefined;
  const normalisation = isGiven ? { mean: inputMean ?? 0, std: inputStd ?? 1 } : null;
  const used = ({ models, ...file }: ModelsFile): ModelsFile => {
    if (!normalisation) return { models, ...file };
    const [first, ...others] = models;
    const { model, ...rest } = withNormalisation({ ...file, model: first }, normalisation);
    const folded = others.map((other) => withNormalisation({ ...file, model: other }, normalisation).model);
    return { ...file, ...rest, models: [model, ...folded] };
  };
  const file = used(read);
  noteAssumptions(file, 'For a model trained on normalised pixels, give --input-mean and --input-std.', out);
  return { ...file, model: file.models[0], stored: read.models, normalisation };
}

/** A model that a training starts from. */
export interface InitialModel extends ModelFile {
  readonly source: InitialWeights;
}

/** Reads the file of the model that a training starts from, and tells what it leaves to be assumed. */
export async function loadInitialModel(path: string, out: Output): Promise<InitialModel> {
  const file = await readModel(path);
  noteAssumptions(
    file,
    'A model that was trained on normalised pixels starts far from what it learned.',
    out,
  );
  return { ...file, source: { file: path, sha256: await modelChecksum(file.model) } };
}

function noteAssumptions(
  { assumptions }: Pick<ModelFile, 'assumptions'>,
  pixelsRemedy: string,
  out: Output,
): void {
  for (const { code, text } of assumptions) {
    // This matters only for pictures: `predict` tells it.
    if (code === 'pictures') continue;
    out.note(`Notice: ${text}${code === 'pixels' ? ` ${pixelsRemedy}` : ''}`);
  }
}
