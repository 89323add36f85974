import { ShadegradError } from '../errors.ts';
import type { DatasetFiles, IdxConventions } from './idx.ts';
import { mapFiles } from './idx.ts';
import { mnist } from './mnist.ts';
import { EMNIST_CLASSES, EMNIST_SETS, emnistConventions, emnistFiles, qmnist } from './named-datasets.ts';

/** Finds the file `name` among `listed`: under that name, with `.idx` for `-idx`, or either with `.gz`. */
export function idxFileName(listed: readonly string[], name: string): string | undefined {
  const dotted = name.replace('-idx', '.idx');
  return [name, dotted, `${name}.gz`, `${dotted}.gz`].find((candidate) => listed.includes(candidate));
}

/** The name that `idxFileName` finds a file under: without `.gz`, and with `-idx` for `.idx`. */
export function plainIdxName(name: string): string {
  return name.replace(/\.gz$/, '').replace('.idx', '-idx');
}

/** Whether a file or a folder has a name like those of IDX files. */
export function isIdxName(name: string): boolean {
  return /-idx\d-/.test(plainIdxName(name));
}

/**
 * Picks a dataset's four files out of `listed`: those with the names in `names`, or with `.idx` for `-idx` as some
 * archives have them, or either with `.gz` added.
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

/** The names of a dataset's four files, and what follows from these names. */
export interface IdxNaming {
  /** The dataset whose files have these names, e.g. "emnist-letters". */
  readonly of: string;
  readonly files: DatasetFiles<{ readonly name: string }>;
  readonly conventions: IdxConventions;
  /** Only where the files' names tell what the classes are. */
  readonly classNames?: readonly string[];
}

/** MNIST's names, which others use too, and those of the datasets that have names of their own. */
const namings = (): readonly IdxNaming[] => [
  { of: mnist.name, files: mnist.files, conventions: {} },
  { of: qmnist.name, files: qmnist.files, conventions: {} },
  ...EMNIST_SETS.map((set) => ({
    of: `emnist-${set}`,
    files: emnistFiles(set),
    conventions: emnistConventions(set),
    classNames: EMNIST_CLASSES[set],
  })),
];

/**
 * Tells by the files' names which dataset is in `listed`; MNIST where none is recognised.
 *
 * @param where what was looked through, for the message
 * @throws ShadegradError `bad-data` where there are files of several datasets
 */
export function idxNaming(listed: readonly string[], where: string): IdxNaming {
  const plain = new Set(listed.map(plainIdxName));
  const found = namings()
    .map((naming) => ({
      naming,
      count: Object.values(naming.files).filter(({ name }) => plain.has(name)).length,
    }))
    .sort((a, b) => b.count - a.count);
  const [first, second] = found;
  if (!first) throw new RangeError('no names are known');
  if (!second || second.count === 0 || second.count < first.count) return first.naming;
  const names = found.filter(({ count }) => count === first.count).map(({ naming }) => naming.of);
  throw new ShadegradError(
    'bad-data',
    `${where} holds the files of several datasets: ${names.join(', ')}.`,
    'Put the four files of one of them into a folder of their own.',
  );
}

/** What is done to images and labels because of how they are stored, for the user; empty for nothing. */
export function conventionsText(name: string, { transposed, firstLabel = 0 }: IdxConventions): string {
  const told = [
    ...(transposed ? ['its images are stored transposed, so they are turned upright'] : []),
    ...(firstLabel > 0 ? [`its labels begin at ${firstLabel}, which becomes 0`] : []),
  ];
  return told.length === 0 ? '' : `${name}: ${told.join('; ')}.`;
}
