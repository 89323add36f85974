import type { OwnFiles } from './protocol.ts';
import type { KeptRun, Unfinished } from './state.ts';
import { keep, kept } from './storage.ts';

// What the browser keeps of runs: those that ended, and the one that a reload of the page interrupts. Where it keeps
// nothing for this page, as in some private windows, all works but for that.

const RUNS = 'runs';
const UNFINISHED = 'unfinished';
const TAB = 'tab';
const OWN_FILES = 'own-files';
const VERSION = 5;

/** Most bytes of the user's files that are kept, and most files. */
const MOST_BYTES = 128 * 2 ** 20;
const MOST_FILES = 20_000;

/** What was kept before this visit. A training that ran in another tab may still run there: it is not told. */
export async function findEarlier(): Promise<{
  readonly kept: readonly KeptRun[];
  readonly unfinished: Unfinished | undefined;
  readonly ownFiles: OwnFiles | undefined;
}> {
  const [runs, unfinished, own] = await Promise.all([found(RUNS), found(UNFINISHED), found(OWN_FILES)]);
  return {
    kept: Array.isArray(runs) ? runs.filter(isOurs<KeptRun>) : [],
    unfinished: isOurs<Unfinished>(unfinished) && unfinished.tab === thisTab() ? unfinished : undefined,
    ownFiles: isOurs<OwnFiles>(own) ? own : undefined,
  };
}

/** @returns why they are not kept; null where they are */
export function keepRuns(runs: readonly KeptRun[]): Promise<string | null> {
  return tryToKeep(RUNS, runs);
}

/**
 * Keeps the user's files where there is room for them; else none are kept, so that a reload does not take older ones.
 * @returns why they are not kept; null where they are
 */
export async function keepFiles(own: OwnFiles): Promise<string | null> {
  const why = excess(own);
  if (why !== '') return (await tryToKeep(OWN_FILES, null)) ?? why;
  try {
    // Their content: a file that is kept as it is can be gone from its folder by then.
    const files = await Promise.all(
      own.files.map(async ({ file, path }) => ({
        path,
        file: new File([await file.arrayBuffer()], file.name),
      })),
    );
    return await tryToKeep(OWN_FILES, { ...own, files, version: VERSION });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Why files are too many, or too large; empty where they are not. */
export function excess({ files }: OwnFiles): string {
  if (files.length > MOST_FILES) return `they are more than ${MOST_FILES}`;
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  return bytes > MOST_BYTES ? `they have more than ${MOST_BYTES / 2 ** 20} MiB` : '';
}

async function tryToKeep(key: string, value: unknown): Promise<string | null> {
  try {
    await keep(key, value);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Keeps the last of what it is given, one at a time: a training may have news faster than the browser writes. */
export function unfinishedKeeper(): (unfinished: Omit<Unfinished, 'tab'> | null) => void {
  let next: Omit<Unfinished, 'tab'> | null | undefined;
  let isWriting = false;

  async function write(): Promise<void> {
    isWriting = true;
    while (next !== undefined) {
      const now = next;
      next = undefined;
      await keep(UNFINISHED, now && { ...now, tab: thisTab() }).catch(() => undefined);
    }
    isWriting = false;
  }

  return (unfinished) => {
    next = unfinished;
    if (!isWriting) void write();
  };
}

function found(key: string): Promise<unknown> {
  return kept(key).catch(() => undefined);
}

/** Whether this version of the page wrote it; only versions of the page write there. */
function isOurs<T>(value: unknown): value is T {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === VERSION;
}

/** A name of this tab that a reload does not change. */
function thisTab(): string {
  try {
    const name = sessionStorage.getItem(TAB) ?? `${Date.now()} ${Math.random()}`;
    sessionStorage.setItem(TAB, name);
    return name;
  } catch {
    return '';
  }
}
