import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ShadegradError } from '../errors.ts';
import { fieldsOf } from '../json.ts';
import { epochsTrained } from '../train/state.ts';
import { CHECKPOINT_FILE, readCheckpoint } from './checkpoints.ts';
import { isTemporary, linkFile, removeLeftovers, systemReason, temporaryName } from './files.ts';
import { POPULATION_FILES, TEST_FILES } from './run-files.ts';

/** Where a folder keeps the training that had come to its results there when another one began. One is kept. */
export const PREVIOUS_FOLDER = 'previous';

/** Where it keeps one that had no results yet, beside the other: what was interrupted takes no result's place. */
export const UNFINISHED_FOLDER = 'unfinished';

const FILES: readonly string[] = [...POPULATION_FILES, CHECKPOINT_FILE];

/** Written last and removed first: where it is, all the others are. */
const REPORT = 'report.json';

/** A training in a folder where another one is to begin. */
export interface EarlierRun {
  /** The folder within that one that it is kept in. */
  readonly aside: string;
  /** Whether it has come to its report. */
  readonly hasResults: boolean;
  /** Share of the test's images that its report tells of; null where none does. */
  readonly accuracy: number | null;
  /** What it was to train, and what it has; null where it has no checkpoint that can be read. */
  readonly progress: { readonly trained: number; readonly epochs: number } | null;
  /** What it takes the place of; null where there is nothing. */
  readonly replaces: Pick<EarlierRun, 'accuracy'> | null;
  /**
   * Brings it there: wherever the process is killed, it is whole in one of both places.
   * @throws ShadegradError `io`
   */
  moveAside(): Promise<void>;
}

/**
 * The training whose files are in a folder; undefined where there are none.
 * @throws ShadegradError `usage` where it cannot be kept, since something else is in the place for it
 */
export async function earlierRunIn(folder: string): Promise<EarlierRun | undefined> {
  const names = await ownFiles(folder);
  if (names.length === 0) return undefined;
  const hasResults = names.includes(REPORT);
  const aside = join(folder, hasResults ? PREVIOUS_FOLDER : UNFINISHED_FOLDER);
  await assertReplaceable(aside, hasResults);
  const found = await readCheckpoint(folder).catch(() => undefined);
  let isMoved = false;
  return {
    aside,
    hasResults,
    accuracy: await accuracyIn(folder),
    progress: found ? { trained: epochsTrained(found.state), epochs: found.notes.epochs } : null,
    replaces: (await stat(aside).catch(() => undefined)) ? { accuracy: await accuracyIn(aside) } : null,
    async moveAside() {
      if (!isMoved) await move(folder, aside);
      isMoved = true;
    },
  };
}

/**
 * To be called before a test's report is written into a folder.
 * @throws ShadegradError `usage` where a training's report is there, which it would replace
 */
export async function assertNoTraining(folder: string): Promise<void> {
  const names = await ownFiles(folder);
  const isTested = (name: string) => TEST_FILES.some((other) => other === name);
  if (!names.includes(REPORT) || names.every(isTested)) return;
  throw new ShadegradError(
    'usage',
    `${join(folder, REPORT)} is the report of a training, and a test's report would replace it.`,
    'Choose another folder (--out).',
  );
}

/** The names of a training's files in a folder, but of those that are aside already: a move may have been cut off. */
async function ownFiles(folder: string): Promise<string[]> {
  const places = [folder, join(folder, PREVIOUS_FOLDER), join(folder, UNFINISHED_FOLDER)];
  const found = await Promise.all(
    FILES.map(async (name) => {
      const [own, ...others] = await Promise.all(
        places.map((place) => stat(join(place, name), { bigint: true }).catch(() => undefined)),
      );
      const isAside = others.some((other) => other?.ino === own?.ino && other?.dev === own?.dev);
      return own?.isFile() && !isAside ? [name] : [];
    }),
  );
  return found.flat();
}

async function accuracyIn(folder: string): Promise<number | null> {
  const text = await readFile(join(folder, REPORT), 'utf8').catch(() => '');
  try {
    const { accuracy } = fieldsOf(fieldsOf(JSON.parse(text)).test);
    return typeof accuracy === 'number' ? accuracy : null;
  } catch {
    return null;
  }
}

/** Only what was put there may be replaced, and no results by a training that has none. */
async function assertReplaceable(aside: string, byResults: boolean): Promise<void> {
  const names: string[] = await readdir(aside).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw unusable(`${aside} is no folder, and a training that is there already is to be kept in one.`);
  });
  const foreign = names.find((name) => !FILES.includes(name) && !isTemporary(name));
  if (foreign !== undefined)
    throw unusable(`${join(aside, foreign)} is no file of a training, and the folder would be replaced.`);
  if (!byResults && names.includes(REPORT))
    throw unusable(`${aside} has the results of a training, which one without results would replace.`);
}

function unusable(message: string): ShadegradError {
  return new ShadegradError('usage', message, 'Move it elsewhere, or choose another folder (--out).');
}

/**
 * All files get second names in a new folder, which then takes its place by one rename; only then are the first names
 * removed. The checkpoint's stays: the next one takes it over.
 */
async function move(folder: string, aside: string): Promise<void> {
  const names = await ownFiles(folder);
  if (names.length === 0) return;
  await assertReplaceable(aside, names.includes(REPORT));
  await removeLeftovers(aside);
  const [made, replaced] = [temporaryName(aside), temporaryName(aside)];
  try {
    await mkdir(made);
    for (const name of names) await linkFile(join(folder, name), join(made, name));
    await rename(aside, replaced).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(made, aside);
  } catch (error) {
    await rename(replaced, aside).catch(() => undefined);
    await rm(made, { recursive: true, force: true });
    throw new ShadegradError(
      'io',
      `The training in ${folder} could not be moved to ${aside}: ${systemReason(error)}.`,
      'Check that the folder is writable, or choose another one (--out).',
      error,
    );
  }
  await rm(replaced, { recursive: true, force: true });
  for (const name of [REPORT, ...POPULATION_FILES]) await rm(join(folder, name), { force: true });
}
