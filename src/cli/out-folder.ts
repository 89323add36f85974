import { removeEmptyFolders } from '../node/files.ts';
import { prepareFolder } from '../node/run-files.ts';

/**
 * Does `work`, which writes files into a folder at its end. Whether they can be written is checked first. If the work
 * fails or is interrupted before it writes them, the folders that were made for them are removed again.
 *
 * @param folder undefined where nothing is to be written
 * @param names of the files
 * @throws ShadegradError `usage` where nothing can be written there
 */
export async function withFolder(
  folder: string | undefined,
  names: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  if (folder === undefined) return work();
  const made = await prepareFolder(folder, names);
  const tidy = () => removeEmptyFolders(made);
  // A second signal ends the process in the middle of the work.
  process.once('exit', tidy);
  try {
    await work();
  } finally {
    process.off('exit', tidy);
    tidy();
  }
}
