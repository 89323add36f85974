// Tests other implementations of WebGPU, and writes what they did into the table of docs/portability.md.
//
//   npm run portability [-- [--folder FOLDER] [PART ...]]
//
// Parts are the keys of parts.mjs, by default all. What they need is set up in FOLDER, by default in the user's cache, and
// stays there for the next time; nothing is installed. Exit code 1 where a part fails; its row says what failed. A part
// that cannot run on this machine is no failure; its row says why.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { NotRun } from './part.mjs';
import { PARTS } from './parts.mjs';
import { run } from './process.mjs';
import { serve } from './serve.mjs';
import { cellsOf, failuresOf } from './summary.mjs';
import { withRows } from './table.mjs';

const project = fileURLToPath(new URL('../..', import.meta.url));
const document = join(project, 'docs/portability.md');
const names = Object.keys(PARTS);
/** The cells of a row without results. */
const NOTHING = Array.from({ length: 7 }, () => '');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { folder: { type: 'string' } },
});
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}. Parts: ${names.join(', ')}`);
  process.exit(2);
}

console.log('building');
const vite = [
  process.execPath,
  join(project, 'node_modules/vite/bin/vite.js'),
  'build',
  '--logLevel',
  'warn',
];
const buildLog = join(project, 'node_modules/.cache/shadegrad-portability/build.log');
await run(vite, { cwd: project, log: buildLog });
await run([...vite, '--mode', 'demo'], { cwd: project, log: buildLog });
const { cacheDirectory } = await import('../../dist/node.js');
const folder = resolve(values.folder ?? join(cacheDirectory(), 'portability'));
const tests = join(folder, 'tests');
const config = join(project, 'tests/portability/elsewhere/vite.config.ts');
await run([...vite, '--config', config, '--outDir', tests], { cwd: project, log: buildLog });

const site = await serve({ tests, demo: join(project, 'dist-demo') });
for (const part of positionals.length > 0 ? positionals : names) {
  const started = performance.now();
  const cells = await rowOf(part);
  const time = `${((performance.now() - started) / 60_000).toFixed(1)} min`;
  console.log(`${part}: ${cells.filter((cell) => cell !== '').join(' | ')} (${time})`);
  // After each, so that its row remains if the next one is interrupted.
  const rows = { [part]: [...cells, time, new Date().toISOString().slice(0, 10)] };
  await writeFile(document, withRows(await readFile(document, 'utf8'), rows, names));
}
site.close();

/** @returns {Promise<import('./part.mjs').Report | undefined>} of this run or an earlier one */
async function swiftShaderReport() {
  const file = join(folder, 'results', 'swiftshader.json');
  return readFile(file, 'utf8').then(
    (text) => JSON.parse(text).report,
    () => undefined,
  );
}

/**
 * @param {string} part
 * @returns {Promise<string[]>} the row's cells behind its name, but for time and date
 */
async function rowOf(part) {
  const log = join(folder, 'logs', `${part}.log`);
  const results = join(folder, 'results', `${part}.json`);
  // What is of an earlier run must not pass for this one's.
  for (const file of [log, results]) await rm(file, { force: true });
  await mkdir(join(folder, 'results'), { recursive: true });
  try {
    const outcome = await PARTS[part]?.({ folder, project, log, origin: site.origin });
    if (!outcome) throw new RangeError(`no part ${part}`);
    await writeFile(results, JSON.stringify(outcome));
    if (failuresOf(outcome).length > 0) process.exitCode = 1;
    return cellsOf(outcome, await swiftShaderReport());
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof NotRun) return [`not run: ${message}`, ...NOTHING];
    process.exitCode = 1;
    return [`failed: ${message}`, ...NOTHING];
  }
}
