import { prepareFolder, removeEmptyFolders } from '../node.ts';

/**
 * Does `work` that writes files into a folder at its end. That they can be written is made sure of before; where they
 * are not, because the work fails or is interrupted, the folders that were made for them are removed again.
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
