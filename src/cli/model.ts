import { type ModelFile, readModel, withNormalisation } from '../node.ts';
import type { Output } from './output.ts';

export interface NormalisationFlags {
  readonly inputMean?: number;
  readonly inputStd?: number;
}

/** Reads a model file, makes `--input-mean` and `--input-std` part of it, and tells what it leaves to be assumed. */
export async function loadModel(
  path: string,
  { inputMean, inputStd }: NormalisationFlags,
  out: Output,
): Promise<ModelFile> {
  const read = await readModel(path);
  const file =
    inputMean === undefined && inputStd === undefined
      ? read
      : withNormalisation(read, { mean: inputMean ?? 0, std: inputStd ?? 1 });
  for (const { code, text } of file.assumptions) {
    const remedy = 'For a model trained on normalised pixels, give --input-mean and --input-std.';
    out.note(`Notice: ${text}${code === 'pixels' ? ` ${remedy}` : ''}`);
  }
  return file;
}
