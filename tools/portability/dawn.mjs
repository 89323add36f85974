import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { run } from './process.mjs';

/**
 * Runs the tests by Vitest, on Dawn.
 *
 * @param {object} setting
 * @param {string} setting.project
 * @param {string} setting.log
 * @param {Record<string, string>} setting.environment
 * @param {(command: readonly string[], environment: Record<string, string>) => readonly string[]} [setting.enter] what
 *   starts a command with this environment somewhere else, in the project's folder there
 * @returns {Promise<{ version: string, report: import('./part.mjs').Report }>}
 */
export async function testOnDawn({ project, log, environment, enter }) {
  // Within the project, because elsewhere only that folder is the same.
  const file = join(project, 'node_modules/.cache/shadegrad-portability/report.json');
  await mkdir(join(file, '..'), { recursive: true });
  // Vitest may end without a report, and then an earlier part's must not be taken for it.
  await rm(file, { force: true });
  const vitest = [
    ...['node_modules/vitest/vitest.mjs', 'run', '--config', 'tests/portability/vitest.config.ts'],
    ...['--reporter', 'json', '--reporter', 'verbose', '--outputFile.json', relative(project, file)],
  ];
  // Failed tests are in the report.
  await run(enter ? enter(['node', ...vitest], environment) : [process.execPath, ...vitest], {
    ...{ log, cwd: project, fails: true },
    ...(enter ? {} : { env: environment }),
  });
  const { version } = JSON.parse(await readFile(join(project, 'node_modules/webgpu/package.json'), 'utf8'));
  return { version, report: JSON.parse(await readFile(file, 'utf8')) };
}
