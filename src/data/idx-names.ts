import { ShadegradError } from '../errors.ts';
import type { DatasetFiles } from './idx.ts';
import { mapFiles } from './idx.ts';

/** Which of the `listed` files is `name`, if any: under it, with `.idx` for `-idx`, or either with `.gz` added. */
export function idxFileName(listed: readonly string[], name: string): string | undefined {
  const dotted = name.replace('-idx', '.idx');
  return [name, dotted, `${name}.gz`, `${dotted}.gz`].find((candidate) => listed.includes(candidate));
}

/**
 * Picks a dataset's four files out of `listed` by their names, which are those of `names`, with `.idx` for `-idx` as
 * some archives have them, or either with `.gz` added.
 *
 * @param names e.g. `mnist.files`
 * @param where what was looked through, for the message, e.g. "The folder digits"
 * @throws ShadegradError `bad-data` where any is missing; all that are missing are named
 */
export async function pickIdxFiles<File extends { readonly name: string }>(
  listed: readonly File[],
  names: DatasetFiles<{ readonly name: string }>,
  where: string,
): Promise<DatasetFiles<File>> {
  const missing: string[] = [];
  const found = await mapFiles(names, async ({ name }) => {
    const chosen = idxFileName(
      listed.map((file) => file.name),
      name,
    );
    const file = listed.find((candidate) => candidate.name === chosen);
    if (!file) missing.push(name);
    return file;
  });
  return mapFiles(found, async (file) => {
    if (file) return file;
    throw new ShadegradError(
      'bad-data',
      `${where} lacks ${missing.join(', ')}.`,
      'A dataset is four IDX files under these names, with or without .gz.',
    );
  });
}
