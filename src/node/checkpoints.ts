import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ShadegradError } from '../errors.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../train/checkpoint.ts';
import { readLarge, removeLeftovers, unreadableText, writeWhole } from './files.ts';

/** What a checkpoint is called in the folder of a training. */
export const CHECKPOINT_FILE = 'checkpoint.safetensors';

/**
 * Reads the checkpoint in a folder, or the file itself.
 *
 * @throws ShadegradError `usage` where there is none, `bad-model` where it cannot be read, is damaged or something else
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const found = await stat(path).catch(() => undefined);
  const file = found?.isDirectory() ? join(path, CHECKPOINT_FILE) : path;
  const bytes = await readLarge(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') {
      throw new ShadegradError(
        'usage',
        `There is no checkpoint at ${file}.`,
        'Name the folder that a training was told to write to, or its checkpoint.',
        cause,
      );
    }
    throw new ShadegradError('bad-model', unreadableText(file, cause), 'Check the file.', cause);
  });
  try {
    return decodeCheckpoint(bytes);
  } catch (error) {
    if (!(error instanceof ShadegradError)) throw error;
    throw new ShadegradError(error.code, `${file}: ${error.message}`, error.nextStep, error);
  }
}

/** Keeps a folder's checkpoint up to date while the training goes on. */
export interface CheckpointWriter {
  /** Of the file. */
  readonly path: string;
  /** Whether one was written. */
  readonly written: boolean;
  /**
   * Has the folder's checkpoint replaced by this one, and returns once that is encoded. While one is being written the
   * next one waits, and is not encoded yet; of several that wait only the last is written. It must stay as it is.
   */
  write(checkpoint: Checkpoint): void;
  /**
   * Returns when nothing is left to be written.
   * @throws what the last one could not be written for, {@link ShadegradError} `io` where the file could not be
   */
  done(): Promise<void>;
}

/**
 * Writes checkpoints to `folder`, each whole or not at all: whoever reads the file, or kills this process, at any moment
 * finds the last one that was written. What a killed process left half written is removed with the first one, so nobody
 * else must be writing there then.
 *
 * @param onFailure is told of the first one that could not be written; later ones are tried all the same
 * @param makeRoom done when the first one is on the disk, just before it takes the place of what is there
 *
 * @example
 * ```ts
 * import {
 *   checkpointWriter,
 *   nodeVersions,
 *   openDevice,
 *   readCheckpoint,
 *   syntheticDigits,
 *   Trainer,
 * } from 'shadegrad/node';
 *
 * const { device, info } = await openDevice();
 * const data = syntheticDigits({ train: 1024, test: 256 });
 * const notes = {
 *   data: data.name,
 *   imageSize: null,
 *   epochs: 2,
 *   initial: null,
 *   adapter: { choice: 'auto', description: info.description },
 *   versions: await nodeVersions(),
 *   earlier: [],
 * };
 * const writer = checkpointWriter('.', (error) => console.error(error));
 * const trainer = await Trainer.create(device, data, { hidden: [32] });
 * for await (const _ of trainer.fit({ epochs: 1, onSnapshot: (state) => writer.write({ state, notes }) }));
 * await writer.done();
 *
 * // Later, in another process: it ends with the bits that it would have had without the break.
 * const { state } = await readCheckpoint('.');
 * const again = await Trainer.create(device, data, { restore: state });
 * for await (const { epoch, loss } of again.fit({ epochs: notes.epochs - again.epochs })) console.log(epoch, loss);
 * device.destroy();
 * ```
 */
export function checkpointWriter(
  folder: string,
  onFailure: (error: unknown) => void,
  makeRoom?: () => Promise<void>,
): CheckpointWriter {
  const path = join(folder, CHECKPOINT_FILE);
  let next: Checkpoint | undefined;
  let writing: Promise<void> | undefined;
  let isWriting = false;
  let failure: { readonly error: unknown } | undefined;
  let told = false;
  let written = false;

  async function writeAll(): Promise<void> {
    while (next) {
      const checkpoint = next;
      next = undefined;
      try {
        // At once where nothing is being written: a training measures what that costs it.
        const bytes = encodeCheckpoint(checkpoint.state, checkpoint.notes);
        if (!written) await removeLeftovers(path);
        await writeWhole(path, bytes, written ? undefined : makeRoom);
        failure = undefined;
        written = true;
      } catch (error) {
        failure = { error };
        if (!told) onFailure(error);
        told = true;
      }
    }
    isWriting = false;
  }

  return {
    path,
    get written() {
      return written;
    },
    write(checkpoint) {
      next = checkpoint;
      if (isWriting) return;
      isWriting = true;
      writing = writeAll();
    },
    async done() {
      await writing;
      if (failure) throw failure.error;
    },
  };
}
