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
