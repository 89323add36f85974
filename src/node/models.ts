import { ShadegradError } from '../errors.ts';
import type { Model } from '../model/model.ts';
import { decodeModel, encodeModel, type ModelFile, type ModelNotes } from '../model/model-file.ts';
import { decodeModels, type ModelsFile } from '../model/population-file.ts';
import { readLarge, unreadableText, writeWhole } from './files.ts';

/**
 * Reads a model file of this package's, or one that PyTorch saved as safetensors (see {@link decodeModel}).
 * @throws ShadegradError `bad-model` where it cannot be read or is something else
 */
export function readModel(path: string): Promise<ModelFile> {
  return decoded(path, decodeModel);
}

/**
 * Reads a file of several models, or of one (see {@link decodeModels}).
 * @throws ShadegradError `bad-model` where it cannot be read or is something else
 */
export function readModels(path: string): Promise<ModelsFile> {
  return decoded(path, decodeModels);
}

async function decoded<T>(path: string, decode: (bytes: Uint8Array) => T): Promise<T> {
  const bytes = await readLarge(path).catch((cause: unknown) => {
    throw new ShadegradError('bad-model', unreadableText(path, cause), 'Check the path.', cause);
  });
  try {
    return decode(bytes);
  } catch (error) {
    if (!(error instanceof ShadegradError)) throw error;
    throw new ShadegradError(error.code, `${path}: ${error.message}`, error.nextStep, error);
  }
}

/**
 * Writes a model file, whole or not at all (see {@link encodeModel}).
 * @throws ShadegradError `bad-model` where the model does not fit `notes` or is not finite, `io` where writing fails
 *
 * @example
 * ```ts
 * import {
 *   modelNotes,
 *   Network,
 *   openDevice,
 *   readModel,
 *   syntheticDigits,
 *   Trainer,
 *   writeModel,
 * } from 'shadegrad/node';
 *
 * const { device } = await openDevice();
 * const data = syntheticDigits({ train: 1024, test: 256 });
 * const trainer = await Trainer.create(device, data, { hidden: [32] });
 * for await (const _ of trainer.fit({ epochs: 1 }));
 * await writeModel('digits.safetensors', await trainer.model(), modelNotes(data));
 *
 * const { model } = await readModel('digits.safetensors');
 * const network = await Network.create(device, model);
 * console.log((await network.evaluate(data.test)).accuracy);
 * device.destroy();
 * ```
 */
export async function writeModel(path: string, model: Model, notes: ModelNotes): Promise<void> {
  await writeWhole(path, encodeModel(model, notes));
}
