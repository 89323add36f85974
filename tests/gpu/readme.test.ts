import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runNode } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test("the README's library example runs as it stands, on synthetic digits and for one epoch", async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, example] = readme.match(/```js\n([\s\S]*?)```/) ?? [];
  const quick = example
    ?.replace("loadDataset('mnist')", "loadDataset('synthetic')")
    .replace('epochs: 10', 'epochs: 1');
  if (!quick || quick === example) throw new Error('the README has no such example');
  // Inside the package, so that Node finds "shadegrad/node" as it would for a user.
  await mkdir(join(root, 'runs'), { recursive: true });
  const folder = await mkdtemp(join(root, 'runs', 'readme-'));
  try {
    await writeFile(join(folder, 'example.mjs'), quick);
    const { stdout } = await runNode([join(folder, 'example.mjs')]);
    expect(stdout).toMatch(/^synthetic on .+\n1 \d\.\d{4} 0\.\d{4}\n/);
    expect(stdout).toMatch(/ {4}accuracy {27}0\.9\d {6}2000\n/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
