import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cacheDirectory } from '../../src/node/cache.ts';
import { writeWhole } from '../../src/node/files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('cacheDirectory', () => {
  test.each([
    [{ XDG_CACHE_HOME: '/x' }, 'linux', '/x'],
    [{ XDG_CACHE_HOME: '' }, 'linux', join(homedir(), '.cache')],
    [{ XDG_CACHE_HOME: 'relative' }, 'linux', join(homedir(), '.cache')],
    [{}, 'linux', join(homedir(), '.cache')],
    [{}, 'darwin', join(homedir(), 'Library', 'Caches')],
    [{ LOCALAPPDATA: '/local' }, 'win32', '/local'],
  ] as const)('with %j on %s lies in %s', (environment, platform, parent) => {
    expect(cacheDirectory(environment, platform)).toBe(join(parent, 'shadegrad'));
  });
});

describe('writeWhole', () => {
  test('makes the folders on the way and leaves nothing but the file', async () => {
    const path = join(folder, 'a', 'b', 'file');
    await writeWhole(path, Uint8Array.of(1, 2, 3));
    await writeWhole(path, 'again');
    expect(await readFile(path, 'utf8')).toBe('again');
    expect(await readdir(join(folder, 'a', 'b'))).toEqual(['file']);
  });

  test('names the file and the cause where a folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    const path = join(folder, 'file', 'inside');
    await expect(writeWhole(path, '')).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining(path),
      nextStep: expect.stringContaining('writable'),
    });
  });
});
