import { ShadegradError } from '../src/index.ts';
import { HEAD_BYTES, type Offered } from './offered.ts';
import type { OwnFile } from './protocol.ts';

// How files get from the browser to the page: chosen, pasted, or dropped with the folders that hold them.

/** More files than this are no folder that was meant for the page, or more than fit into memory. */
const MOST_FILES = 200_000;

/**
 * Files that were chosen or pasted.
 * @throws ShadegradError `bad-data` where they are too many
 * @throws DOMException where one cannot be read
 */
export async function offeredFiles(files: Iterable<File>): Promise<Offered[]> {
  return withHeads([...files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
}

/**
 * Files and folders that were dropped. To be called while the event is handled: later it no longer has them.
 * @throws ShadegradError `bad-data` where they are too many
 * @throws DOMException where something in them cannot be read
 */
export async function offeredDrop(transfer: Pick<DataTransfer, 'items'>): Promise<Offered[]> {
  const given = [...transfer.items].filter(({ kind }) => kind === 'file');
  const entries = given.map((item) => item.webkitGetAsEntry());
  const files = given.map((item) => item.getAsFile());
  const placed: OwnFile[] = [];
  for (const [i, entry] of entries.entries()) {
    const file = files[i];
    if (entry?.isDirectory) await walk(entry, placed);
    else if (file) placed.push({ file, path: file.name });
  }
  return withHeads(placed);
}

/** Adds the files below a folder. */
async function walk(entry: FileSystemEntry, placed: OwnFile[]): Promise<void> {
  // The folder may be a whole disk, which takes long to read.
  checkCount(placed);
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    placed.push({ file, path: entry.fullPath.slice(1) });
  } else if (isFolder(entry)) {
    const reader = entry.createReader();
    // Each call gives the next of them, and none once there are no more.
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (some.length === 0) return;
      for (const one of some) await walk(one, placed);
    }
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function checkCount({ length }: readonly OwnFile[]): void {
  if (length <= MOST_FILES) return;
  throw new ShadegradError(
    'bad-data',
    `These are more than ${MOST_FILES.toLocaleString('en-US')} files.`,
    'Give the page a folder of fewer. Nothing was changed.',
  );
}

function withHeads(placed: readonly OwnFile[]): Promise<Offered[]> {
  checkCount(placed);
  return Promise.all(
    placed.map(async (one) => ({
      ...one,
      head: new Uint8Array(await one.file.slice(0, HEAD_BYTES).arrayBuffer()),
    })),
  );
}
