import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { open, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ShadegradError } from '../errors.ts';
import { fieldsOf } from '../json.ts';
import { makeFolder, systemReason } from './files.ts';

// Who works in a folder says so in a file there, claim-1, and touches it every few seconds. Where that was not done for a
// while, or its process is known to be dead, the next one makes claim-2, and so on: of several that try, one makes it. The
// one with the highest number holds the folder. No claim is ever renamed or taken away by another process, so none can take
// away one that is newer than the one it has judged.

const HEARTBEAT_MILLISECONDS = 4000;

/** A claim that was not touched for so long is its process's no more. */
const STALE_MILLISECONDS = 20_000;

const CLAIM = /^claim-(\d{1,9})$/;

/** A folder that this process holds. */
export interface Claim {
  /** Aborted when another process has taken it over, because this one was not heard of for too long. */
  readonly lost: AbortSignal;
  /** Lets others have it. */
  release(): Promise<void>;
}

/** Another process that holds a folder. */
export interface Holder {
  readonly host: string;
  readonly pid: number;
  readonly number: number;
  /** Whether it runs on this machine, where it is known to live. */
  readonly isHere: boolean;
  /** When its claim was last touched, by the clock of the file system. */
  readonly touched: number;
}

/** What tells a process from all others on its machine. */
interface Identity {
  readonly host: string;
  /** Of the machine since it was started, and of the container; null where the system has no such thing. */
  readonly boot: string | null;
  readonly container: string | null;
  readonly pid: number;
  /** When it was started: numbers of processes come again. */
  readonly started: string | null;
}

/**
 * Claims a folder, which is made where there is none, without waiting for anybody.
 * @throws ShadegradError `io` where nothing can be written there
 */
export async function claimFolder(folder: string): Promise<Claim | Holder> {
  try {
    return await claimOrHolder(folder);
  } catch (cause) {
    throw new ShadegradError(
      'io',
      `${folder} could not be claimed: ${systemReason(cause)}.`,
      'Check that the folder is writable and the disk not full.',
      cause,
    );
  }
}

async function claimOrHolder(folder: string): Promise<Claim | Holder> {
  for (;;) {
    await makeFolder(folder);
    const holder = await holderOf(folder);
    if (holder && (await isPresent(folder, holder))) return holder;
    const number = 1 + (holder?.number ?? 0);
    const text = JSON.stringify({ ...identity(), token: randomUUID() });
    try {
      await writeFile(claimPath(folder, number), text, { flag: 'wx', flush: true });
      return keepClaim(folder, number, text);
    } catch (error) {
      // Another one was quicker, or has just finished its work and removed the folder: look again.
      if (!isCode(error, 'EEXIST') && !isCode(error, 'ENOENT')) throw error;
    }
  }
}

/** Whether a claim is another's. */
export function isHolder(claimed: Claim | Holder): claimed is Holder {
  return 'pid' in claimed;
}

/**
 * Whether the holder of a folder is known to be at work: it runs on this machine, or its claim was touched between two looks.
 * One elsewhere that was seen only once may have died the moment before.
 */
export function isAtWork(before: Holder, now: Holder): boolean {
  return now.isHere || now.number !== before.number || now.touched !== before.touched;
}

function claimPath(folder: string, number: number): string {
  return join(folder, `claim-${number}`);
}

function keepClaim(folder: string, number: number, text: string): Claim {
  const path = claimPath(folder, number);
  const lost = new AbortController();
  let beat: Promise<void> = Promise.resolve();
  const touch = async (): Promise<void> => {
    try {
      if ((await latestNumber(folder)) !== number) return lost.abort();
      // Written and not only touched: so it is the file system's clock that counts, which all machines share.
      await writeFile(path, text, { flag: 'r+' });
    } catch (error) {
      // What else fails may be over before the next time.
      if (isCode(error, 'ENOENT')) lost.abort();
    }
  };
  const timer = setInterval(() => {
    beat = beat.then(touch);
  }, HEARTBEAT_MILLISECONDS);
  timer.unref();
  return {
    lost: lost.signal,
    release: async () => {
      clearInterval(timer);
      await beat;
      await rm(path, { force: true });
    },
  };
}

async function latestNumber(folder: string): Promise<number> {
  const numbers = (await readdir(folder)).map((name) => Number(CLAIM.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers);
}

/** Whoever made the latest claim, dead or alive; undefined where there is none. */
async function holderOf(folder: string): Promise<Holder | undefined> {
  try {
    const number = await latestNumber(folder);
    if (number === 0) return undefined;
    const { text, touched } = await readTouched(claimPath(folder, number));
    const found = identityIn(text);
    return { host: found.host, pid: found.pid, number, isHere: isHere(found), touched };
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Opened anew, because network file systems may keep what they know of a file until then. */
async function readTouched(path: string): Promise<{ readonly text: string; readonly touched: number }> {
  const file = await open(path);
  try {
    const text = await file.readFile('utf8');
    return { text, touched: (await file.stat()).mtimeMs };
  } finally {
    await file.close();
  }
}

async function isPresent(folder: string, { number, isHere: here, touched }: Holder): Promise<boolean> {
  if (here) {
    const { text } = await readTouched(claimPath(folder, number)).catch(() => ({ text: '' }));
    if (text === '' || !isRunning(identityIn(text))) return false;
    // It may be suspended. And without /proc another one may have its number by now.
  }
  return (await fileTime(folder)) - touched <= STALE_MILLISECONDS;
}

/**
 * What the clock of a folder's file system says, in milliseconds: those of other machines are not ours. Infinite where there is
 * no such folder any more.
 */
async function fileTime(folder: string): Promise<number> {
  const path = join(folder, `.${randomUUID()}.now`);
  try {
    await writeFile(path, 'now', { flag: 'wx' });
    return (await readTouched(path)).touched;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return Number.POSITIVE_INFINITY;
    throw error;
  } finally {
    await rm(path, { force: true });
  }
}

function identity(): Identity {
  const { pid } = process;
  return {
    host: hostname(),
    boot: orNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    container: orNull(() => readlinkSync('/proc/self/ns/pid')),
    pid,
    started: startOf(pid),
  };
}

/** Of a claim; one that was not written to its end has nobody's. */
function identityIn(text: string): Identity {
  const parsed = orNull((): unknown => JSON.parse(text));
  const { host, boot, container, pid, started } = fieldsOf(parsed);
  return {
    host: typeof host === 'string' ? host : 'an unknown machine',
    boot: typeof boot === 'string' ? boot : null,
    container: typeof container === 'string' ? container : null,
    pid: typeof pid === 'number' ? pid : 0,
    started: typeof started === 'string' ? started : null,
  };
}

function isHere({ host, boot, container, pid }: Identity): boolean {
  const own = identity();
  return pid > 0 && host === own.host && boot === own.boot && container === own.container;
}

function isRunning({ pid, started }: Identity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // There is one that belongs to somebody else.
    return isCode(error, 'EPERM');
  }
  return startOf(pid) === started;
}

/** When a process was started, as Linux counts; null where that is not to be had, or it is dead and only not yet buried. */
function startOf(pid: number): string | null {
  return orNull(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the name, which may have blanks and brackets: the state, and 19 fields later the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  });
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
