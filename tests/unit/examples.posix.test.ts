import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProgram } from '../support/process.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
  // Programs that write down how they were called.
  const call = (then: string) => `#!/bin/sh\necho "$(basename "$0") $*" >> "${folder}/calls"\n${then}\n`;
  const programs = {
    shadegrad: call('exit "$CODE"'),
    squeue: call('echo "$STATE"'),
    scontrol: call(''),
    sleep: call(''),
    parallel: call(''),
  };
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(folder, name), text);
    await chmod(join(folder, name), 0o755);
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs an example with the programs above, and returns its exit code and how it called them. */
async function run(name: string, env: Readonly<Record<string, string>>) {
  await rm(join(folder, 'calls'), { force: true });
  const { code } = await runProgram('bash', [resolve('examples', name), 'sweep.json', 'runs'], {
    env: { PATH: `${folder}${delimiter}${process.env.PATH}`, SLURM_JOB_ID: '17', ...env },
  });
  return { code, calls: (await readFile(join(folder, 'calls'), 'utf8')).split('\n').slice(0, -1) };
}

describe('the Slurm job', () => {
  const sweep = 'shadegrad sweep sweep.json --out runs --adapter auto';
  const state = 'squeue --noheader --job 17 --format %T';

  test.each([0, 1, 2, 4, 5])('ends with %d as the program did', async (code) => {
    expect(await run('slurm.sbatch', { CODE: String(code), STATE: 'RUNNING' })).toEqual({
      code,
      calls: [sweep],
    });
  });

  test.each([3, 6, 7, 130, 143])('goes back into the queue after %d', async (code) => {
    expect(await run('slurm.sbatch', { CODE: String(code), STATE: 'RUNNING' })).toEqual({
      code,
      calls: [sweep, state, 'scontrol requeue 17', 'sleep 60'],
    });
  });

  test('does not where Slurm is ending it, or after many restarts', async () => {
    for (const env of [{ STATE: 'COMPLETING' }, { STATE: 'RUNNING', SLURM_RESTART_COUNT: '20' }]) {
      expect(await run('slurm.sbatch', { CODE: '143', ...env })).toEqual({
        code: 143,
        calls: [sweep, state],
      });
    }
  });
});

test('GNU parallel gets all shards', async () => {
  const { calls } = await run('parallel.sh', {});
  expect(calls).toEqual([
    'parallel --jobs 4 --retries 3 shadegrad sweep sweep.json --out runs --shard {}/8 ::: 1 2 3 4 5 6 7 8',
  ]);
});
