import type { KeptRun, Unfinished } from './state.ts';
import { keep, kept } from './storage.ts';

// What the browser keeps of runs: those that ended, and the one that a reload of the page interrupts. Where it keeps
// nothing for this page, as in some private windows, all works but for that.

const RUNS = 'runs';
const UNFINISHED = 'unfinished';
const TAB = 'tab';
const VERSION = 5;

/** What was kept before this visit. A training that ran in another tab may still run there: it is not told. */
export async function findEarlier(): Promise<{
  readonly kept: readonly KeptRun[];
  readonly unfinished: Unfinished | undefined;
}> {
  const [runs, unfinished] = await Promise.all([found(RUNS), found(UNFINISHED)]);
  return {
    kept: Array.isArray(runs) ? runs.filter(isOurs<KeptRun>) : [],
    unfinished: isOurs<Unfinished>(unfinished) && unfinished.tab === thisTab() ? unfinished : undefined,
  };
}

/** @returns why they are not kept; null where they are */
export async function keepRuns(runs: readonly KeptRun[]): Promise<string | null> {
  try {
    await keep(RUNS, runs);
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
