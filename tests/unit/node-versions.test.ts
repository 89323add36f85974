import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { isClone } from '../../src/node/versions.ts';

test.each([
  ['in a clone', true, 'shadegrad', ['package.json', 'src/node.ts'], 'dist/node.js'],
  ['installed in a project', false, 'shadegrad', ['package.json'], 'dist/node.js'],
  [
    'bundled into a program, which has a folder of that name too',
    false,
    'app',
    ['package.json', 'src/node.ts'],
    'dist/app.js',
  ],
])('what is %s is known for it', async (_, expected, name, files, own) => {
  const folder = await mkdtemp(join(tmpdir(), 'shadegrad-'));
  try {
    for (const file of files) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), JSON.stringify({ name, version: '1.0.0' }));
    }
    expect(await isClone(pathToFileURL(join(folder, own)).href)).toBe(expected);
  } finally {
    await rm(folder, { recursive: true });
  }
});
