import { expect, test } from 'vitest';
import { offeredDrop } from '../../demo/reading.ts';

/** A file or a folder of others, as a browser gives what was dropped. */
type Entry = { readonly fullPath: string; readonly isFile: boolean; readonly isDirectory: boolean };

function fileAt(fullPath: string): Entry {
  const file = new File(['content'], fullPath.split('/').at(-1) ?? '');
  const entry = { file: (take: (file: File) => void) => take(file) };
  return { ...entry, fullPath, isFile: true, isDirectory: false };
}

function unreadable(fullPath: string): Entry {
  const entry = {
    file: (_: unknown, fail: (error: Error) => void) => fail(new Error(`${fullPath} is gone`)),
  };
  return { ...entry, fullPath, isFile: true, isDirectory: false };
}

/** Tells its entries two at a time. */
function folderAt(fullPath: string, ...inside: readonly Entry[]): Entry {
  const createReader = () => {
    const left = [...inside];
    return { readEntries: (take: (entries: readonly Entry[]) => void) => take(left.splice(0, 2)) };
  };
  return { ...{ createReader }, fullPath, isFile: false, isDirectory: true };
}

function dropped(...entries: readonly Entry[]): Pick<DataTransfer, 'items'> {
  const text = { kind: 'string', webkitGetAsEntry: () => null, getAsFile: () => null };
  const items = entries.map((entry) => ({
    kind: 'file',
    webkitGetAsEntry: () => entry,
    getAsFile: () => new File(['content'], entry.fullPath.slice(1)),
  }));
  return { items: [text, ...items] as unknown as DataTransferItemList };
}

test('folders that are dropped bring all files below them, with their places', async () => {
  const digits = folderAt(
    '/digits',
    folderAt('/digits/0', ...['a', 'b', 'c', 'd', 'e'].map((name) => fileAt(`/digits/0/${name}.png`))),
    folderAt('/digits/empty'),
    fileAt('/digits/notes.txt'),
  );
  const found = await offeredDrop(dropped(digits, fileAt('/7.png')));
  expect(found.map(({ path }) => path)).toEqual([
    ...['a', 'b', 'c', 'd', 'e'].map((name) => `digits/0/${name}.png`),
    'digits/notes.txt',
    '7.png',
  ]);
  expect(new TextDecoder().decode(found[0]?.head)).toBe('content');
});

test('a file that cannot be read is told', async () => {
  await expect(offeredDrop(dropped(folderAt('/d', unreadable('/d/a.png'))))).rejects.toThrow(
    '/d/a.png is gone',
  );
});

test('too many files are refused, and not taken in part', async () => {
  const one = fileAt('/d/7.png');
  const reads = [Array.from({ length: 200_001 }, () => one), []].values();
  const createReader = () => ({
    readEntries: (take: (entries: readonly Entry[]) => void) => take(reads.next().value ?? []),
  });
  const disk = { ...{ createReader }, fullPath: '/d', isFile: false, isDirectory: true };
  await expect(offeredDrop(dropped(disk))).rejects.toThrow('These are more than 200,000 files.');
});
