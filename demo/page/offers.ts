import { HEAD_BYTES, type Offered, offerOf } from '../offered.ts';
import type { OwnFile, OwnFiles, Trouble } from '../protocol.ts';
import type { State } from '../state.ts';
import { byId } from './dom.ts';
import { troubleBox } from './trouble.ts';

export interface OffersActions {
  readonly model: (file: File) => void;
  readonly picture: (file: File) => void;
  readonly dataset: (own: OwnFiles) => void;
  /** Called with what the files are, where the page can do nothing with them; undefined once that has been read. */
  readonly refused: (trouble: Trouble | undefined) => void;
}

/** All ways to give the page files: dropped anywhere, pasted, or chosen. */
export function offersPanel({ model, picture, dataset, refused }: OffersActions) {
  const showRefusal = troubleBox('refusal');

  async function take(reading: Promise<Offered[]>): Promise<void> {
    const read = await reading.catch((error: unknown) => {
      const details = error instanceof Error ? error.message : String(error);
      refused({ message: 'The files could not be read.', nextStep: 'Give them again.', details });
    });
    if (!read) return;
    const offer = offerOf(read);
    if (offer.as === 'model') model(offer.file);
    if (offer.as === 'picture') picture(offer.file);
    if (offer.as === 'dataset') dataset(offer.own);
    if (offer.as === 'nothing') refused(offer.trouble);
  }

  for (const id of ['choose-files', 'choose-folder', 'read-picture']) {
    const choose = byId(id, HTMLInputElement);
    choose.addEventListener('change', () => {
      const chosen = [...(choose.files ?? [])];
      // Allows the same files to be chosen again after an error.
      choose.value = '';
      if (chosen.length > 0) void take(offeredFiles(chosen));
    });
  }

  const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  document.addEventListener('dragover', (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    document.body.classList.add('dragging');
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) document.body.classList.remove('dragging');
  });
  document.addEventListener('drop', (event) => {
    document.body.classList.remove('dragging');
    if (!event.dataTransfer || !holdsFiles(event)) return;
    event.preventDefault();
    void take(offeredDrop(event.dataTransfer));
  });
  document.addEventListener('paste', (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (pasted.length === 0) return;
    event.preventDefault();
    void take(offeredFiles(pasted));
  });
  byId('refusal-close', HTMLButtonElement).addEventListener('click', () => refused(undefined));

  return ({ refusal }: State): void => showRefusal(refusal);
}

/** More files than this are no folder that was meant for the page. */
const MOST_FILES = 200_000;

/**
 * Files that were chosen or pasted.
 * @throws DOMException where one cannot be read
 */
function offeredFiles(files: Iterable<File>): Promise<Offered[]> {
  return withHeads([...files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
}

/**
 * Files and folders that were dropped. To be called while the event is handled: later it no longer has them.
 * @throws DOMException where something in them cannot be read
 */
async function offeredDrop(transfer: DataTransfer): Promise<Offered[]> {
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
  if (placed.length >= MOST_FILES) return;
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

function withHeads(placed: readonly OwnFile[]): Promise<Offered[]> {
  return Promise.all(
    placed.map(async (one) => ({
      ...one,
      head: new Uint8Array(await one.file.slice(0, HEAD_BYTES).arrayBuffer()),
    })),
  );
}
