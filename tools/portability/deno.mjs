import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './process.mjs';

/**
 * Runs the bundled tests in Deno, from npm.
 *
 * @param {object} setting
 * @param {string} setting.folder
 * @param {string} setting.log
 * @param {string} setting.origin where the tests are served
 * @param {Record<string, string>} setting.environment of the driver
 * @returns {Promise<{ version: string, report: import('./part.mjs').Report }>}
 */
export async function testInDeno({ folder, log, origin, environment }) {
  const own = join(folder, 'deno');
  const deno = join(own, 'node_modules/.bin/deno');
  if (!existsSync(deno)) {
    await mkdir(own, { recursive: true });
    await writeFile(join(own, 'package.json'), '{ "private": true }\n');
    await run(['npm', 'install', '--no-audit', '--no-fund', 'deno@2'], { cwd: own, log });
  }
  const file = join(own, 'report.json');
  const options = ['--allow-all', '--unstable-webgpu', '--no-lock', '--no-config', '--reload'];
  const script = fileURLToPath(new URL('in-deno.js', import.meta.url));
  await run([deno, 'run', ...options, '--location', `${origin}/`, script, `${origin}/tests/main.js`, file], {
    cwd: own,
    log,
    env: { ...environment, DENO_DIR: join(own, 'cache') },
  });
  const version = await run([deno, '--version'], { log });
  return {
    version: /^deno (\S+)/.exec(version)?.[1] ?? '',
    report: JSON.parse(await readFile(file, 'utf8')),
  };
}
