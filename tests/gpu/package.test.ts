import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { runNode } from '../support/process.ts';

test.each(['index', 'bench', 'charts', 'export', 'node'])(
  'importing %s leaves the process as it was',
  async (entry) => {
    const url = new URL(`../../dist/${entry}.js`, import.meta.url).href;
    const { code, stdout, stderr } = await runNode([
      '--input-type=module',
      '--eval',
      `const state = () => JSON.stringify([
      Reflect.ownKeys(globalThis).map(String),
      process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
      Object.entries(process.env),
    ]);
    const before = state();
    await import(${JSON.stringify(url)});
    console.log(state() === before ? 'the same' : [before, state()].join(' became '));`,
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe('the same\n');
  },
);

const folder = join(import.meta.dirname, '..', '..', 'tools', 'docs');

test('every type in a public signature is exported, too', async () => {
  // TypeDoc is a package of tools/docs; "npm run docs" also asks for the symbols' documentation.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      join(folder, 'node_modules', 'typedoc', 'bin', 'typedoc'),
      ...['--options', 'typedoc.config.mjs', '--emit', 'none', '--logLevel', 'Warn', '--skipErrorChecking'],
      ...['--validation.notDocumented', 'false', '--validation.notExported', 'true'],
    ],
    { cwd: folder },
  ).catch((error: { readonly stdout: string; readonly stderr: string }) => ({
    stdout: `${error.stdout}${error.stderr}`,
  }));
  expect(stdout).toBe('');
});
