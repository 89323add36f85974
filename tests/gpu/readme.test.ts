import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runNode } from '../support/process.ts';
import { inPackage, root } from '../support/samples.ts';

test("the README's library example runs as it stands, on synthetic digits and for one epoch", async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, example] = readme.match(/```js\n([\s\S]*?)```/) ?? [];
  const quick = example
    ?.replace("loadDataset('mnist')", "loadDataset('synthetic')")
    .replace('epochs: 10', 'epochs: 1');
  if (!quick || quick === example) throw new Error('the README has no such example');
  const { stdout } = await inPackage(async (folder) => {
    await writeFile(join(folder, 'example.mjs'), quick);
    return runNode([join(folder, 'example.mjs')]);
  });
  expect(stdout).toMatch(/^synthetic on .+\n1 \d\.\d{4} 0\.\d{4}\n/);
  expect(stdout).toMatch(/ {4}accuracy {27}0\.9\d {6}2000\n/);
});
