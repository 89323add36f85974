import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHECKPOINT_FILE } from '../../src/node/checkpoints.ts';
import { isFinished, readSweepOf, runningFolder } from '../../src/node/sweep-folder.ts';
import { tasksOfShard } from '../../src/sweep/shards.ts';
import { type SweepTask, sweepTasks } from '../../src/sweep/tasks.ts';
import { cliPath, runCli } from '../support/process.ts';
import { assertSlurm, crash, eventually, jobState, slurm, startNow } from './slurm.ts';

const SHARDS = 8;

/** 48 networks in 16 tasks of some seconds. */
const SWEEP = {
  axes: {
    data: ['synthetic'],
    hidden: [[32], [64]],
    learningRate: [0.001, 0.003, 0.01],
    seed: { from: 1, to: 8 },
    epochs: [6],
  },
  networksPerTask: 3,
};

let folder: string;
let sweep: string;
let array: string | undefined;

beforeAll(async () => {
  await assertSlurm();
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-slurm-'));
  sweep = join(folder, 'sweep.json');
  await writeFile(sweep, JSON.stringify(SWEEP));
  await mkdir(join(folder, 'bin'));
  await symlink(cliPath, join(folder, 'bin', 'shadegrad'));
  process.env.PATH = `${join(folder, 'bin')}${delimiter}${process.env.PATH}`;
});

afterAll(async () => {
  if (array !== undefined) await slurm('scancel', array);
  if (folder !== undefined) await rm(folder, { recursive: true });
});

test('eight shards, cancelled, crashed and doubled, give the report of one process', async () => {
  const [alone, out] = [join(folder, 'alone'), join(folder, 'shards')];
  const times = { alone: -performance.now(), shards: 0 };
  expect(await runCli(['sweep', sweep, '--out', alone])).toMatchObject({ code: 0, stderr: '' });
  times.alone += performance.now();
  const tasks = await tasksOf(alone);

  times.shards -= performance.now();
  const job = await slurm(
    'sbatch',
    '--parsable',
    `--array=0-${SHARDS - 1}`,
    '--cpus-per-task=1',
    '--mem=2G',
    `--chdir=${folder}`,
    `--output=${join(folder, '%a.log')}`,
    resolve('examples/slurm.sbatch'),
    sweep,
    out,
  );
  array = job;

  const cancelled = await inTheMiddle(tasks, out, []);
  await slurm('scancel', `${job}_${cancelled}`);
  await eventually('the cancelled task at its end', async () =>
    (await jobState(`${job}_${cancelled}`)).state === 'CANCELLED' ? true : undefined,
  );
  await slurm('scontrol', 'requeue', `${job}_${cancelled}`);
  await startNow(`${job}_${cancelled}`);

  const doubled = await inTheMiddle(tasks, out, [cancelled]);
  const second = runCli(['sweep', sweep, '--out', out, '--shard', `${doubled + 1}/${SHARDS}`]);

  const crashed = await inTheMiddle(tasks, out, [cancelled, doubled]);
  await crash(`${job}_${crashed}`);
  await startNow(`${job}_${crashed}`);

  expect(await second).toMatchObject({ code: 0 });
  const indexes = Array.from({ length: SHARDS }, (_, i) => i);
  const states = await Promise.all(
    indexes.map((i) =>
      eventually(
        `shard ${i} at its end`,
        async () => {
          const state = await jobState(`${job}_${i}`);
          return ['PENDING', 'RUNNING', 'COMPLETING'].includes(state.state) ? undefined : state;
        },
        1800,
      ),
    ),
  );
  array = undefined;
  times.shards += performance.now();
  expect(states.map(({ state, exitCode }) => `${state} ${exitCode}`)).toEqual(
    indexes.map(() => 'COMPLETED 0:0'),
  );
  expect(states[cancelled]?.restarts).toBe(1);
  expect(states[crashed]?.restarts).toBe(1);
  expect((await readdir(join(out, 'tasks'))).sort()).toEqual(tasks.map(({ name }) => name).sort());
  for (const i of [cancelled, crashed]) {
    expect(await readFile(join(folder, `${i}.log`), 'utf8')).toContain('Going on after');
  }

  const [own, merged] = [await reportOf(alone), await reportOf(out)];
  expect(merged).toEqual(own);
  const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(0)} s`;
  console.log(
    [
      `48 networks in ${tasks.length} tasks: ${seconds(times.alone)} in one process, ${seconds(times.shards)} in ${SHARDS} shards`,
      `cancelled and requeued: ${cancelled}; crashed: ${crashed}; run twice: ${doubled}`,
      `restarts: ${states.map(({ restarts }) => restarts).join(' ')}`,
      `the same bytes: ${Object.keys(own).join(', ')}`,
      `the second process of shard ${doubled}:`,
      (await second).stdout,
    ].join('\n'),
  );
});

async function tasksOf(out: string): Promise<readonly SweepTask[]> {
  const found = await readSweepOf(out);
  if (!found) throw new Error(`${out} has no sweep`);
  return sweepTasks(found.file, found.datasets);
}

/** A shard that has left a checkpoint of its first task, but none of those that something was done to. */
function inTheMiddle(tasks: readonly SweepTask[], out: string, others: readonly number[]): Promise<number> {
  return eventually('a shard in the middle of a task', async () => {
    for (let index = 0; index < SHARDS; index++) {
      const own = tasksOfShard(tasks, { index: index + 1, count: SHARDS });
      const isAtFirst = own.every(({ name }) => !isFinished(out, name));
      const isBegun = own.some(({ name }) => existsSync(join(runningFolder(out, name), CHECKPOINT_FILE)));
      if (isAtFirst && isBegun && !others.includes(index)) return index;
    }
    return undefined;
  });
}

/** The files of a report but `runs.json`. */
async function reportOf(out: string): Promise<Record<string, string>> {
  const report = `${out}-report`;
  expect(await runCli(['merge', out, '--out', report])).toMatchObject({ code: 0, stderr: '' });
  const names = (await readdir(report)).filter((name) => name !== 'runs.json');
  const files = await Promise.all(
    names.map(async (name) => [name, await readFile(join(report, name), 'utf8')] as const),
  );
  return Object.fromEntries(files);
}
