import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transformWithOxc } from 'vite';
import { beforeAll, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { runNode } from '../support/process.ts';
import { inPackage, root, type Sample, samplesOf } from '../support/samples.ts';

let samples: readonly Sample[] = [];

/** Samples that need a page, or a server: types are all that is checked of them. */
const FOR_PAGES: readonly string[] = ['data-load-1', 'gpu-open-1'];

beforeAll(async () => {
  const sources = (await readdir(join(root, 'src'), { recursive: true })).filter((path) =>
    path.endsWith('.ts'),
  );
  samples = (await Promise.all(sources.sort().map(samplesOf))).flat();
  // The main entry points have one each; where none is found, nothing would be tested.
  expect(samples.length).toBeGreaterThan(10);
});

test('the examples of the API documentation have no type errors', async () => {
  const { code, stdout } = await inPackage(async (folder) => {
    // The sources' own types stand for those of the package, which are made from them.
    const paths = Object.fromEntries(
      Object.entries(packageJson.exports).map(([entry, { default: built }]) => [
        join('shadegrad', entry),
        [built.replace('./dist', join(root, 'src')).replace(/\.js$/, '.ts')],
      ]),
    );
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.json', compilerOptions: { paths }, include: ['*.ts'] }),
    );
    for (const { name, code } of samples) await writeFile(join(folder, `${name}.ts`), code);
    return runNode([join(root, 'node_modules/typescript/bin/tsc'), '--project', folder, '--pretty', 'false']);
  });
  expect(stdout).toBe('');
  expect(code).toBe(0);
});

test('and those that need no page run, one after the other', async () => {
  const run = samples.filter(({ name }) => !FOR_PAGES.includes(name));
  expect(run.length).toBe(samples.length - FOR_PAGES.length);
  const { code, stderr } = await inPackage(async (folder) => {
    for (const { name, code } of run) {
      await writeFile(join(folder, `${name}.mjs`), (await transformWithOxc(code, `${name}.ts`)).code);
    }
    const all = join(folder, 'all.mjs');
    await writeFile(all, run.map(({ name }) => `await import('./${name}.mjs');\n`).join(''));
    // What they write is removed with the folder.
    return runNode([all], { cwd: folder });
  });
  expect(code, stderr).toBe(0);
});
