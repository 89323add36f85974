import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { bundled } from '../support/bundle.ts';
import { runNode } from '../support/process.ts';
import { root } from '../support/samples.ts';

const ENTRIES = Object.keys(packageJson.exports).map((name) => (name === '.' ? 'index' : name.slice(2)));

test.each(ENTRIES)(
  'importing %s leaves the process as it was, also where there is no adapter',
  async (entry) => {
    const url = new URL(`../../dist/${entry}.js`, import.meta.url).href;
    const { code, stdout, stderr } = await runNode(
      [
        '--input-type=module',
        '--eval',
        `let timers = 0;
      for (const name of ['setTimeout', 'setInterval', 'setImmediate']) {
        const own = globalThis[name];
        globalThis[name] = (...args) => (timers++, own(...args));
      }
      const state = () => JSON.stringify([
        timers,
        Reflect.ownKeys(globalThis).map(String),
        process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
        Object.entries(process.env),
      ]);
      const before = state();
      await import(${JSON.stringify(url)});
      console.log(state() === before ? 'the same' : [before, state()].join(' became '));`,
      ],
      { env: { VK_DRIVER_FILES: '/nonexistent.json', VK_ICD_FILENAMES: '/nonexistent.json' } },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe('the same\n');
  },
);

test('charts are bundled where ECharts is not installed, and whoever draws one is told what to install', async () => {
  const project = await mkdtemp(join(tmpdir(), 'shadegrad-'));
  try {
    const installed = join(project, 'node_modules', 'shadegrad');
    for (const part of ['package.json', 'dist']) {
      await cp(join(root, part), join(installed, part), { recursive: true });
    }
    const { files } = await bundled(
      `import { heatmapOption, renderSvg } from 'shadegrad/charts';
      // A page's, to which Vite tells of what it cannot load.
      globalThis.window = new EventTarget();
      const option = heatmapOption([[1, 0], [0, 1]], { labels: ['a', 'b'], title: 'Pets' });
      const { code, nextStep } = await renderSvg(option, { width: 1, height: 1 }).catch((error) => error);
      console.log([option.title[0].text, code, nextStep].join('; '));`,
      project,
    );
    for (const [name, code] of files) {
      const file = join(project, 'built', name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, code);
    }
    await writeFile(join(project, 'package.json'), '{ "type": "module" }');
    const { stdout, stderr } = await runNode([join(project, 'built', 'main.js')]);
    expect(stdout, stderr).toBe('Pets; usage; Install it: "npm install echarts@6".\n');
  } finally {
    await rm(project, { recursive: true });
  }
});

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
