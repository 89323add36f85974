// What only Linux and macOS have: vite.config.ts leaves *.posix.test.ts out on Windows.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeWhole } from '../../src/node/files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('writeWhole', () => {
  test('fails, and does not wait for ever, where the system makes no folders', async () => {
    await expect(writeWhole('/proc/shadegrad/file', '')).rejects.toMatchObject({ code: 'io' });
  });

  test('keeps the old file and nothing else where the disk takes only a part of the new one', async () => {
    const path = join(folder, 'file');
    await writeFile(path, 'old');
    await build({
      configFile: false,
      logLevel: 'silent',
      build: { ssr: 'src/node/files.ts', outDir: join(folder, 'built') },
    });
    const program = `
      process.on('SIGXFSZ', () => {});
      const { writeWhole } = await import(${JSON.stringify(join(folder, 'built', 'files.js'))});
      await writeWhole(${JSON.stringify(path)}, new Uint8Array(1 << 20)).catch((error) => console.log(error.code));
    `;
    // A limit on the size of files cuts a write short as a full disk does.
    const limited = [
      '-c',
      'ulimit -f 100; exec "$@"',
      '',
      process.execPath,
      '--input-type=module',
      '-e',
      program,
    ];
    const child = spawnSync('bash', limited, { encoding: 'utf8' });
    expect(child).toMatchObject({ stdout: 'io\n', stderr: '' });
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['built', 'file']);
  });
});
