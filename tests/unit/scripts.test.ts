import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** The programs that are run by hand: no compiler looks at what they import from the build. */
async function scripts(): Promise<string[]> {
  const folders = ['bench', 'bench/peers', 'tools', 'tools/pictures', 'tools/portability', 'tools/onnx'];
  const names = folders.map(async (folder) => (await readdir(folder)).map((name) => join(folder, name)));
  return (await Promise.all(names)).flat().filter((name) => name.endsWith('.mjs'));
}

const IMPORTS =
  /(?:import|const) \{([^}]*)\}\s*(?:from|= await import\()\s*'(?:\.\.\/)+dist\/(index|node|bench|charts|export)\.js'/g;

test('what scripts import from the build is public', async () => {
  const imported: string[] = [];
  for (const file of await scripts()) {
    for (const [, names = '', entry = ''] of (await readFile(file, 'utf8')).matchAll(IMPORTS)) {
      const has: object = await import(`../../src/${entry}.ts`);
      for (const name of names.split(',').map((part) => part.trim().split(/ as |: /)[0] ?? '')) {
        if (name === '') continue;
        imported.push(name);
        expect(Object.keys(has), `${file} imports ${name} of dist/${entry}.js`).toContain(name);
      }
    }
  }
  expect(imported).toContain('readBenchFile');
});
