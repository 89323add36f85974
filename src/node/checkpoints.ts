import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf, ShadegradError } from '../errors.ts';
import {
  type Checkpoint,
  type CheckpointNotes,
  decodeCheckpoint,
  encodeCheckpoint,
} from '../train/checkpoint.ts';
import type { TrainerState } from '../train/state.ts';
import { readLarge, removeLeftovers, writeWhole } from './files.ts';

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
    const reason = reasonOf(cause);
    throw new ShadegradError('bad-model', `${file} cannot be read: ${reason}.`, 'Check the file.', cause);
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
  /** Whether a state was written. */
  readonly written: boolean;
  /**
   * Has the folder's checkpoint replaced by this state, and returns once that is encoded. While one is being written the
   * next one waits, and is not encoded yet; of several that wait only the last is written. The state must stay as it is.
   */
  write(state: TrainerState): void;
  /**
   * Returns when nothing is left to be written.
   * @throws what the last state could not be written for, {@link ShadegradError} `io` where the file could not be
   */
  done(): Promise<void>;
}

/**
 * Writes checkpoints to `folder`, each whole or not at all: whoever reads the file, or kills this process, at any moment
 * finds the last one that was written. What a killed process left half written is removed first, so nobody else must be
 * writing there.
 *
 * @param onFailure is told of the first state that could not be written; later ones are tried all the same
 */
export function checkpointWriter(
  folder: string,
  notes: CheckpointNotes,
  onFailure: (error: unknown) => void,
): CheckpointWriter {
  const path = join(folder, CHECKPOINT_FILE);
  const ready = removeLeftovers(path);
  let next: TrainerState | undefined;
  let writing: Promise<void> | undefined;
  let isWriting = false;
  let failure: { readonly error: unknown } | undefined;
  let told = false;
  let written = false;

  async function writeAll(): Promise<void> {
    while (next) {
      const state = next;
      next = undefined;
      try {
        // At once where nothing is being written: a training measures what that costs it.
        const bytes = encodeCheckpoint(state, notes);
        await ready;
        await writeWhole(path, bytes);
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
    write(state) {
      next = state;
      if (isWriting) return;
      isWriting = true;
      writing = writeAll();
    },
    async done() {
      await ready;
      await writing;
      if (failure) throw failure.error;
    },
  };
}
